"""Accounts: create, describe and list (spec/08)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.accounts.new_account import default_roles, open_account
from strongback.accounts.passwords import hash_password
from strongback.accounts.usernames import check_blocked, check_shown_name, check_username
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.user import new_user, set_password_hash
from strongback.errors import Failure
from strongback.storage.changes import Changes, OnEvent
from strongback.storage.contract import Store

OnUser = Callable[[Store, Document, Changes, int], Awaitable[None]]
"""Adds to the changes of a user's deletion, or new name, what another part keeps about that user: (store, user,
changes, now). Parts that keep something about a room have such a function too."""

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
    settings, now, active = caller.access.settings, clock(), given.get("active")
    user = new_user(
        ids.user_id(),
        username,
        given["name"],
        now,
        roles=given.get("roles") or default_roles(settings),
        emails=[{"address": email, "verified": bool(given.get("verified"))}],
        **_optional(given),
    )
    user.set("active", not settings["Accounts_ManuallyApproveNewUsers"] if active is None else active)
    password = ids.login_token() if given.get("setRandomPassword") else given["password"]
    set_password_hash(user, await hash_password(password))
    return await open_account(
        store,
        user,
        email,
        now,
        taken=Failure(f"{username} is already in use :(", "error-field-unavailable"),
        joins=given.get("joinDefaultChannels") is not False,
        on_event=on_event,
    )


def _optional(given: Mapping[str, Any]) -> dict[str, Any]:
    names = ("bio", "nickname", "requirePasswordChange", "customFields")
    return {name: given[name] for name in names if given.get(name) is not None}


def _check(caller: Caller, given: Mapping[str, Any]) -> tuple[str, str]:
    """The checks before the database is asked; answers username and e-mail address, trimmed."""
    settings = caller.access.settings
    check_shown_name(given["name"])
    if not caller.may("create-user"):
        raise Failure("Adding user is not allowed", "error-action-not-allowed")
    check_roles(caller, given.get("roles") or [])
    username, email = given["username"].strip(), given["email"].strip()
    require("Name", given["name"], unless=not settings["Accounts_RequireNameForSignUp"])
    require("Username", username)
    check_username(settings, username)
    require("Password", given["password"], unless=bool(given.get("setRandomPassword")))
    check_blocked(settings, username)
    return username, email


def check_roles(caller: Caller, roles: Sequence[str]) -> None:
    """Raise Failure for a role that does not exist, or that the caller may not give."""
    if any(role not in caller.access.roles for role in roles):
        raise Failure("The field Roles consist invalid role id", "error-action-not-allowed")
    if "admin" in roles and not caller.may("assign-admin-role"):
        raise Failure("Assigning admin is not allowed", "error-action-not-allowed")


def require(name: str, value: str, *, unless: bool = False) -> None:
    """Raise Failure for a field that is blank."""
    if not value.strip() and not unless:
        raise Failure(f"The field {name} is required", "error-the-field-is-required")


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


def shown(document: Document, caller: Caller | None) -> dict[str, Any]:
    """An account as a caller may see it, or as somebody who is not logged in may."""
    secret = {"services", "inviteToken", "__rooms", "joinCode", "members", "importIds", "e2e"}
    if caller is None or (document.id != caller.id and not caller.may("view-full-other-user-info")):
        secret |= PRIVILEGED
    return {name: value for name, value in document.body.items() if name not in secret}
