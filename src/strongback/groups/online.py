"""Which members of a room are there: groups.online and channels.online (spec/04 section 3)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.errors import Failure
from strongback.groups.lookup import NOUNS, can_access
from strongback.groups.members import RULES
from strongback.listing import Rules, Wanted, listing
from strongback.storage.contract import ChannelsFor, Having, MembersOf, RoomsOf, RoomView, Selection, Store

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
    id, name = query.get("_id"), query.get("name")
    among: Selection = RoomsOf(caller.id, (kind,)) if kind == "p" else ChannelsFor(caller.id)
    if isinstance(id, str) or isinstance(name, str):
        view = await (
            store.room_by_id(id, caller.id)
            if isinstance(id, str)
            else store.room_by_name(str(name), caller.id)
        )
        if view is None or view.type != kind:
            return None
        if not await can_access(store, caller, view):
            return view
        among = Having("rooms", "id", view.id)
    wanted = Wanted(count=1, filter={**query, "t": kind}, fields={"_id": 1})
    texts = (await listing(store, among, wanted, Rules({}, "id"), matching_ms=matching_ms)).texts
    return None if not texts else await store.room_by_id(msgspec.json.decode(texts[0])["_id"], caller.id)
