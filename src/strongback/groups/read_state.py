"""What a member has seen of a room: the memberships of an account, read and unread (spec/04 section 5)."""

from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.dates import parse_date
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages.stored import author_id, by_id
from strongback.storage.changes import Changes
from strongback.storage.contract import Departure, Store
from strongback.storage.guards import Member, Unchanged
from strongback.storage.selections import Having, RoomsOf, Timeline
from strongback.storage.steps import MarkSeen, Put

TYPES = ("c", "d", "l", "p", "v")

DETAILS = {"method": "unreadMessages", "action": "Unread_messages"}


async def memberships(
    store: Store, caller: Caller, since: int | None = None
) -> tuple[list[str], list[Departure]]:
    """The caller's subscriptions, all of them or those that changed after a moment, and those that have ended since.

    A subscription has changed, too, when its member has seen the room, and when somebody has written there.
    """
    rows = await store.select(Having("subscriptions", "user_id", caller.id))
    if since is None:
        return [row.text for row in rows], []
    told = await _told(store, caller, since)
    changed = [
        row.text
        for row in rows
        if (body := msgspec.json.decode(row.text))["rid"] in told or _is_newer(body, since)
    ]
    return changed, await store.departures(caller.id, since)


async def membership(store: Store, caller: Caller, rid: str) -> dict[str, Any] | None:
    """The caller's subscription to a room; None for none."""
    stored = await store.subscription(rid, caller.id)
    return None if stored is None else msgspec.json.decode(stored.text)


async def read(store: Store, clock: Clock, caller: Caller, rid: str) -> None:
    """Let the caller have seen everything in a room, its threads included."""

    async def attempt() -> None:
        if await store.subscription(rid, caller.id) is None:
            raise _no_member()
        await store.commit(Changes([Member(rid, caller.id)], [MarkSeen(rid, caller.id, clock())]))

    await retry(attempt)


async def unread_room(store: Store, clock: Clock, caller: Caller, rid: str) -> None:
    """Let the caller not have seen the last message of a room."""

    async def attempt() -> None:
        mine = await _mine(store, caller, rid)
        if mine is None:
            raise _no_member()
        last = (await store.page(Timeline(rid), "newest", 0, 1)).texts
        if not last:
            text = "There are no messages to mark unread"
            raise Failure(text, "error-no-message-for-unread", details=DETAILS)
        await _forget(store, clock, mine, msgspec.json.decode(last[0]))

    await retry(attempt)


async def unread_from(store: Store, clock: Clock, caller: Caller, id: str) -> None:
    """Let the caller not have seen a message, which is somebody else's, and all that came after it."""

    async def attempt() -> None:
        found = await by_id(store, id)
        if found is None or author_id(found) == caller.id:
            raise Failure("Not allowed", "error-action-not-allowed", details=DETAILS)
        message = found.body
        mine = await _mine(store, caller, message["rid"])
        if mine is None:
            details = {"method": "unreadMessages"}
            raise Failure("Subscription not found", "error-subscription-not-found", details=details)
        seen = _date(mine.body.get("ls", mine.body.get("ts")))
        if _date(message.get("ts")) < seen:
            await _forget(store, clock, mine, message)

    await retry(attempt)


async def _forget(store: Store, clock: Clock, mine: Document, first: dict[str, Any]) -> None:
    """Let a member have seen what came before a message only; the room stands in the member's list again."""
    mine.set("open", True)
    mine.set_date("_updatedAt", clock())
    before = max(_date(first.get("ts")) - 1, 1)
    seen = MarkSeen(mine.body["rid"], mine.body["u"]["_id"], before, alert=True)
    guard = Unchanged("subscriptions", mine.id, mine.revision)
    await store.commit(Changes([guard], [Put("subscriptions", mine), seen]))


async def _mine(store: Store, caller: Caller, rid: str) -> Document | None:
    stored = await store.subscription(rid, caller.id)
    return None if stored is None else stored.decode()


async def _told(store: Store, caller: Caller, since: int) -> set[str]:
    """The caller's rooms in which somebody has written after a moment."""
    return {
        row.id
        async for rows in store.scan(RoomsOf(caller.id, TYPES), "id")
        for row in rows
        if _date(msgspec.json.decode(row.text).get("lm")) > since
    }


def _is_newer(subscription: dict[str, Any], since: int) -> bool:
    return max(_date(subscription.get(name)) for name in ("_updatedAt", "ls")) > since


def _date(value: Any) -> int:
    """A date in epoch milliseconds; 0 for none."""
    return (parse_date(value) or 0) if isinstance(value, str) else 0


def _no_member() -> Failure:
    return Failure("error-invalid-subscription")
