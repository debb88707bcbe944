"""What an editor of a room may set (spec/04 section 3)."""

from typing import Any, Literal

import pytest

from strongback.accounts.caller import Caller
from strongback.errors import Failure
from strongback.groups.room_settings import set_custom_fields, set_encrypted, set_read_only, set_text
from strongback.groups.set_type import set_type
from strongback.storage.contract import RoomView
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio

Member = Literal["topic", "description", "announcement"]


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann owns `eng`, of which Bob is a member."""
    await world.users("ann", "bob")
    await world.room("eng", "ann", "bob")
    return world


def editor(world: RoomWorld, *more: str, **settings: Any) -> Caller:
    return world.caller("ann", "edit-room", "view-p-room", *more, **settings)


async def view(world: RoomWorld, rid: str = "r-eng") -> RoomView:
    room = await world.store.room_by_id(rid, "u-ann")
    assert room is not None
    return room


async def said(world: RoomWorld, rid: str = "r-eng") -> list[tuple[str, str]]:
    return sorted((one["t"], one["msg"]) for one in await world.bodies("messages", "rid", rid))


@pytest.mark.parametrize("member", ["topic", "description", "announcement"])
async def test_a_text_is_set_said_and_taken_away(rooms: RoomWorld, member: Member) -> None:
    async def put(text: str, **more: Any) -> object:
        ann = editor(rooms)
        await set_text(rooms.store, rooms.clock, ann, await view(rooms), member, text, **more)
        return (await rooms.body("rooms", "r-eng")).get(member)

    assert await put("") is None
    assert await put("<b>one</b>") == "<b>one</b>"
    assert await put("<b>one</b>") == "<b>one</b>"
    with pytest.raises(Failure, match=r"^the same$"):
        await put("<b>one</b>", unchanged="the same")
    assert await put("") == ""
    kind = f"room_changed_{member}"
    assert await said(rooms) == [(kind, ""), (kind, "<b>one</b>")]


async def test_who_may_not_edit_sets_nothing(rooms: RoomWorld) -> None:
    bob, room = rooms.caller("bob", "view-p-room"), await view(rooms)
    store, clock = rooms.store, rooms.clock
    for refused in (
        set_text(store, clock, bob, room, "topic", "x"),
        set_read_only(store, clock, bob, room, True, unchanged="same"),
        set_custom_fields(store, clock, bob, room, {"a": 1}),
        set_encrypted(store, clock, bob, room, True),
        set_type(store, clock, bob, room, "c", unchanged="same"),
    ):
        with pytest.raises(Failure) as caught:
            await refused
        assert (caught.value.text, caught.value.error) == (
            "Editing room is not allowed",
            "error-action-not-allowed",
        )
        assert caught.value.details == {"method": "saveRoomSettings", "action": "Editing_room"}
    assert await said(rooms) == []


async def test_read_only_on_and_off(rooms: RoomWorld) -> None:
    for value in (True, False):
        await set_read_only(rooms.store, rooms.clock, editor(rooms), await view(rooms), value, unchanged="")
        assert (await rooms.body("rooms", "r-eng"))["ro"] is value
    assert await said(rooms) == [("room-removed-read-only", ""), ("room-set-read-only", "")]
    with pytest.raises(Failure, match=r"^the same$"):
        await set_read_only(
            rooms.store, rooms.clock, editor(rooms), await view(rooms), False, unchanged="the same"
        )


async def test_a_broadcast_room_stays_read_only(rooms: RoomWorld) -> None:
    rid = await rooms.room("news", "ann", broadcast=True, ro=True)
    with pytest.raises(Failure) as caught:
        await set_read_only(
            rooms.store, rooms.clock, editor(rooms), await view(rooms, rid), False, unchanged=""
        )
    assert caught.value.error == "error-action-not-allowed"
    text = "Editing readOnly/reactWhenReadOnly are not allowed for broadcast rooms"
    assert caught.value.text == text
    assert (await rooms.body("rooms", rid))["ro"] is True


async def test_custom_fields_are_replaced_for_members_too(rooms: RoomWorld) -> None:
    for fields in ({"a": 1, "b": {"c": [None]}}, {"b": "2"}, {}):
        await set_custom_fields(rooms.store, rooms.clock, editor(rooms), await view(rooms), fields)
        assert (await rooms.body("rooms", "r-eng"))["customFields"] == fields
        members = await rooms.bodies("subscriptions", "rid", "r-eng")
        assert [member["customFields"] for member in members] == [fields, fields]
    assert await said(rooms) == []


async def test_encryption_is_a_setting_and_a_permission(rooms: RoomWorld) -> None:
    toggle, room = "toggle-room-e2e-encryption", await view(rooms)
    cases: list[tuple[Caller, str]] = [
        (editor(rooms, toggle), "Only groups or direct channels can enable encryption"),
        (editor(rooms, E2E_Enable=True), "You do not have permission to toggle E2E encryption"),
    ]
    for caller, text in cases:
        with pytest.raises(Failure) as caught:
            await set_encrypted(rooms.store, rooms.clock, caller, room, True)
        assert (caught.value.text, caught.value.error) == (text, "error-action-not-allowed")
    ann = editor(rooms, toggle, E2E_Enable=True)
    for value in (True, True, False, False):
        await set_encrypted(rooms.store, rooms.clock, ann, room, value)
        assert (await rooms.body("rooms", "r-eng"))["encrypted"] is value
    assert await said(rooms) == [("room_e2e_disabled", "ann"), ("room_e2e_enabled", "ann")]
    await set_encrypted(
        rooms.store, rooms.clock, editor(rooms), room, False
    )  # nothing changes: nothing to ask


async def test_a_group_becomes_a_channel_and_a_group_again(rooms: RoomWorld) -> None:
    ann = editor(rooms, "create-c", "create-p", "view-c-room")
    await set_type(rooms.store, rooms.clock, ann, await view(rooms), "c", unchanged="")
    assert (await view(rooms)).type == "c"
    assert [member["t"] for member in await rooms.bodies("subscriptions", "rid", "r-eng")] == ["c", "c"]
    await set_type(rooms.store, rooms.clock, ann, await view(rooms), "p", unchanged="")
    assert (await rooms.body("rooms", "r-eng"))["t"] == "p"
    assert [member["t"] for member in await rooms.bodies("subscriptions", "rid", "r-eng")] == ["p", "p"]
    changed = "room_changed_privacy"
    assert await said(rooms) == [(changed, "Channel"), (changed, "Private Group")]


async def test_a_private_group_is_nobodys_default(rooms: RoomWorld) -> None:
    rid = await rooms.room("town", "ann", kind="c", default=True)
    await set_type(
        rooms.store, rooms.clock, editor(rooms, "create-p"), await view(rooms, rid), "p", unchanged=""
    )
    assert await rooms.bodies("rooms", "is_default", "yes") == []


async def test_refused_types(rooms: RoomWorld) -> None:
    town = await rooms.room("town", "ann", kind="c")
    cases: list[tuple[str, str, str | None, str]] = [
        ("r-eng", "p", None, "the same"),
        (
            "r-eng",
            "c",
            "error-action-not-allowed",
            "Changing a private group to a public channel is not allowed",
        ),
        (
            town,
            "p",
            "error-action-not-allowed",
            "Changing a public channel to a private room is not allowed",
        ),
        ("r-eng", "d", "error-invalid-room-type", "error-invalid-room-type"),
    ]
    for rid, kind, error, text in cases:
        with pytest.raises(Failure) as caught:
            await set_type(
                rooms.store, rooms.clock, editor(rooms), await view(rooms, rid), kind, unchanged="the same"
            )
        assert (caught.value.error, caught.value.text) == (error, text)
