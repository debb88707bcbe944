"""Leaving a room; its last owner stays (spec/04 section 3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.event import Event
from strongback.documents.message import system_message
from strongback.documents.user import brief
from strongback.errors import Conflict, Failure
from strongback.groups.lookup import NOUNS, check_open
from strongback.groups.standing import standing
from strongback.messages.sender import calling
from strongback.storage.changes import Changes, OnEvent
from strongback.storage.contract import RoomView, Store
from strongback.storage.guards import OwnerRemains, Present
from strongback.storage.steps import Put, Remove


async def leave(
    store: Store, clock: Clock, caller: Caller, room: RoomView, *, on_event: Sequence[OnEvent] = ()
) -> None:
    """End the caller's membership of a room."""
    details = {"method": "leaveRoom"}

    async def attempt() -> None:
        here = await standing(store, caller, room.id, NOUNS[room.type])
        check_open(here.view)
        if not caller.may(f"leave-{here.view.type}"):
            raise Failure("Not allowed", "error-not-allowed", details=details)
        mine = await store.subscription(room.id, caller.id)
        if mine is None:
            raise Failure("You are not in this room", "error-user-not-in-room", details=details)
        changes, now, account = here.changes(), clock(), (await calling(store, caller)).account
        depart(changes, room.id, mine.id, caller.id)
        tell(changes, "ul", room.id, caller.username, brief(account), now)
        for hook in on_event:
            await hook(changes, Event("roomLeft", here.room, account, None, None, now))
        await commit(store, changes, details)

    await retry(attempt)


def depart(changes: Changes, rid: str, subscription_id: str, user_id: str) -> None:
    """Add to a commit that a membership ends, unless it is that of the room's last owner."""
    changes.guards += [Present("subscriptions", subscription_id), OwnerRemains(rid, user_id)]
    changes.steps.append(Remove("subscriptions", subscription_id))


def tell(changes: Changes, kind: str, rid: str, username: str, author: Mapping[str, Any], now: int) -> None:
    """Add to a commit the room's word of what happened to somebody."""
    changes.steps.append(
        Put("messages", system_message(ids.ordered_id(now), kind, rid, username, author, now))
    )


async def commit(store: Store, changes: Changes, details: Mapping[str, str]) -> None:
    """Commit a departure; Failure for the last owner's."""
    try:
        await store.commit(changes)
    except Conflict as lost:
        if isinstance(lost.guard, OwnerRemains):
            raise Failure(
                "You are the last owner. Please set new owner before leaving the room.",
                "error-you-are-last-owner",
                details=details,
            ) from None
        raise
