"""Which room a request means, and whether the caller may see it (spec/04 sections 1 and 6, spec/03 section 4)."""

from strongback.accounts.caller import Caller
from strongback.errors import Failure
from strongback.storage.contract import RoomView, Store

DEEPEST = 10
"""Discussions inside discussions beyond this depth are not followed."""


async def group(
    store: Store, caller: Caller, room_id: str | None, name: str | None, *, archived: bool
) -> RoomView:
    """The private group that a request names; `archived` says whether an archived one will do.

    A group that the caller may not see is not found, administrators included.
    """
    room = await _room(store, caller, room_id, name, "group")
    if room is None or room.type != "p" or not await can_access(store, caller, room):
        raise not_found("group")
    if room.archived and not archived:
        raise Failure(f"The private group, {room.name}, is archived", "error-room-archived")
    return room


async def channel(
    store: Store, caller: Caller, room_id: str | None, name: str | None, *, archived: bool
) -> RoomView:
    """The public channel that a request names; access is not asked for here."""
    room = await _room(store, caller, room_id, name, "channel")
    if room is None or room.type != "c":
        raise not_found("channel")
    if room.archived and not archived:
        raise Failure(f"The channel, {room.name}, is archived", "error-room-archived")
    return room


async def _room(
    store: Store, caller: Caller, room_id: str | None, name: str | None, noun: str
) -> RoomView | None:
    if room_id is None and name is None:
        if noun == "channel":
            raise not_found(noun)
        raise Failure('The parameter "roomId" or "roomName" is required', "error-room-param-not-provided")
    if room_id == "" and name == "" and noun == "group":
        raise Failure('The parameter "roomId" or "roomName" is required', "error-room-param-not-provided")
    if room_id is not None:
        return await store.room_by_id(room_id, caller.id)
    return await store.room_by_name(name or "", caller.id)


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
