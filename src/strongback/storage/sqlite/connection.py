"""How a connection to the file is opened, and what its failures mean to a client."""

import sqlite3
from pathlib import Path

from strongback.errors import Unavailable

PAGES_A_CHECKPOINT = 8_000
"""32 MB of journal before it is written back: an import rewrites the same index pages many times in between."""


def connect(path: Path, wait_ms: int) -> sqlite3.Connection:
    """Open the file in autocommit, durable: WAL, and an fsync at every commit.

    `wait_ms` is how long a statement waits for a lock. The connection may be used by any one thread at a time.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA cache_size = -16384")
    connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES_A_CHECKPOINT}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def unavailable(error: sqlite3.Error) -> Unavailable:
    """Say in a sentence why the database can not serve."""
    reason = str(error)
    if "full" in reason:
        return Unavailable("the disk or the database is full; nothing was written")
    if "locked" in reason or "busy" in reason:
        return Unavailable("the database is locked by another program; try again in a moment")
    if "readonly" in reason:
        return Unavailable("the database can not be written: it is read-only")
    return Unavailable(f"the database can not serve now ({reason})")
