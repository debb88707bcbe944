"""Which integrations reach a room, and what an integration has done (spec/04 section 2, spec/05 section 4)."""

import msgspec

from strongback.accounts.caller import Caller
from strongback.documents.document import HIDDEN, Document
from strongback.errors import Failure
from strongback.integrations.mask import masked_record
from strongback.integrations.scope import MANAGE, MANAGE_OWN, OUTGOING, clauses, may_manage, scope, shows
from strongback.listing import BY_CREATION, Listing, Rules, Wanted, listing
from strongback.storage.contract import RoomView, Store
from strongback.storage.selections import Having

SECRET = HIDDEN | {"token"}

OF_A_ROOM = Rules(BY_CREATION, "created", SECRET)
OF_EVERYTHING = Rules(BY_CREATION, "id", SECRET)
HISTORY = Rules({(("_updatedAt", -1),): "updated", (): "id"}, "updated", SECRET, clean=masked_record)
"""Upstream's history holds integrations whole; here nothing of a token but its end is shown or compared."""

EVERYWHERE = {"p": "all_private_groups", "c": "all_public_channels"}
"""By type of room, the scope that reaches every room of the type."""


async def of_room(
    store: Store, caller: Caller, room: RoomView, wanted: Wanted, *, everywhere: bool, matching_ms: int
) -> Listing:
    """The integrations linked to a room, with those for all rooms of its type if `everywhere`."""
    if everywhere and wanted.is_plain and (read := _read(caller, room)) is not None:
        end = wanted.offset + wanted.count if wanted.count else None
        return Listing(read[wanted.offset : end], len(read))
    targets = [("room", room.id)]
    if everywhere:
        targets.append(("scope", EVERYWHERE[room.type]))
    return await listing(store, scope(caller, tuple(targets)), wanted, OF_A_ROOM, matching_ms=matching_ms)


def _read(caller: Caller, room: RoomView) -> list[str] | None:
    """The wire texts that the caller may see, if all integrations that reach the room were read with the token."""
    if caller.read is None or caller.read.room is not room or caller.read.reaching is None:
        return None
    allowed, reaching = clauses(caller), caller.read.reaching
    if (None, None) in allowed:
        return list(reaching)
    return [text for text in reaching if shows(allowed, msgspec.json.decode(text))]


async def of_everything(store: Store, caller: Caller, wanted: Wanted, *, matching_ms: int) -> Listing:
    """All integrations that the caller may see."""
    return await listing(store, scope(caller, None), wanted, OF_EVERYTHING, matching_ms=matching_ms)


async def one(store: Store, caller: Caller, id: str, created_by: str | None) -> Document:
    """An integration by its id; Failure where there is none, or none for this caller."""
    stored = await store.get("integrations", id)
    document = None if stored is None else stored.decode()
    if document is not None and created_by:
        creator = document.body.get("_createdBy")
        if not isinstance(creator, dict) or creator.get("_id") != created_by:
            document = None
    if document is None:
        raise Failure("The integration does not exists.")
    if not may_manage(caller, document.body):
        raise Failure("not-authorized")
    for name in HIDDEN:
        document.drop(name)
    return document


async def may_see_calls(store: Store, caller: Caller, id: str) -> bool:
    """Whether the caller may see what an integration has done; with an own permission alone, what its own one has."""
    if not id.strip():
        raise Failure("Invalid integration id.")
    if caller.may(MANAGE[OUTGOING]):
        return True
    stored = await store.get("integrations", id)
    creator = None if stored is None else stored.decode().body.get("_createdBy")
    own = isinstance(creator, dict) and creator.get("_id") == caller.id
    return own and caller.may(MANAGE_OWN[OUTGOING])


async def history(store: Store, caller: Caller, id: str, wanted: Wanted, *, matching_ms: int) -> Listing:
    """The calls of an integration that the caller may see."""
    if not await may_see_calls(store, caller, id):
        return Listing([], 0)
    return await listing(
        store, Having("history", "integration_id", id), wanted, HISTORY, matching_ms=matching_ms
    )
