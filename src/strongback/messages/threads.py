"""The threads of a room, and the replies of one (spec/07 section 4)."""

import re
from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.documents.dates import parse_date
from strongback.errors import Failure
from strongback.listing import MATCHING_MS, Listing, Wanted
from strongback.messages.read import page, room_of
from strongback.messages.stored import by_id
from strongback.storage.contract import Store
from strongback.storage.selections import Marked, Thread

ALL, FOLLOWING, UNREAD = "all", "following", "unread"


async def of_room(
    store: Store,
    caller: Caller,
    rid: str,
    wanted: Wanted,
    *,
    which: str = ALL,
    text: str = "",
    matching_ms: int = MATCHING_MS,
) -> Listing:
    """The roots of a room's threads, the last answered first: all, or those that the caller follows or has not read.

    `text` is to stand in the root, upper and lower case alike. Unread is what the caller follows and somebody has
    answered since the caller saw the room.
    """
    await _check(store, caller, rid)
    asked: dict[str, Any] = {}
    if which in {FOLLOWING, UNREAD}:
        asked["replies"] = caller.id
    if which == UNREAD:
        seen = await _seen(store, caller, rid)
        if seen is None:
            return Listing([], 0)
        asked["tlm"] = {"$gt": {"$date": seen}}
    if text:
        asked["msg"] = {"$regex": re.escape(text), "$options": "i"}
    narrowed = Wanted(wanted.offset, wanted.count, asked or None)
    return await page(store, caller, Marked(rid, "roots"), narrowed, matching_ms, "threads")


async def replies(
    store: Store, caller: Caller, root: str, wanted: Wanted, *, matching_ms: int = MATCHING_MS
) -> Listing:
    """The replies of a thread, oldest first."""
    await room_of_thread(store, caller, root)
    return await page(store, caller, Thread(root), wanted, matching_ms, "created")


async def changed_roots(
    store: Store, caller: Caller, rid: str, since: int, *, matching_ms: int = MATCHING_MS
) -> list[str]:
    """The roots of a room's threads that changed after a moment."""
    await _check(store, caller, rid)
    wanted = Wanted(0, 0, {"tcount": {"$exists": True}})
    return (await page(store, caller, Marked(rid, "changed", after=since), wanted, matching_ms)).texts


async def changed_replies(
    store: Store, caller: Caller, root: str, since: int, *, matching_ms: int = MATCHING_MS
) -> list[str]:
    """The replies of a thread that changed after a moment."""
    await room_of_thread(store, caller, root)
    wanted = Wanted(0, 0, {"_updatedAt": {"$gt": {"$date": since}}})
    return (await page(store, caller, Thread(root), wanted, matching_ms, "created")).texts


async def room_of_thread(store: Store, caller: Caller, root: str) -> str:
    """The id of the room that a thread is in; Failure where threads are off, or the caller may not see it."""
    _check_enabled(caller)
    message = await by_id(store, root)
    if message is None:
        raise Failure("Invalid Message", "error-invalid-message")
    rid: str = message.body["rid"]
    await _check(store, caller, rid)
    return rid


async def _check(store: Store, caller: Caller, rid: str) -> None:
    _check_enabled(caller)
    if await room_of(store, caller, rid) is None:
        raise Failure("Not Allowed", "error-not-allowed")


def _check_enabled(caller: Caller) -> None:
    if not caller.setting("Threads_enabled"):
        raise Failure("Threads Disabled", "error-not-allowed")


async def _seen(store: Store, caller: Caller, rid: str) -> int | None:
    """Until when the caller has seen a room; None for somebody who is not in it."""
    stored = await store.subscription(rid, caller.id)
    body = {} if stored is None else msgspec.json.decode(stored.text)
    since = body.get("ls", body.get("ts"))
    return parse_date(since) if isinstance(since, str) else None
