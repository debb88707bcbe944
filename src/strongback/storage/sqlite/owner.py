"""One process owns a SQLite file: a lock beside it."""

import fcntl
import os
from pathlib import Path
from typing import IO

from strongback.errors import Unavailable


def own(path: Path) -> IO[str]:
    """Take the lock of a database file and keep it as long as the answer stays open.

    Raises Unavailable where another process holds it, naming that process.
    """
    lock = path.with_name(path.name + ".lock")
    handle = lock.open("a+", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.seek(0)
        holder = handle.read(20).strip() or "unknown"
        handle.close()
        raise Unavailable(
            f"{path} is in use by another Strongback process ({holder}): stop it first, or name another database"
        ) from None
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle
