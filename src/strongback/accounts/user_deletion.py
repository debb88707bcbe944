"""The end of an account, with all that hangs on it (spec/08 section 1)."""

from collections.abc import Sequence

from strongback.accounts.caller import Caller
from strongback.accounts.retry import TRIES
from strongback.accounts.seed import ROCKET_CAT
from strongback.accounts.users import OnUser
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Conflict, Failure, Unavailable
from strongback.storage.changes import AdminRemains, Changes, Put, Remove, RemoveAll, Unchanged
from strongback.storage.contract import Having, Store


async def delete(
    store: Store,
    clock: Clock,
    caller: Caller,
    user: Document,
    *,
    relinquish: bool,
    hooks: Sequence[OnUser],
    room_hooks: Sequence[OnUser] = (),
) -> None:
    """Delete an account: its messages, memberships and tokens go, and the hooks add what is theirs, in one commit.

    The hooks are told of the account, `room_hooks` of every room that goes with it.

    A sole owner of a room is refused with `user-last-owner`, unless `relinquish`: then the room goes where nobody
    else is in it, and its oldest other member becomes the owner.
    """
    if not caller.may("delete-user"):
        raise Failure("unauthorized", status=403)
    if user.id == ROCKET_CAT:
        raise Failure("Deleting the rocket.cat user is not allowed", "error-action-not-allowed")
    for _ in range(TRIES):
        stored = await store.get("users", user.id)
        if stored is None:
            raise Failure(
                'The required "userId" or "username" param provided does not match any users',
                "error-invalid-user",
            )
        changes = await _changes(
            store, stored.decode(), clock(), relinquish=relinquish, hooks=hooks, room_hooks=room_hooks
        )
        try:
            await store.commit(changes)
        except Conflict as conflict:
            if isinstance(conflict.guard, AdminRemains):
                raise Failure(
                    "Leaving the app without admins is not allowed", "error-action-not-allowed"
                ) from None
            continue
        return
    raise Unavailable("the account is being changed by others; try again in a moment")


async def _changes(
    store: Store,
    user: Document,
    now: int,
    *,
    relinquish: bool,
    hooks: Sequence[OnUser],
    room_hooks: Sequence[OnUser],
) -> Changes:
    changes = Changes([Unchanged("users", user.id, user.revision)])
    if "admin" in (user.body.get("roles") or []):
        changes.guards.append(AdminRemains(user.id))
    mine = Having("subscriptions", "user_id", user.id)
    changes.guards.append(await store.steady(mine))
    orphaned, handed_over = await _solely_owned(store, mine, user.id, changes)
    if (orphaned or handed_over) and not relinquish:
        names = {
            "shouldBeRemoved": await _names(store, orphaned),
            "shouldChangeOwner": await _names(store, [*handed_over]),
        }
        raise Failure("A user who is the last owner of a room is kept", "user-last-owner", details=names)
    for hook in hooks:
        await hook(store, user, changes, now)
    rooms = [await store.get("rooms", rid) for rid in orphaned]
    for room in (one.decode() for one in rooms if one is not None):
        for hook in room_hooks:
            await hook(store, room, changes, now)
    changes.steps += [
        Remove("users", user.id),
        RemoveAll("subscriptions", "user_id", user.id),
        RemoveAll("messages", "user_id", user.id),
    ]
    for rid in orphaned:
        changes.steps += [RemoveAll("messages", "rid", rid), Remove("rooms", rid)]
    for heir in handed_over.values():
        heir.set("roles", [*(heir.body.get("roles") or []), "owner"])
        heir.set_date("_updatedAt", now)
        changes.steps.append(Put("subscriptions", heir))
    return changes


async def _solely_owned(
    store: Store, mine: Having, user_id: str, changes: Changes
) -> tuple[list[str], dict[str, Document]]:
    """Rooms that only this user owns: those with no other member, and those with the member who would inherit."""
    orphaned: list[str] = []
    heirs: dict[str, Document] = {}
    for stored in await store.select(mine):
        body = stored.decode().body
        rid = body["rid"]
        if "owner" not in (body.get("roles") or []):
            continue
        members = Having("subscriptions", "rid", rid)
        changes.guards.append(await store.steady(members))  # before its owners are read: two may go at once
        if await store.owners(rid) != [user_id]:
            continue
        others = [row.decode() for row in await store.select(members)]
        others = [other for other in others if other.body["u"]["_id"] != user_id]
        if others:
            heirs[rid] = min(others, key=lambda other: (str(other.body.get("ts", "")), other.id))
        else:
            orphaned.append(rid)
    return orphaned, heirs


async def _names(store: Store, rids: list[str]) -> list[str]:
    rooms = [await store.get("rooms", rid) for rid in rids]
    return [str(room.decode().body.get("name", room.id)) for room in rooms if room is not None]
