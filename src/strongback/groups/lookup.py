"""Which room a request means, and whether the caller may see it (spec/04 sections 1 and 6, spec/03 section 4)."""

from strongback.accounts.caller import Caller
from strongback.errors import Failure
from strongback.storage.contract import RoomKey, RoomView, Store

NOUNS = {"p": "group", "c": "channel", "d": "direct message"}
"""What rooms of a type are called where one is not found."""

DEEPEST = 10
"""Discussions inside discussions beyond this depth are not followed."""


async def group(
    store: Store, caller: Caller, room_id: str | None, name: str | None, *, archived: bool
) -> RoomView:
    """The private group that a request names; `archived` says whether an archived one will do.

    A group that the caller may not see is not found, administrators included.
    """
    room = await named(store, caller, room_id, name, "group")
    if not await can_access(store, caller, room):
        raise not_found("group")
    if not archived:
        check_open(room)
    return room


async def channel(
    store: Store, caller: Caller, room_id: str | None, name: str | None, *, archived: bool
) -> RoomView:
    """The public channel that a request names; access is not asked for here."""
    room = await named(store, caller, room_id, name, "channel")
    if not archived:
        check_open(room)
    return room


async def named(store: Store, caller: Caller, room_id: str | None, name: str | None, noun: str) -> RoomView:
    """The group or channel that a request names, whether or not the caller may see it."""
    room = await _room(store, caller, room_id, name, noun)
    if room is None or NOUNS.get(room.type) != noun:
        raise not_found(noun)
    return room


async def by_id_or_name(store: Store, caller: Caller, text: str, noun: str) -> RoomView:
    """The group or channel that has this id, else the one of this name, whether or not the caller may see it."""
    room = await store.room_by_id(text, caller.id) or await store.room_by_name(text, caller.id)
    if room is None or NOUNS.get(room.type) != noun:
        raise not_found(noun)
    return room


def check_open(room: RoomView) -> None:
    """Raise Failure for an archived room."""
    if room.archived:
        kind = "private group" if room.type == "p" else "channel"
        raise Failure(f"The {kind}, {room.name}, is archived", "error-room-archived")


def key(room_id: str | None, name: str | None) -> RoomKey | None:
    """How a request names its room: a name counts only without an id; None for neither."""
    if room_id is not None:
        return RoomKey("id", room_id)
    return None if name is None else RoomKey("name", name)


async def _room(
    store: Store, caller: Caller, room_id: str | None, name: str | None, noun: str
) -> RoomView | None:
    asked = key(room_id, name)
    if asked is None:
        raise not_found(noun) if noun == "channel" else not_given()
    if room_id == "" and name == "" and noun == "group":
        raise not_given()
    if caller.read is not None and caller.read.key == asked:
        return caller.read.room
    if asked.by == "id":
        return await store.room_by_id(asked.value, caller.id)
    return await store.room_by_name(asked.value, caller.id)


def not_given() -> Failure:
    """What a caller hears who names no room."""
    return Failure('The parameter "roomId" or "roomName" is required', "error-room-param-not-provided")


def not_found(noun: str) -> Failure:
    """What a caller hears of a room that is not there, or that is none of theirs."""
    return Failure(
        f'The required "roomId" or "roomName" param provided does not match any {noun}',
        "error-room-not-found",
    )


async def can_access(store: Store, caller: Caller, room: RoomView) -> bool:
    """Whether the caller may see a room: as a member, or as somebody who may see the discussion's parent."""
    return await seen_through(store, caller, room) is not None


async def seen_through(store: Store, caller: Caller, room: RoomView) -> RoomView | None:
    """The room that lets the caller see this one, itself or a discussion's parent; None for no access."""
    seen = room
    for _ in range(DEEPEST):
        if seen.type == "c" and seen.team_id is None and caller.may("view-c-room"):
            return seen
        if seen.subscribed and caller.may_any("view-joined-room", f"view-{seen.type}-room"):
            return seen
        if seen.prid is None:
            return None
        parent = await store.room_by_id(seen.prid, caller.id)
        if parent is None:
            return None
        seen = parent
    return None
