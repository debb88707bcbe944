"""How much there is in a group, and how much of it somebody has not read (spec/04 section 3)."""

from typing import Any

from strongback.accounts.caller import Caller
from strongback.documents.dates import parse_date
from strongback.errors import Failure
from strongback.messages.sender import public
from strongback.storage.contract import RoomView, Store
from strongback.storage.selections import Timeline


async def counters(store: Store, caller: Caller, room: RoomView, user_id: str | None) -> dict[str, Any]:
    """The counters of a group, for the caller or for another user; what one may not know is None.

    Upstream asks for no access: who is not in the group learns only that.
    """
    everything = caller.may("view-room-administration")
    if user_id and not everything:
        raise Failure("unauthorized", status=403)
    stored = await store.get("rooms", room.id)
    body = {} if stored is None else public(stored).body
    latest = body.get("lm") or body.get("_updatedAt")
    mine = await store.subscription(room.id, user_id or caller.id)
    subscription = {} if mine is None else public(mine).body
    joined = subscription.get("open") is True
    since = subscription.get("ls") or subscription.get("ts")
    known = joined or everything
    return {
        "joined": joined,
        "members": body.get("usersCount") if known else None,
        "unreads": await _between(store, room.id, since, latest) if joined else None,
        "unreadsFrom": since if joined else None,
        "msgs": body.get("msgs") if known else None,
        "latest": latest if known else None,
        "userMentions": subscription.get("userMentions") if joined else None,
    }


async def _between(store: Store, rid: str, oldest: Any, latest: Any) -> int:
    """How many visible messages lie between two dates, which count too."""
    first, last = (parse_date(date) if isinstance(date, str) else None for date in (oldest, latest))
    return (await store.page(Timeline(rid, first, last, inclusive=True), "newest", 0, 1)).total
