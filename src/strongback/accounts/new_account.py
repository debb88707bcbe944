"""An account's first commit: its name is free, it joins the default rooms, and the very first one rules (spec/08)."""

from collections.abc import Sequence
from typing import Any

from strongback import ids
from strongback.accounts import administrators, emails
from strongback.accounts.administrators import ADMIN
from strongback.accounts.retry import retry
from strongback.accounts.seed import GENERAL
from strongback.accounts.usernames import Settings
from strongback.documents.document import Document
from strongback.documents.event import Event
from strongback.documents.message import system_message
from strongback.documents.subscription import new_subscription
from strongback.errors import Conflict, Failure
from strongback.storage.changes import Changes, OnEvent
from strongback.storage.contract import Store
from strongback.storage.guards import Absent, Present, Unchanged
from strongback.storage.selections import Having
from strongback.storage.steps import Put


def default_roles(settings: Settings) -> list[str]:
    """The roles of an account that is given none."""
    listed = str(settings["Accounts_Registration_Users_Default_Roles"]).split(",")
    return [name.strip() for name in listed if name.strip()]


async def open_account(
    store: Store,
    user: Document,
    email: str,
    now: int,
    *,
    taken: Failure,
    joins: bool = True,
    on_event: Sequence[OnEvent] = (),
) -> Document:
    """Write a new account and what follows from it; raises `taken` where somebody has the username.

    Where nobody is an administrator, the account becomes one, and owner of GENERAL.
    """
    username, given = user.body["username"], dict(user.body)

    async def attempt() -> Document:
        if await store.user_by_name(username) is not None:
            raise taken
        free = await emails.free(store, email, user.id)
        emails.check_email(email)
        user.body.update(given)
        changes = Changes([Absent("users", "username_fold", username.casefold()), free], [Put("users", user)])
        first = await _first(store, changes, user)
        if joins:
            await _join_default_rooms(store, changes, user, now, owning=first)
        for hook in on_event:
            await hook(changes, Event("userCreated", None, user, None, None, now))
        try:
            await store.commit(changes)
        except Conflict as conflict:
            if isinstance(conflict.guard, Absent):  # also where two imported accounts differ in case alone
                raise taken from None
            raise
        return user

    return await retry(attempt)


async def _first(store: Store, changes: Changes, user: Document) -> bool:
    """Make the account an administrator where there is none; answers whether it became one."""
    role = await store.get("roles", ADMIN)
    if role is None or await administrators.exist(store):
        return False
    if ADMIN not in user.body["roles"]:
        user.body["roles"] = [*user.body["roles"], ADMIN]
    user.body["active"] = True
    # Writing the role as well makes two first accounts take turns.
    changes.guards.append(Unchanged("roles", ADMIN, role.revision))
    changes.steps.append(Put("roles", role.decode()))
    return True


async def _join_default_rooms(
    store: Store, changes: Changes, user: Document, now: int, *, owning: bool
) -> None:
    for stored in await store.select(Having("rooms", "is_default", "yes")):
        room: dict[str, Any] = stored.decode().body
        roles = ("owner",) if owning and stored.id == GENERAL else ()
        joined = new_subscription(ids.document_id(), room, user.body, now, roles=roles, alerted=True)
        message = system_message(ids.ordered_id(now), "uj", stored.id, user.body["username"], user.body, now)
        changes.guards.append(Present("rooms", stored.id))
        changes.steps += [Put("subscriptions", joined), Put("messages", message)]
