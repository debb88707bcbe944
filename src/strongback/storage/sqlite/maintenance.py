"""Backup and check of a SQLite file, beside a server that runs."""

import sqlite3
from pathlib import Path

from strongback.documents.document import Stored
from strongback.errors import Unavailable
from strongback.storage.kinds import KINDS
from strongback.storage.selections import Everything
from strongback.storage.sqlite.selections import rows_sql, where

PAGES_A_STEP = 2_000
MOST_LINES = 1_000


def backup(connection: sqlite3.Connection, path: Path) -> None:
    """Copy the whole database to a new file, in steps that let writers through; raises Unavailable if it exists."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise Unavailable(f"{path} can not be made: {error.strerror}") from error
    target = sqlite3.connect(path)
    try:
        connection.backup(target, pages=PAGES_A_STEP)
    finally:
        target.close()


def check(connection: sqlite3.Connection) -> list[str]:
    """Read every page and every document; say what is damaged, dangling or orphaned."""
    problems = [text for (text,) in connection.execute("PRAGMA integrity_check") if text != "ok"]
    for kind in KINDS:
        for found in connection.execute(rows_sql(where(Everything(kind)), "id"), (-1,)):
            if len(problems) >= MOST_LINES:
                return [*problems, "and more: the check stopped here"]
            stored = Stored(*found)
            try:
                body = stored.decode().body
            except ValueError as error:
                problems.append(f"{kind} {stored.id}: the document can not be read: {error}")
                continue
            if body.get("_id") != stored.id:
                problems.append(f"{kind} {stored.id}: the document says that its _id is {body.get('_id')!r}")
    for sentence, sql in RELATIONS:
        problems += [sentence.format(*found) for found in connection.execute(sql)]
    return problems


RELATIONS = (
    (
        "integration {0}: {1} names nothing that exists; update the integration to bind it",
        "SELECT integration, text FROM links WHERE target IS NULL ORDER BY integration, position",
    ),
    (
        "integration {0}: {1} is bound to room {2}, which does not exist",
        "SELECT l.integration, l.text, l.target FROM links l LEFT JOIN rooms r ON r.id = l.target"
        " WHERE l.kind = 'room' AND l.target IS NOT NULL AND r.id IS NULL",
    ),
    (
        "subscription {0}: its room {1} does not exist",
        "SELECT s.id, s.rid FROM subscriptions s LEFT JOIN rooms r ON r.id = s.rid WHERE r.id IS NULL",
    ),
    (
        "subscription {0}: its user {1} does not exist",
        "SELECT s.id, s.user_id FROM subscriptions s LEFT JOIN users u ON u.id = s.user_id WHERE u.id IS NULL",
    ),
    (
        "room {0}: it counts {1} members, but has {2} subscriptions",
        "SELECT r.id, r.members, (SELECT count(*) FROM subscriptions WHERE rid = r.id) FROM rooms r"
        " WHERE r.members <> (SELECT count(*) FROM subscriptions WHERE rid = r.id)",
    ),
)
