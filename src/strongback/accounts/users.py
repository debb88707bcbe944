"""Accounts: create, describe and list (spec/08)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.accounts.passwords import hash_password
from strongback.accounts.retry import retry
from strongback.accounts.usernames import check_username, is_blocked
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.event import Event
from strongback.documents.message import system_message
from strongback.documents.subscription import new_subscription
from strongback.documents.user import new_user, set_password_hash
from strongback.errors import Conflict, Failure
from strongback.storage.changes import Absent, Changes, EmailFree, OnEvent, Present, Put
from strongback.storage.contract import Having, Store

OnDelete = Callable[[Store, Document, Changes, int], Awaitable[None]]
"""Adds to the changes of a user's deletion what another part keeps about that user: (store, user, changes, now)."""

PRIVILEGED = frozenset(
    {
        "avatarOrigin",
        "emails",
        "phone",
        "statusConnection",
        "createdAt",
        "lastLogin",
        "requirePasswordChange",
        "requirePasswordChangeReason",
        "roles",
        "statusDefault",
        "_updatedAt",
        "settings",
    }
)
"""Members that only callers with `view-full-other-user-info` see of others (spec/02 section 3)."""


async def create(
    store: Store,
    clock: Clock,
    caller: Caller,
    given: Mapping[str, Any],
    *,
    on_event: Sequence[OnEvent] = (),
) -> Document:
    """Make an account from the members of users.create, checked in the order of spec/08; answers its document."""
    username, email = _check(caller, given)
    roles = given.get("roles") or [
        name.strip()
        for name in str(caller.setting("Accounts_Registration_Users_Default_Roles")).split(",")
        if name.strip()
    ]
    now = clock()
    user = new_user(
        ids.user_id(),
        username,
        given["name"],
        now,
        roles=roles,
        emails=[{"address": email, "verified": bool(given.get("verified"))}],
        **_optional(given),
    )
    active = given.get("active")
    user.set("active", not caller.setting("Accounts_ManuallyApproveNewUsers") if active is None else active)
    password = ids.login_token() if given.get("setRandomPassword") else given["password"]
    set_password_hash(user, await hash_password(password))

    async def attempt() -> Document:
        if await store.user_by_name(username) is not None:
            raise Failure(f"{username} is already in use :(", "error-field-unavailable")
        if await store.user_by_email(email) is not None:
            raise Failure(f"{email} is already in use :(", "error-field-unavailable")
        _check_email(email)
        changes = Changes(
            [Absent("users", "username_fold", username.casefold()), EmailFree(email, user.id)],
            [Put("users", user)],
        )
        if given.get("joinDefaultChannels") is not False:
            await _join_default_rooms(store, changes, user, now)
        for hook in on_event:
            await hook(changes, Event("userCreated", None, user, None, None, now))
        try:
            await store.commit(changes)
        except Conflict as conflict:
            if isinstance(conflict.guard, Absent):  # also where two imported accounts differ in case alone
                raise Failure(f"{username} is already in use :(", "error-field-unavailable") from None
            raise
        return user

    return await retry(attempt)


def _optional(given: Mapping[str, Any]) -> dict[str, Any]:
    names = ("bio", "nickname", "requirePasswordChange", "customFields")
    return {name: given[name] for name in names if given.get(name) is not None}


def _check(caller: Caller, given: Mapping[str, Any]) -> tuple[str, str]:
    """The checks before the database is asked; answers username and e-mail address, trimmed."""
    if any(mark in given["name"] for mark in "<>\0"):
        raise Failure("Name contains invalid characters")
    if not caller.may("create-user"):
        raise Failure("Adding user is not allowed", "error-action-not-allowed")
    roles = given.get("roles") or []
    if any(role not in caller.access.roles for role in roles):
        raise Failure("The field Roles consist invalid role id", "error-action-not-allowed")
    if "admin" in roles and not caller.may("assign-admin-role"):
        raise Failure("Assigning admin is not allowed", "error-action-not-allowed")
    username, email = given["username"].strip(), given["email"].strip()
    if not given["name"].strip() and caller.setting("Accounts_RequireNameForSignUp"):
        raise Failure("The field Name is required", "error-the-field-is-required")
    if not username:
        raise Failure("The field Username is required", "error-the-field-is-required")
    check_username(caller, username)
    if not given["password"].strip() and not given.get("setRandomPassword"):
        raise Failure("The field Password is required", "error-the-field-is-required")
    if is_blocked(caller, username):
        raise Failure(f"{username} is blocked and can't be used!", "error-blocked-username")
    return username, email


def _check_email(email: str) -> None:
    name, _, domain = email.rpartition("@")
    if (
        not name
        or "." not in domain.strip(".")
        or len(email) > 254
        or any(c.isspace() or c < " " for c in email)
    ):
        raise Failure(f"Invalid email {email}", "error-invalid-email")


async def _join_default_rooms(store: Store, changes: Changes, user: Document, now: int) -> None:
    for stored in await store.select(Having("rooms", "is_default", "yes")):
        room = stored.decode().body
        joined = new_subscription(ids.document_id(), room, user.body, now, alerted=True)
        message = system_message(ids.document_id(), "uj", stored.id, user.body["username"], user.body, now)
        changes.guards.append(Present("rooms", stored.id))
        changes.steps += [Put("subscriptions", joined), Put("messages", message)]


async def by_parameter(store: Store, user_id: str | None, username: str | None) -> Document:
    """The account that a request names by id or by username; Failure for none (spec/04 section 3)."""
    if not user_id and not username:
        raise Failure(
            'The required "userId" or "username" param was not provided', "error-user-param-not-provided"
        )
    stored = await store.get("users", user_id) if user_id else await store.user_by_name(username or "")
    if stored is None:
        raise Failure(
            'The required "userId" or "username" param provided does not match any users',
            "error-invalid-user",
        )
    return stored.decode()


def shown(document: Document, caller: Caller) -> dict[str, Any]:
    """An account as a caller may see it."""
    secret = {"services", "inviteToken", "__rooms", "joinCode", "members", "importIds", "e2e"}
    if document.id != caller.id and not caller.may("view-full-other-user-info"):
        secret |= PRIVILEGED
    return {name: value for name, value in document.body.items() if name not in secret}
