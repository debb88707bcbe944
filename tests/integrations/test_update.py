"""Changed and removed integrations (spec/05 sections 3, 4 and 6)."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, ObjectId, Regex, Timestamp

from strongback.documents.conversion import from_bson
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.integrations.update import update
from strongback.storage.selections import Everything
from strongback.storage.steps import Link, PutIntegration, Remove
from tests.integrations.examples import IN, INCOMING, OUT, OUTGOING, fake_compile
from tests.room_world import ALL_FOUR, IN_ALL, IN_OWN, OUT_ALL, OUT_OWN, RoomWorld

pytestmark = pytest.mark.anyio

LATER = "2023-11-14T22:13:21.000Z"


async def change(
    world: RoomWorld,
    given: dict[str, Any],
    *,
    by: str = "ann",
    held: tuple[str, ...] = ALL_FOUR,
    frozen: str = "",
) -> dict[str, Any]:
    caller = world.caller(by, *held)
    document = await update(
        world.store, world.clock, caller, given["type"], given, frozen=frozen, compile=fake_compile
    )
    assert document.body == await world.body("integrations", document.id)
    return document.body


async def refused(world: RoomWorld, given: dict[str, Any], **more: Any) -> str:
    before = await snapshot(world)
    with pytest.raises(Failure) as caught:
        await change(world, given, **more)
    assert await snapshot(world) == before
    return caught.value.message


async def snapshot(world: RoomWorld) -> list[Any]:
    return [
        row
        async for rows in world.store.scan(Everything("integrations"), "id")
        for row in [(one.id, one.revision, one.text) for one in rows]
    ]


async def test_an_incoming_update_sets_what_it_names(rooms: RoomWorld, made: dict[str, str]) -> None:
    before = await rooms.body("integrations", made[IN])
    ignored = {"username": "ann", "token": "mine", "anything": 1, "_createdBy": {"_id": "x"}}
    sent = {"integrationId": made[IN], "name": "new", "enabled": False, "channel": "#ops,@ann", "alias": "A"}
    after = await change(rooms, INCOMING | ignored | sent)
    assert after == before | {
        "name": "new",
        "enabled": False,
        "channel": ["#ops", "@ann"],
        "alias": "A",
        "_updatedAt": LATER,
        "_updatedBy": {"_id": "u-ann", "username": "ann"},
    }
    assert await rooms.store.links(made[IN]) == [Link("#ops", "room", "r-ops"), Link("@ann", "user", "u-ann")]


async def test_an_outgoing_update_sets_the_poster_and_the_token(
    rooms: RoomWorld,
    made: dict[str, str],
) -> None:
    sent = {"integrationId": made[OUT], "username": "ann", "token": "new", "event": "roomCreated"}
    await change(rooms, OUTGOING | {"integrationId": made[OUT], "token": "t", "triggerWords": ["a"]})
    after = await change(rooms, OUTGOING | sent)
    assert (after["username"], after["userId"], after["token"]) == ("ann", "u-ann", "new")
    assert (after["event"], after["channel"]) == ("roomCreated", [])
    assert "triggerWords" not in after
    assert await rooms.store.links(made[OUT]) == []


async def test_an_outgoing_one_is_found_by_its_url_first(rooms: RoomWorld, made: dict[str, str]) -> None:
    by_url = OUTGOING | {"target_url": "http://127.0.0.1/a", "token": "t", "name": "by url"}
    assert (await change(rooms, by_url | {"integrationId": "nonsense"}))["_id"] == made[OUT]
    assert await refused(rooms, by_url | {"target_url": "http://127.0.0.1/b"}) == "No integration found."
    assert (
        await refused(rooms, by_url | {"target_url": None, "integrationId": None}) == "No integration found."
    )


async def test_an_update_keeps_members_of_every_bson_type(rooms: RoomWorld) -> None:
    unknown = {
        "when": datetime(2020, 1, 2, tzinfo=UTC),
        "nested": {"list": [1, {"at": datetime(1969, 12, 31, tzinfo=UTC)}]},
        "id": ObjectId("0123456789abcdef01234567"),
        "blob": Binary(b"\x00\xff", 4),
        "exact": Decimal128("1.10"),
        "long": Int64(2**53),
        "pattern": Regex("^a", "i"),
        "code": Code("x"),
        "stamp": Timestamp(1, 2),
        "key": MaxKey(),
        "nothing": None,
        "ratio": 0.5,
    }
    known = {"_id": "old", "type": IN, "name": "old", "enabled": True, "username": "bot", "userId": "u-bot"}
    made = {"channel": ["#eng"], "token": "t", "_createdAt": datetime(2019, 1, 1, tzinfo=UTC)}
    body, dates, _ = from_bson(known | made | unknown)
    document = Document("old", body, dates)
    await rooms.write(PutIntegration(document, [Link("#eng", "room", "r-eng")]))

    after = await change(rooms, INCOMING | {"integrationId": "old"})
    expected, _, _ = from_bson(unknown)
    assert {name: after[name] for name in unknown} == expected
    stored = await rooms.store.get("integrations", "old")
    assert stored is not None
    kept = {("when",), ("nested", "list", 1, "at"), ("_createdAt",)}
    assert set(stored.decode().dates) == kept | {("_updatedAt",)}
    assert after["scriptEngine"] == "vm2"  # an old integration without an engine


async def test_the_stored_type_is_what_counts(rooms: RoomWorld, made: dict[str, str]) -> None:
    as_incoming = INCOMING | {"integrationId": made[OUT]}
    assert await refused(rooms, as_incoming, held=(IN_ALL, IN_OWN)) == "No integration found."
    as_outgoing = OUTGOING | {"integrationId": made[IN], "token": "t"}
    assert await refused(rooms, as_outgoing, held=(OUT_ALL, OUT_OWN)) == "No integration found."


@pytest.mark.parametrize(
    ("sent", "by", "held", "message"),
    [
        ({"channel": " "}, "ann", (), "Invalid channel [error-invalid-channel]"),
        (
            {"channel": "x"},
            "ann",
            (),
            "Invalid channel. Start with @ or # [error-invalid-channel-start-with-chars]",
        ),
        ({}, "ann", (OUT_ALL, OUT_OWN), "Unauthorized [not_authorized]"),
        ({}, "bot", (IN_OWN, OUT_ALL), "Invalid integration [error-invalid-integration]"),
        ({"channel": "#gone"}, "ann", ALL_FOUR, "Invalid room [error-invalid-room]"),
        ({"channel": "#ops"}, "ann", (IN_OWN,), "Invalid Channel [error-invalid-channel]"),
        ({"channel": "#eng"}, "bot", (IN_ALL,), "Invalid Channel [error-invalid-channel]"),
        ({"integrationId": "gone", "channel": " "}, "ann", (), "No integration found."),
    ],
)
async def test_refused_incoming_updates_change_nothing(
    rooms: RoomWorld,
    made: dict[str, str],
    sent: dict[str, Any],
    by: str,
    held: tuple[str, ...],
    message: str,
) -> None:
    given = INCOMING | {"integrationId": made[IN], "script": "changed"} | sent
    assert await refused(rooms, given, by=by, held=held) == message


@pytest.mark.parametrize(
    ("sent", "by", "held", "message"),
    [
        ({"event": "x", "token": ""}, "ann", (), "Invalid event type [error-invalid-event-type]"),
        (
            {"username": "gone", "token": ""},
            "ann",
            (),
            "Invalid user (did you delete the `rocket.cat` user?) [error-invalid-user]",
        ),
        ({"channel": "#gone", "token": ""}, "ann", (), "Invalid room [error-invalid-room]"),
        ({"token": " "}, "ann", (), "Invalid token [error-invalid-token]"),
        ({"token": None}, "ann", ALL_FOUR, "Invalid token [error-invalid-token]"),
        ({}, "ann", (IN_ALL, IN_OWN), "Unauthorized [not_authorized]"),
        (
            {"channel": "all_public_channels"},
            "bot",
            (OUT_OWN, IN_ALL),
            "[methods] updateOutgoingIntegration -> integration not found [invalid_integration]",
        ),
    ],
)
async def test_refused_outgoing_updates_change_nothing(
    rooms: RoomWorld,
    made: dict[str, str],
    sent: dict[str, Any],
    by: str,
    held: tuple[str, ...],
    message: str,
) -> None:
    given = OUTGOING | {"integrationId": made[OUT], "token": "t"} | sent
    assert await refused(rooms, given, by=by, held=held) == message


async def test_the_poster_of_an_incoming_one_must_be_there(rooms: RoomWorld, made: dict[str, str]) -> None:
    await rooms.write(Remove("users", "u-bot"))
    message = await refused(rooms, INCOMING | {"integrationId": made[IN]})
    assert message == "Invalid Post As User [error-invalid-post-as-user]"


async def test_a_frozen_script_stays_as_it_is(rooms: RoomWorld, made: dict[str, str]) -> None:
    id = {"integrationId": made[IN]}
    await change(rooms, INCOMING | id | {"script": "old", "scriptEnabled": True})
    for changed in ({"script": "new"}, {"script": None}, {"script": "old", "scriptEngine": "vm2"}):
        message = await refused(rooms, INCOMING | id | changed, frozen="true")
        assert message == "[integration-scripts-disabled]"
    after = await change(rooms, INCOMING | id | {"script": "old", "name": "new"}, frozen="true")
    assert (after["name"], after["script"], after["scriptEnabled"]) == ("new", "old", True)
    assert after["scriptEngine"] == "isolated-vm"


async def test_two_updates_at_once_both_happen(rooms: RoomWorld, made: dict[str, str]) -> None:
    given = INCOMING | {"integrationId": made[IN]}
    await asyncio.gather(
        change_only(rooms, given | {"alias": "A"}), change_only(rooms, given | {"avatar": "B"})
    )
    after = await rooms.body("integrations", made[IN])
    assert (after["alias"], after["avatar"]) == ("A", "B")


async def change_only(world: RoomWorld, given: dict[str, Any]) -> None:
    caller = world.caller("ann", *ALL_FOUR)
    await update(world.store, world.clock, caller, given["type"], given, frozen="", compile=fake_compile)
