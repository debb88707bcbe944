"""New integrations: what is stored, and what must still be true when it is (spec/05 sections 1 and 2)."""

import asyncio
import re
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.delete import delete
from strongback.groups.rename import rename
from strongback.integrations.create import create
from strongback.integrations.rooms import rename_channels
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Link, Remove
from tests.integrations.examples import IN, INCOMING, OUT, OUTGOING, fake_compile
from tests.room_world import ALL_FOUR, IN_ALL, IN_OWN, OUT_ALL, OUT_OWN, RoomWorld

pytestmark = pytest.mark.anyio

STAMP = "2023-11-14T22:13:20.000Z"


async def make(
    world: RoomWorld, given: dict[str, Any], *, held: tuple[str, ...] = ALL_FOUR, frozen: str = ""
) -> Document:
    caller = world.caller("ann", *held)
    return await create(
        world.store, world.clock, caller, given["type"], given, frozen=frozen, compile=fake_compile
    )


async def test_an_incoming_one_as_it_is_stored(rooms: RoomWorld) -> None:
    made = await make(rooms, INCOMING | {"alias": "CI", "emoji": None, "channel": " #eng ,#r-ops"})
    token = made.body["token"]
    assert re.fullmatch(r"[23456789A-HJ-NP-TW-Za-km-z]{48}", token)
    assert made.body == {
        "_id": made.id,
        "type": IN,
        "name": "builds",
        "enabled": True,
        "username": "bot",
        "userId": "u-bot",
        "channel": ["#eng", "#ops"],
        "alias": "CI",
        "scriptEnabled": False,
        "scriptEngine": "isolated-vm",
        "token": token,
        "overrideDestinationChannelEnabled": False,
        "_createdAt": STAMP,
        "_createdBy": {"_id": "u-ann", "username": "ann"},
    }
    stored = await rooms.body("integrations", made.id)
    assert stored == made.body | {"_updatedAt": STAMP}
    assert await rooms.store.links(made.id) == [Link("#eng", "room", "r-eng"), Link("#ops", "room", "r-ops")]


async def test_the_poster_of_an_incoming_one_becomes_a_bot(rooms: RoomWorld) -> None:
    for _ in range(2):
        await make(rooms, INCOMING)
        assert (await rooms.body("users", "u-bot"))["roles"] == ["user", "bot"]
    await make(rooms, OUTGOING | {"username": "ann"})
    assert (await rooms.body("users", "u-ann"))["roles"] == ["user"]


async def test_an_outgoing_one_as_it_is_stored(rooms: RoomWorld) -> None:
    sent = {"triggerWords": ["build", "  "], "triggerWordAnywhere": True, "runOnEdits": False, "token": "t"}
    made = await make(rooms, OUTGOING | sent | {"channel": "#eng,,ALL_public_channels"})
    assert made.body == {
        "_id": made.id,
        "type": OUT,
        "name": "builds",
        "enabled": True,
        "event": "sendMessage",
        "username": "bot",
        "userId": "u-bot",
        "channel": ["#eng", "all_public_channels"],
        "urls": ["http://127.0.0.1/a"],
        "triggerWords": ["build"],
        "triggerWordAnywhere": True,
        "runOnEdits": False,
        "token": "t",
        "scriptEnabled": False,
        "scriptEngine": "isolated-vm",
        "_createdAt": STAMP,
        "_createdBy": {"_id": "u-ann", "username": "ann"},
    }


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({}, {}),
        ({"retryFailedCalls": False, "retryDelay": "ODD"}, {"retryFailedCalls": False, "retryDelay": "ODD"}),
        (
            {"retryFailedCalls": True},
            {"retryFailedCalls": True, "retryCount": 4, "retryDelay": "powers-of-ten"},
        ),
        (
            {"retryFailedCalls": True, "retryCount": 2, "retryDelay": " Powers-Of-TWO "},
            {"retryFailedCalls": True, "retryCount": 2, "retryDelay": "powers-of-two"},
        ),
        (
            {"retryFailedCalls": True, "retryCount": -1, "retryDelay": " "},
            {"retryFailedCalls": True, "retryCount": 4, "retryDelay": "powers-of-ten"},
        ),
        ({"retryCount": 0.5}, {"retryCount": 0.5}),
    ],
)
async def test_retries(rooms: RoomWorld, sent: dict[str, Any], stored: dict[str, Any]) -> None:
    made = await make(rooms, OUTGOING | sent)
    assert {name: value for name, value in made.body.items() if name.startswith("retry")} == stored


@pytest.mark.parametrize("event", ["roomArchived", "roomCreated", "userCreated"])
async def test_events_without_a_channel_are_bound_to_nothing(rooms: RoomWorld, event: str) -> None:
    more = {"channel": "#eng", "targetRoom": "#eng", "triggerWords": ["x"]}
    made = await make(rooms, OUTGOING | more | {"event": event})
    assert made.body["channel"] == []
    assert "triggerWords" not in made.body
    assert await rooms.store.links(made.id) == []


@pytest.mark.parametrize("given", [INCOMING, OUTGOING])
@pytest.mark.parametrize(
    ("frozen", "engine", "reason"),
    [
        ("true", "isolated-vm", "integration-scripts-disabled"),
        ("yes", "vm2", "integration-scripts-disabled"),
        ("ivm", "isolated-vm", "integration-scripts-isolated-vm-disabled"),
        ("ivm", None, "integration-scripts-isolated-vm-disabled"),
        ("vm2", "vm2", "integration-scripts-vm2-disabled"),
        ("vm2", "other", "integration-scripts-vm2-disabled"),
        ("vm2", "isolated-vm", None),
        ("ivm", "vm2", None),
        ("", "vm2", None),
    ],
)
async def test_frozen_engines(
    rooms: RoomWorld, given: dict[str, Any], frozen: str, engine: str | None, reason: str | None
) -> None:
    sent = given | {"script": "class Script {}", "scriptEngine": engine}
    if reason is None:
        assert (await make(rooms, sent, frozen=frozen)).body["script"] == "class Script {}"
    else:
        with pytest.raises(Failure) as caught:
            await make(rooms, sent, frozen=frozen)
        assert (caught.value.message, caught.value.error) == (reason, None)
    await make(rooms, given | {"script": "  ", "scriptEngine": engine}, frozen=frozen)


@pytest.mark.parametrize(
    ("given", "held", "text"),
    [
        (INCOMING, (OUT_ALL, OUT_OWN), "Unauthorized [not_authorized]"),
        (INCOMING | {"channel": " "}, (), "Unauthorized [not_authorized]"),
        (OUTGOING, (IN_ALL, IN_OWN), "[not_authorized]"),
        (OUTGOING | {"event": "x"}, (), "[not_authorized]"),
    ],
)
async def test_the_permission_comes_first(
    rooms: RoomWorld, given: dict[str, Any], held: tuple[str, ...], text: str
) -> None:
    with pytest.raises(Failure) as caught:
        await make(rooms, given, held=held)
    assert caught.value.message == text


@pytest.mark.parametrize(("given", "held"), [(INCOMING, IN_OWN), (OUTGOING, OUT_OWN)])
async def test_own_permissions_are_enough_in_ones_own_rooms(
    rooms: RoomWorld, given: dict[str, Any], held: str
) -> None:
    await make(rooms, given, held=(held,))
    with pytest.raises(Failure, match="Invalid Channel"):
        await make(rooms, given | {"channel": "#ops"}, held=(held,))


class Meddling:
    """A store in which something happens just before the first commit."""

    def __init__(self, store: Store, meddle: Any) -> None:
        self._store, self._meddle = store, meddle

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, changes: Changes) -> None:
        meddle, self._meddle = self._meddle, None
        if meddle is not None:
            await meddle()
        await self._store.commit(changes)


async def test_a_room_that_goes_meanwhile_is_not_bound_to(rooms: RoomWorld) -> None:
    ann = rooms.caller("ann", *ALL_FOUR, "delete-p", "view-p-room")

    async def meddle() -> None:
        room = await rooms.store.room_by_id("r-eng", ann.id)
        assert room is not None
        await delete(rooms.store, rooms.clock, ann, room)

    store: Any = Meddling(rooms.store, meddle)
    with pytest.raises(Failure, match="Invalid room"):
        await create(store, rooms.clock, ann, IN, INCOMING, frozen="", compile=fake_compile)
    assert (await rooms.store.counts())["integrations"] == 0
    assert (await rooms.body("users", "u-bot"))["roles"] == ["user"]


@pytest.mark.parametrize("given", [INCOMING, OUTGOING])
async def test_a_room_that_is_renamed_meanwhile_is_bound_to_by_its_new_name(
    rooms: RoomWorld, given: dict[str, Any]
) -> None:
    ann = rooms.caller("ann", *ALL_FOUR, "edit-room", "view-p-room")

    async def meddle() -> None:
        room = await rooms.store.room_by_id("r-eng", ann.id)
        assert room is not None
        await rename(rooms.store, rooms.clock, ann, room, "tech", on_rename=(rename_channels,))

    store: Any = Meddling(rooms.store, meddle)
    by_id = given | {"channel": "#r-eng"}
    made = await create(store, rooms.clock, ann, given["type"], by_id, frozen="", compile=fake_compile)
    assert made.body["channel"] == ["#tech"]
    assert await rooms.store.links(made.id) == [Link("#tech", "room", "r-eng")]


async def test_a_poster_that_goes_meanwhile_does_not_come_back(rooms: RoomWorld) -> None:
    store: Any = Meddling(rooms.store, lambda: rooms.write(Remove("users", "u-bot")))
    with pytest.raises(Failure, match="Invalid user"):
        await create(
            store, rooms.clock, rooms.caller("ann", *ALL_FOUR), IN, INCOMING, frozen="", compile=fake_compile
        )
    assert await rooms.store.get("users", "u-bot") is None


async def test_many_at_once_are_all_made(rooms: RoomWorld) -> None:
    made = await asyncio.gather(*(make(rooms, INCOMING) for _ in range(8)))
    assert len({one.id for one in made}) == len({one.body["token"] for one in made}) == 8
    assert (await rooms.store.counts())["integrations"] == 8
    assert (await rooms.body("users", "u-bot"))["roles"] == ["user", "bot"]
