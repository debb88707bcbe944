"""An imported integration with members that Strongback does not know keeps all of them when it is updated."""

import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from strongback.documents.conversion import from_bson
from strongback.integrations.update import update
from tests.importing.imports import Database, integration, room, subscription, user, write_dump
from tests.integrations.examples import fake_compile
from tests.room_world import ALL_FOUR, RoomWorld

pytestmark = pytest.mark.anyio

EACH = range(10)
DAY = datetime(1969, 12, 25, 1, 2, 3, 4000, tzinfo=UTC)
KINDS: dict[str, list[Any]] = {
    "text": [f"é\u2028{number}" for number in EACH],
    "int": [-(10**number) for number in EACH],
    "long": [Int64(2**53 + number) for number in EACH],
    "double": [number / 4 + 0.1 for number in EACH],
    "infinite": [(-1) ** number * math.inf for number in EACH],
    "flag": [number % 2 == 0 for number in EACH],
    "null": [None for _ in EACH],
    "date": [DAY + timedelta(days=number) for number in EACH],
    "id": [ObjectId(f"{number:024x}") for number in EACH],
    "blob": [Binary(bytes([number, 255]), 4 if number else 0) for number in EACH],
    "decimal": [Decimal128(f"{number}.10") for number in EACH],
    "pattern": [Regex(f"^{number}", "im") for number in EACH],
    "code": [Code(f"f({number})") for number in EACH],
    "scoped": [Code("f(x)", {"x": number}) for number in EACH],
    "stamp": [Timestamp(number, 2) for number in EACH],
    "smallest": [MinKey() for _ in EACH],
    "largest": [MaxKey() for _ in EACH],
    "reference": [DBRef("users", f"u{number}") for number in EACH],
    "list": [[number, [DAY], {"at": [None, DAY]}] for number in EACH],
    "object": [{"deep": {"at": DAY, "$dollar": {"a.b": number}}} for number in EACH],
}
UNKNOWN = {f"{kind}{number}": value for kind, values in KINDS.items() for number, value in enumerate(values)}
OLD = integration("old", ["#one"], token="t", _createdAt=DAY, _updatedAt=DAY, **UNKNOWN)
SENT: dict[str, Any] = {"channel": "#one", "scriptEnabled": False, "enabled": False, "name": "new"}
OUTGOING: dict[str, Any] = {
    "type": "webhook-outgoing",
    "event": "sendMessage",
    "urls": ["http://127.0.0.1:9/"],
}
INCOMING: dict[str, Any] = {"type": "webhook-incoming"}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A database into which a dump with one such integration of each type was imported."""
    opened = await Database.open(tmp_path)
    dump = {
        "users": [user("u1", "ann")],
        "rooms": [room("r1", "one")],
        "subscriptions": [subscription("s1", "r1", "u1")],
        "integrations": [OLD, {**OLD, **OUTGOING, "_id": "old-out"}],
    }
    await opened.take(write_dump(tmp_path / "dump", **dump))
    yield opened
    await opened.store.close()


@pytest.mark.parametrize(("id", "kind"), [("old", INCOMING), ("old-out", OUTGOING)])
async def test_every_unknown_member_stays(database: Database, id: str, kind: dict[str, Any]) -> None:
    world = RoomWorld(database.store)
    before = await database.document("integrations", id)
    sent: dict[str, Any] = SENT | kind | {"integrationId": id, "username": "ann", "token": "t"}
    await update(
        world.store,
        world.clock,
        world.caller("ann", *ALL_FOUR),
        sent["type"],
        sent,
        frozen="",
        compile=fake_compile,
    )

    after = await database.document("integrations", id)
    expected, dates, _ = from_bson(UNKNOWN)
    assert len(expected) == 10 * len(KINDS)
    assert {name: after.body[name] for name in expected} == expected
    assert set(after.dates) == {*dates, ("_createdAt",), ("_updatedAt",)}
    changed = {name for name in after.body if after.body[name] != before.body.get(name)}
    assert changed == {"name", "enabled", "scriptEngine", "_updatedAt", "_updatedBy"}
    assert before.body.keys() <= after.body.keys()


async def test_the_wire_forms_themselves(database: Database) -> None:
    body = await database.body("integrations", "old")
    assert body["long1"] == 9007199254740993
    assert body["infinite0"] is None
    assert body["date0"] == "1969-12-25T01:02:03.004Z"
    assert body["id9"] == "000000000000000000000009"
    assert body["blob1"] == "Af8="
    assert body["decimal2"] == {"$numberDecimal": "2.10"}
    assert body["pattern3"] == {"$regex": "^3", "$options": "im"}
    assert body["code4"] == "f(4)"
    assert body["stamp5"] == {"$timestamp": {"t": 5, "i": 2}}
    assert body["reference6"] == {"$ref": "users", "$id": "u6"}
    assert body["list7"] == [7, ["1969-12-25T01:02:03.004Z"], {"at": [None, "1969-12-25T01:02:03.004Z"]}]
    assert body["object8"] == {"deep": {"at": "1969-12-25T01:02:03.004Z", "$dollar": {"a.b": 8}}}
