"""The end of an account, with all that hangs on it (spec/08 section 1)."""

from collections.abc import Sequence

from strongback.accounts.administrators import one_remains
from strongback.accounts.caller import Caller
from strongback.accounts.relinquish import relinquish, remove_room
from strongback.accounts.retry import retry
from strongback.accounts.seed import ROCKET_CAT
from strongback.accounts.users import OnUser
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.selections import RoomsOf
from strongback.storage.steps import Put, Remove, RemoveAll


async def delete(
    store: Store,
    clock: Clock,
    caller: Caller,
    user: Document,
    *,
    agreed: bool,
    hooks: Sequence[OnUser],
    room_hooks: Sequence[OnUser] = (),
) -> None:
    """Delete an account: its messages, memberships, tokens and conversations go, and the hooks add what is theirs.

    All of that is one commit. The hooks are told of the account, `room_hooks` of every room that goes with it.
    `agreed` is the consent that rooms go, or change hands, which it alone owns.
    """
    if not caller.may("delete-user"):
        raise Failure("unauthorized", status=403)
    if user.id == ROCKET_CAT:
        raise Failure("Deleting the rocket.cat user is not allowed", "error-action-not-allowed")

    async def attempt() -> None:
        stored = await store.get("users", user.id)
        if stored is None:
            raise Failure(
                'The required "userId" or "username" param provided does not match any users',
                "error-invalid-user",
            )
        changes = await _changes(
            store, stored.decode(), clock(), agreed=agreed, hooks=hooks, room_hooks=room_hooks
        )
        await store.commit(changes)

    await retry(attempt)


async def _changes(
    store: Store,
    user: Document,
    now: int,
    *,
    agreed: bool,
    hooks: Sequence[OnUser],
    room_hooks: Sequence[OnUser],
) -> Changes:
    changes = Changes([Unchanged("users", user.id, user.revision)])
    last = Failure("Leaving the app without admins is not allowed", "error-action-not-allowed")
    await one_remains(store, changes, user, last)
    for hook in hooks:
        await hook(store, user, changes, now)
    await relinquish(store, changes, user, now, agreed=agreed, room_hooks=room_hooks)
    await _end_conversations(store, changes, user, now, room_hooks)
    changes.steps += [
        Remove("users", user.id),
        RemoveAll("subscriptions", "user_id", user.id),
        RemoveAll("messages", "user_id", user.id),
    ]
    return changes


async def _end_conversations(
    store: Store, changes: Changes, user: Document, now: int, room_hooks: Sequence[OnUser]
) -> None:
    """Conversations of two go; one of more goes on without the account."""
    for stored in await store.select(RoomsOf(user.id, ("d",))):
        room = stored.decode()
        changes.guards.append(Unchanged("rooms", room.id, room.revision))
        people = [id for id in room.body.get("uids") or () if id != user.id]
        if len(people) < 2:
            await remove_room(store, changes, room, now, room_hooks)
            continue
        room.set("uids", people)
        names = room.body.get("usernames") or ()
        room.set("usernames", [name for name in names if name != user.body.get("username")])
        room.set_date("_updatedAt", now)
        changes.steps.append(Put("rooms", room))
