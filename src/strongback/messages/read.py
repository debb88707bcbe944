"""The messages of a room, and one of them (spec/04 section 3, spec/07 section 1)."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.documents.dates import parse_date
from strongback.errors import Failure
from strongback.groups.lookup import can_access
from strongback.listing import MATCHING_MS, Listing, Rules, Wanted, listing
from strongback.messages.sender import public
from strongback.messages.shown import clean, shown, with_names
from strongback.storage.contract import RoomView, Store
from strongback.storage.selections import Having, Selection, Timeline

ORDERS = {(("ts", -1),): "newest", (("ts", 1),): "created", (): "id"}
"""The sorts that the store does itself for messages, with the order that each is."""

PAIRS = {"mute_unmute": ("user-muted", "user-unmuted")}
"""Names in the list of hidden system messages that stand for several types."""


@dataclass(frozen=True, slots=True)
class Window:
    """What part of a room's history is asked for: between two moments, which count too if `inclusive`.

    `unreads` asks how many messages lie between `unread_since`, or else `oldest`, and the page.
    """

    oldest: int | None = None
    latest: int | None = None
    inclusive: bool = False
    threads: bool = True
    unreads: bool = False
    unread_since: int | None = None
    offset: int = 0
    count: int = 20


@dataclass(frozen=True, slots=True)
class History:
    """A page of a room's history, newest first; where it was asked for, the first unread one before it and how many."""

    texts: list[str]
    first_unread: str | None = None
    unread_not_loaded: int = 0


async def of_room(
    store: Store, caller: Caller, view: RoomView, wanted: Wanted, *, matching_ms: int = MATCHING_MS
) -> Listing:
    """All messages of a room that the caller may see, replies in threads and hidden ones included."""
    return await page(store, caller, Having("messages", "rid", view.id), wanted, matching_ms)


async def history(
    store: Store, caller: Caller, view: RoomView, asked: Window, *, matching_ms: int = MATCHING_MS
) -> History:
    """The visible messages of a room in a window, without the system messages that are hidden in it."""
    selection = Timeline(view.id, asked.oldest, asked.latest, asked.inclusive, asked.threads)
    hidden = await _hidden_types(store, caller, view)
    kept = {"t": {"$nin": hidden}} if hidden else None
    wanted = Wanted(asked.offset, asked.count, kept)
    texts = (await page(store, caller, selection, wanted, matching_ms)).texts
    since = asked.oldest if asked.unread_since is None else asked.unread_since
    reached = _sent_at(texts[-1]) if texts else None
    if not asked.unreads or since is None or reached is None or reached <= since:
        return History(texts)
    unread = Timeline(view.id, since, reached, threads=asked.threads)
    found = await page(store, caller, unread, Wanted(0, 1, kept, {"ts": 1}), matching_ms)
    return History(texts, next(iter(found.texts), None), found.total)


async def one(store: Store, caller: Caller, id: str) -> dict[str, Any] | None:
    """A message as the caller sees it; None for none, Failure where the room is none of the caller's."""
    stored = await store.get("messages", id)
    message = None if stored is None else stored.decode()
    if message is None or not isinstance(message.body.get("rid"), str):
        return None
    if await room_of(store, caller, message.body["rid"]) is None:
        raise Failure("Not allowed", "error-not-allowed", details={"method": "getSingleMessage"})
    return await shown(store, caller, message.body)


async def page(
    store: Store,
    caller: Caller,
    selection: Selection,
    wanted: Wanted,
    matching_ms: int = MATCHING_MS,
    order: str = "newest",
) -> Listing:
    """A page of messages as the caller sees them."""
    rules = Rules(ORDERS, order, clean=partial(clean, user_id=caller.id))
    found = await listing(store, selection, wanted, rules, matching_ms=matching_ms)
    return replace(found, texts=await named_for(store, caller, found.texts))


async def named_for(store: Store, caller: Caller, texts: list[str]) -> list[str]:
    """Wire texts with real names, where the server shows them."""
    return await with_names(store, texts) if caller.setting("UI_Use_Real_Name") else texts


async def room_of(store: Store, caller: Caller, rid: str) -> RoomView | None:
    """The room with this id, if the caller may see it."""
    view = await store.room_by_id(rid, caller.id)
    return view if view is not None and await can_access(store, caller, view) else None


async def _hidden_types(store: Store, caller: Caller, view: RoomView) -> list[str]:
    """The system messages that a room does not show: its own choice, else the server's."""
    stored = await store.get("rooms", view.id)
    own = None if stored is None else public(stored).body.get("sysMes")
    chosen = own if isinstance(own, list) else caller.setting("Hide_System_Messages")
    return [kind for name in chosen if isinstance(name, str) for kind in PAIRS.get(name, (name,))]


def _sent_at(text: str) -> int | None:
    sent = msgspec.json.decode(text).get("ts")
    return parse_date(sent) if isinstance(sent, str) else None
