"""Where PostgreSQL's programs are on this machine, and whom they run as. As a program: say which would be used."""

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

OLDEST = 15
PATIENCE = 30.0
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


class NoServerError(Exception):
    """There is no PostgreSQL that the tests could start; its text says why."""


class Owner(TypedDict, total=False):
    """What `subprocess` is told, so that a program runs as another user."""

    user: int
    group: int
    extra_groups: list[int]


def programs() -> Path:
    """The folder of the newest server programs of this machine; raises NoServerError."""
    found = {folder: version for folder in _places() if (version := _version(folder)) is not None}
    newest = max(found, key=found.__getitem__, default=None)
    if newest is None or found[newest] < OLDEST:
        has = "none" if newest is None else f"version {found[newest]}, in {newest}"
        raise NoServerError(f"PostgreSQL {OLDEST} or newer is needed, and this machine has {has}")
    return newest


def owner() -> Owner:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    raise NoServerError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _places() -> Iterator[Path]:
    """A `postgres` in PATH may be a wrapper that does more, so it comes last."""
    if (config := shutil.which("pg_config")) is not None:
        asked = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(asked.stdout.strip())
    for place in PLACES:
        yield from Path("/").glob(place.lstrip("/"))
    if (program := shutil.which("postgres")) is not None:
        yield Path(program).parent


def _version(folder: Path) -> int | None:
    if not (folder / "initdb").exists():
        return None
    command = [str(folder / "postgres"), "--version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    except (OSError, subprocess.SubprocessError):
        return None
    told = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return int(told[1]) if told else None


if __name__ == "__main__":
    try:
        print(programs())
    except NoServerError as error:
        sys.exit(str(error))
