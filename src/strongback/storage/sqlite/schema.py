"""The tables of the SQLite store, one version after the other."""

import sqlite3

from strongback.errors import Unavailable
from strongback.storage.sqlite.version_1 import VERSION_1
from strongback.storage.sqlite.version_2 import VERSION_2
from strongback.storage.sqlite.version_3 import VERSION_3
from strongback.storage.sqlite.version_4 import VERSION_4
from strongback.storage.sqlite.version_5 import VERSION_5
from strongback.storage.sqlite.version_6 import VERSION_6

VERSIONS = (VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6)


def migrate(connection: sqlite3.Connection, *, writing: bool = True) -> None:
    """Bring an opened database to the newest version, each step in a transaction of its own.

    Raises Unavailable where a newer Strongback wrote the database, or an older one did and this is no writer.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(VERSIONS):
        raise Unavailable(
            f"the database has version {version}, but this Strongback knows only version {len(VERSIONS)}: "
            "start the newer Strongback that wrote it"
        )
    if version < len(VERSIONS) and not writing:
        raise Unavailable(
            f"the database has version {version}; start `strongback serve` on it once to bring it to {len(VERSIONS)}"
        )
    for number in range(version, len(VERSIONS)):
        connection.executescript(
            f"BEGIN IMMEDIATE; {VERSIONS[number]} PRAGMA user_version = {number + 1}; COMMIT;"
        )
