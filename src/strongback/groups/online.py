"""Which members of a room are there: groups.online and channels.online (spec/04 section 3)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.errors import Failure
from strongback.groups import listings
from strongback.groups.lookup import NOUNS, can_access
from strongback.groups.members import RULES
from strongback.listing import Wanted, listing
from strongback.storage.contract import RoomView, Store
from strongback.storage.selections import MembersOf

PRESENT = ("online", "away", "busy")


async def online(
    store: Store, caller: Caller, kind: str, query: Mapping[str, Any], *, matching_ms: int
) -> list[str]:
    """The members of a room who are online, away or busy, as wire texts of their ids and usernames.

    The room is the first of its type that a query finds. One that the caller may not see is found by its id or name
    alone, so that nothing else about it can be asked.
    """
    if not query:
        raise Failure("Invalid query")
    found = await _find(store, caller, kind, query, matching_ms)
    if found is None:
        raise Failure(f"{NOUNS[kind].capitalize()} does not exists")
    if not await can_access(store, caller, found):
        raise Failure("Not Allowed", "error-not-allowed")
    wanted = Wanted(count=0, filter={"status": {"$in": [*PRESENT]}}, fields={"_id": 1, "username": 1})
    return (await listing(store, MembersOf(found.id), wanted, RULES, matching_ms=matching_ms)).texts


async def _find(
    store: Store, caller: Caller, kind: str, query: Mapping[str, Any], matching_ms: int
) -> RoomView | None:
    wanted = Wanted(count=1, filter={**query, "t": kind}, fields={"_id": 1})
    id, name = query.get("_id"), query.get("name")
    if isinstance(id, str):
        return await _named(store, caller, kind, await store.room_by_id(id, caller.id), wanted)
    if isinstance(name, str):
        return await _named(store, caller, kind, await store.room_by_name(name, caller.id), wanted)
    if kind == "p":
        found = await listings.joined(store, caller, (kind,), wanted, matching_ms=matching_ms)
    else:
        found = await listings.channels(store, caller, wanted, matching_ms=matching_ms)
    ids = [msgspec.json.decode(text)["_id"] for text in found.texts]
    return await store.room_by_id(ids[0], caller.id) if ids else None


async def _named(
    store: Store, caller: Caller, kind: str, view: RoomView | None, wanted: Wanted
) -> RoomView | None:
    """The room that a query names, unless it can be seen and does not match the rest."""
    if view is None or view.type != kind:
        return None
    seen = await can_access(store, caller, view)
    return view if not seen or await listings.one(store, caller, view.id, wanted) is not None else None
