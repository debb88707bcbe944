"""Becoming a member of a room: by joining it oneself, or because somebody else says so (spec/04 section 5)."""

from collections.abc import Sequence
from hmac import compare_digest

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.event import Event
from strongback.documents.message import system_message
from strongback.documents.subscription import new_subscription
from strongback.documents.user import brief
from strongback.errors import Failure
from strongback.groups.lookup import NOUNS, can_access, check_open
from strongback.groups.standing import standing
from strongback.messages.sender import calling
from strongback.storage.changes import Changes, OnEvent
from strongback.storage.contract import RoomView, Store
from strongback.storage.guards import Present
from strongback.storage.steps import Put


async def join(
    store: Store,
    clock: Clock,
    caller: Caller,
    room: RoomView,
    code: str | None,
    *,
    on_event: Sequence[OnEvent] = (),
) -> None:
    """Make the caller a member of a public channel, with its code where it has one; a member stays one."""

    async def attempt() -> None:
        here = await standing(store, caller, room.id, NOUNS[room.type])
        if here.view.type != "c" or not await can_access(store, caller, here.view):
            raise Failure("Not allowed", "error-not-allowed", details={"method": "joinRoom"})
        check_open(here.view)
        if here.view.subscribed:
            return
        wanted = await join_code(store, room.id)
        if wanted and not caller.may("join-without-join-code") and not _same(wanted, code or ""):
            raise Failure("Invalid Room Password", "error-code-invalid", details={"method": "joinRoom"})
        changes, account = here.changes(), (await calling(store, caller)).account
        await enter(changes, here.room, account, clock(), on_event=on_event)
        await store.commit(changes)

    await retry(attempt)


async def join_code(store: Store, rid: str) -> str | None:
    """What one must know to join a room; None where everybody may."""
    stored = await store.get("rooms", rid)
    code = None if stored is None else stored.decode().body.get("joinCode")
    return code if isinstance(code, str) and code else None


def _same(wanted: str, given: str) -> bool:
    return compare_digest(wanted.encode("utf-8", "surrogatepass"), given.encode("utf-8", "surrogatepass"))


async def enter(
    changes: Changes,
    room: Document,
    user: Document,
    now: int,
    *,
    invited_by: Document | None = None,
    on_event: Sequence[OnEvent] = (),
    hops: int = 0,
) -> None:
    """Add to a commit that somebody becomes a member: the subscription, the room's word of it, and the event."""
    kind, author = ("uj", user) if invited_by is None else ("au", invited_by)
    subscription = new_subscription(ids.document_id(), room.body, user.body, now, alerted=True)
    message = system_message(ids.ordered_id(now), kind, room.id, user.body["username"], brief(author), now)
    changes.guards.append(Present("users", user.id))
    changes.steps += [Put("subscriptions", subscription), Put("messages", message)]
    for hook in on_event:
        await hook(changes, Event("roomJoined", room, user, None, None, now, hops))
