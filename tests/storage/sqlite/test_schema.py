"""A database of an older version becomes one of the newest, with all that is in it."""

import json
import sqlite3
from pathlib import Path

import pytest

from strongback.storage.selections import Having
from strongback.storage.sqlite.schema import VERSIONS, migrate
from strongback.storage.sqlite.store import open_store
from strongback.storage.sqlite.version_1 import VERSION_1

pytestmark = pytest.mark.anyio


def version_1(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(f"{VERSION_1} PRAGMA user_version = 1;")
    rooms = [
        (
            "r1",
            {"_id": "r1", "t": "p", "name": "one", "msgs": 9, "lm": "x", "lastMessage": {"_id": "old"}},
            "one",
            "p",
        ),
        ("d1", {"_id": "d1", "t": "d", "uids": ["zoe", "ann"], "msgs": 1}, None, "d"),
    ]
    for id, body, name, kind in rooms:
        connection.execute(
            "INSERT INTO rooms VALUES (?, 1, ?, '[[\"lm\"]]', NULL, ?, ?, 0, NULL, NULL, NULL, 0, 0)",
            (id, json.dumps(body), name, kind),
        )
    messages = [
        ("m1", {"_id": "m1", "rid": "r1", "ts": "1970-01-01T00:00:01.000Z", "msg": "first"}, 1_000),
        ("m2", {"_id": "m2", "rid": "r1", "ts": "1970-01-01T00:00:02.000Z", "t": "uj"}, 2_000),
        ("m3", {"_id": "m3", "rid": "r1", "ts": "1970-01-01T00:00:03.000Z", "_hidden": True}, 3_000),
        ("m4", {"_id": "m4", "rid": "r1", "ts": "1970-01-01T00:00:04.000Z", "tmid": "m1"}, 4_000),
    ]
    for id, message, at in messages:
        connection.execute(
            "INSERT INTO messages VALUES (?, 1, ?, '[[\"ts\"]]', NULL, 'r1', 'u1', ?)",
            (id, json.dumps(message), at),
        )
    hook = {"_id": "i1", "type": "webhook-outgoing", "urls": ["http://a/"]}
    connection.execute(
        "INSERT INTO integrations VALUES ('i1', 5, ?, '[]', NULL, 'webhook-outgoing', NULL, NULL, 0)",
        (json.dumps(hook),),
    )
    connection.execute("INSERT INTO links VALUES ('i1', 0, '#one', 'room', 'r1')")
    connection.execute(
        'INSERT INTO history VALUES (\'h1\', 1, \'{"_id":"h1","integration":{"_id":"i1"}}\', \'[]\', NULL, \'i1\', 7)'
    )
    for id, updated in (("ann", "1970-01-01T00:00:00.500Z"), ("zoe", "1970-01-01T00:00:01.000Z")):
        account = json.dumps({"_id": id, "username": id})
        connection.execute(
            "INSERT INTO users VALUES (?, 1, ?, '[]', NULL, ?, ?, '[]', 1, 0)", (id, account, id, id)
        )
        shut = {"_id": f"s-{id}", "rid": "r1", "u": {"_id": id}, "open": False, "_updatedAt": updated}
        connection.execute(
            "INSERT INTO subscriptions VALUES (?, 1, ?, '[[\"_updatedAt\"]]', NULL, 'r1', ?, '[]', 0)",
            (f"s-{id}", json.dumps(shut), id),
        )
    connection.execute("UPDATE sequence SET value = 5")
    connection.close()


async def test_what_version_1_holds_is_there_in_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    version_1(path)
    store = await open_store(path)
    room = await store.get("rooms", "r1")
    assert room is not None
    body = json.loads(room.text)
    assert (body["msgs"], body["lm"], body["lastMessage"]["msg"]) == (3, "1970-01-01T00:00:01.000Z", "first")
    conversation = await store.get("rooms", "d1")
    assert conversation is not None
    assert json.loads(conversation.text)["msgs"] == 0
    triggers = await store.triggers(0)
    assert [(stored.id, links[0].target) for stored, links in triggers.changed] == [("i1", "r1")]
    record = await store.get("history", "h1")
    assert record is not None
    assert json.loads(record.text) == {"_id": "h1", "integration": {"_id": "i1"}}
    opened = [
        json.loads(one.text)["open"] for one in await store.select(Having("subscriptions", "rid", "r1"))
    ]
    assert opened == [True, False]  # somebody wrote after the first was closed
    assert await store.check() == []
    await store.close()


def test_a_migration_that_is_cut_off_has_not_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.db"
    version_1(path)
    broken = (*VERSIONS[:1], f"{VERSIONS[1]} SELECT no_such_function();")
    monkeypatch.setattr("strongback.storage.sqlite.schema.VERSIONS", broken)
    connection = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection)
    connection.close()
    monkeypatch.undo()
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    migrate(connection)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(VERSIONS),)
    connection.close()
