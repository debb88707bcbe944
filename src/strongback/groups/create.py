"""A new private group or public channel (spec/04 sections 3, 4 and 6)."""

from collections.abc import Mapping, Sequence
from typing import Any

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document, Stored
from strongback.documents.event import Event
from strongback.documents.room import new_room
from strongback.documents.subscription import new_subscription
from strongback.documents.user import brief
from strongback.errors import Failure
from strongback.groups import names
from strongback.storage.changes import Changes, OnEvent
from strongback.storage.contract import Store
from strongback.storage.guards import Present
from strongback.storage.steps import Put

EXTRA = (
    "broadcast",
    "encrypted",
    "topic",
    "description",
    "announcement",
    "reactWhenReadOnly",
    "teamId",
    "prid",
)
"""The members of `extraData` that reach the room; upstream takes every key, which lets a caller set any member."""


async def create(
    store: Store,
    clock: Clock,
    caller: Caller,
    kind: str,
    name: str,
    *,
    members: Sequence[str] = (),
    read_only: bool = False,
    custom_fields: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    exclude_self: bool = False,
    on_event: Sequence[OnEvent] = (),
) -> Document:
    """Make a room of type `p` or `c`, its owner's subscription and its members', in one commit."""
    name = names.checked(caller, name)
    owner = await store.get("users", caller.id)
    if owner is None:
        raise Failure("unauthorized", status=403)
    chosen = {**_defaults(caller, kind), **{key: (extra or {})[key] for key in EXTRA if key in (extra or {})}}

    async def attempt() -> Document:
        free = await names.free(store, caller, name)
        now, creator = clock(), owner.decode()
        room = new_room(
            ids.document_id(),
            kind,
            name,
            brief(creator),
            now,
            **chosen,
            ro=read_only or chosen.get("broadcast") is True,
            customFields=dict(custom_fields or {}),
        )
        changes = Changes([free], [Put("rooms", room)])
        await _add_members(store, changes, room, creator, members, now, exclude_self=exclude_self)
        for hook in on_event:
            await hook(changes, Event("roomCreated", room, creator, None, creator, now))
        await store.commit(changes)
        room.body["usersCount"] = sum(
            step.kind == "subscriptions" for step in changes.steps if isinstance(step, Put)
        )
        return room

    return await retry(attempt)


def _defaults(caller: Caller, kind: str) -> dict[str, Any]:
    """Members that a room of this type has unless `extraData` says otherwise."""
    encrypted = caller.setting("E2E_Enable") and caller.setting("E2E_Enabled_Default_PrivateRooms")
    return {"encrypted": True} if kind == "p" and encrypted else {}


async def _add_members(
    store: Store,
    changes: Changes,
    room: Document,
    owner: Document,
    members: Sequence[str],
    now: int,
    *,
    exclude_self: bool,
) -> None:
    """Subscribe the owner, unless left out, and every member who exists."""
    found: dict[str, Stored] = {}
    for username in members:
        stored = await store.user_by_name(username)
        if stored is not None and stored.id != owner.id:
            found[stored.id] = stored
    if not exclude_self:
        mine = new_subscription(ids.document_id(), room.body, owner.body, now, roles=["owner"])
        changes.guards.append(Present("users", owner.id))
        changes.steps.append(Put("subscriptions", mine))
    for stored in found.values():
        joined = new_subscription(ids.document_id(), room.body, stored.decode().body, now)
        changes.guards.append(Present("users", stored.id))
        changes.steps.append(Put("subscriptions", joined))
