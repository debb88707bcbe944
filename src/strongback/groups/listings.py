"""Lists of rooms: those that the caller is in, those of a type, those that have changed (spec/04 section 3)."""

from collections.abc import Container
from dataclasses import replace
from functools import partial

import msgspec

from strongback.accounts.caller import Caller
from strongback.documents.dates import format_date, parse_date
from strongback.documents.document import Stored
from strongback.groups.shown import clean, with_names
from strongback.listing import MATCHING_MS, Listing, Rules, Wanted, listing
from strongback.storage.contract import Store
from strongback.storage.selections import ChannelsFor, Having, RoomsOf, Selection

ORDERS = {(("name", 1),): "name", (): "id"}
"""The sorts that the store does itself for rooms, with the order that each is."""

TYPES = ("c", "p", "d")


async def joined(
    store: Store, caller: Caller, types: tuple[str, ...], wanted: Wanted, *, matching_ms: int = MATCHING_MS
) -> Listing:
    """The rooms of these types that the caller is in and may see."""
    return await _page(store, caller, _mine(caller, types), wanted, matching_ms)


async def all_groups(
    store: Store, caller: Caller, wanted: Wanted, *, matching_ms: int = MATCHING_MS
) -> Listing:
    """Every private group; the last message shows in those that the caller may see."""
    readable = {row.id async for rows in store.scan(_mine(caller, ("p",)), "id") for row in rows}
    return await _page(store, caller, Having("rooms", "type", "p"), wanted, matching_ms, readable)


async def channels(
    store: Store, caller: Caller, wanted: Wanted, *, matching_ms: int = MATCHING_MS
) -> Listing:
    """The public channels that the caller may see."""
    if caller.may("view-c-room"):
        return await _page(store, caller, ChannelsFor(caller.id), wanted, matching_ms)
    return await joined(store, caller, ("c",), wanted, matching_ms=matching_ms)


async def one(store: Store, caller: Caller, rid: str, wanted: Wanted) -> str | None:
    """The wire text of a room that the caller may see, projected; None where it is gone."""
    found = await _page(store, caller, Having("rooms", "id", rid), wanted, MATCHING_MS)
    return next(iter(found.texts), None)


async def changed(store: Store, caller: Caller, since: int | None) -> tuple[list[str], list[str]]:
    """The caller's rooms that have changed since a moment, all of them for None, and those that it is no longer in.

    A room has changed, too, when somebody wrote in it and when the caller came to it.
    """
    came = set() if since is None else await _came(store, caller, since)
    texts = [
        clean(row.text, caller)
        async for rows in store.scan(_mine(caller, TYPES), "name")
        for row in rows
        if since is None or row.id in came or _newest(row) > since
    ]
    gone = [] if since is None else await _left(store, caller, since)
    return await with_names(store, caller, texts), gone


def _mine(caller: Caller, types: tuple[str, ...]) -> RoomsOf:
    """The rooms of these types that the caller is in, of the types that it may see."""
    seen = tuple(one for one in types if caller.may_any("view-joined-room", f"view-{one}-room"))
    return RoomsOf(caller.id, seen)


async def _came(store: Store, caller: Caller, since: int) -> set[str]:
    """The rooms that the caller has come to since a moment."""
    bodies = [
        msgspec.json.decode(row.text)
        async for rows in store.scan(Having("subscriptions", "user_id", caller.id), "id")
        for row in rows
    ]
    return {body["rid"] for body in bodies if (parse_date(str(body.get("ts"))) or 0) > since}


async def _left(store: Store, caller: Caller, since: int) -> list[str]:
    """The rooms that the caller has left since a moment, or that went, with when that was."""
    gone = {one.rid: one.at for one in await store.departures(caller.id, since)}
    return [
        msgspec.json.encode({"_id": rid, "_deletedAt": format_date(at)}).decode()
        for rid, at in gone.items()
        if await store.subscription(rid, caller.id) is None
    ]


def _newest(row: Stored) -> int:
    body = msgspec.json.decode(row.text)
    return max(parse_date(str(body.get(name))) or 0 for name in ("_updatedAt", "lm"))


async def _page(
    store: Store,
    caller: Caller,
    selection: Selection,
    wanted: Wanted,
    matching_ms: int,
    readable: Container[str] | None = None,
) -> Listing:
    rules = Rules(ORDERS, "name", clean=partial(clean, caller=caller, readable=readable))
    found = await listing(store, selection, wanted, rules, matching_ms=matching_ms)
    return replace(found, texts=await with_names(store, caller, found.texts))
