"""What becomes of the rooms that only one account owns, when it goes or is deactivated (spec/08 section 1)."""

from collections.abc import Sequence

from strongback.accounts.users import OnUser
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.selections import Having, MembersOf
from strongback.storage.steps import Put, Remove, RemoveAll


async def relinquish(
    store: Store,
    changes: Changes,
    user: Document,
    now: int,
    *,
    agreed: bool,
    room_hooks: Sequence[OnUser] = (),
) -> None:
    """Add to a commit that no room is left without an owner: where nobody else is in it, it goes, else another inherits.

    Failure `user-last-owner`, which names the rooms, unless the caller `agreed`. The heir is the oldest member who is
    active. The guards hold all memberships of the account, and of the rooms, until the commit.
    """
    mine = Having("subscriptions", "user_id", user.id)
    changes.guards.append(await store.steady(mine))
    orphaned, handed_over = await _solely_owned(store, mine, user.id, changes)
    if (orphaned or handed_over) and not agreed:
        names = {
            "shouldBeRemoved": [_name(room) for room in orphaned],
            "shouldChangeOwner": [
                _name(stored.decode())
                for rid in handed_over
                if (stored := await store.get("rooms", rid)) is not None
            ],
        }
        raise Failure("A user who is the last owner of a room is kept", "user-last-owner", details=names)
    for room in orphaned:
        await remove_room(store, changes, room, now, room_hooks)
    for heir in handed_over.values():
        heir.set("roles", [*(heir.body.get("roles") or []), "owner"])
        heir.set_date("_updatedAt", now)
        changes.steps.append(Put("subscriptions", heir))


async def remove_room(
    store: Store, changes: Changes, room: Document, now: int, hooks: Sequence[OnUser]
) -> None:
    """Add to a commit that a room goes, with its messages and memberships, and what the hooks keep about it."""
    for hook in hooks:
        await hook(store, room, changes, now)
    changes.steps += [
        RemoveAll("messages", "rid", room.id),
        RemoveAll("subscriptions", "rid", room.id),
        Remove("rooms", room.id),
    ]


async def _solely_owned(
    store: Store, mine: Having, user_id: str, changes: Changes
) -> tuple[list[Document], dict[str, Document]]:
    """Rooms that only this user owns: those with no other member, and those with the member who would inherit."""
    orphaned: list[Document] = []
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
            heirs[rid] = await _heir(store, rid, others)
        elif (room := await store.get("rooms", rid)) is not None:
            orphaned.append(room.decode())
    return orphaned, heirs


async def _heir(store: Store, rid: str, others: list[Document]) -> Document:
    active = {row.id for row in await store.select(MembersOf(rid))}
    return min(
        others,
        key=lambda one: (one.body["u"]["_id"] not in active, str(one.body.get("ts", "")), one.id),
    )


def _name(room: Document) -> str:
    return str(room.body.get("name", room.id))
