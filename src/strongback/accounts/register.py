"""Making an account for oneself (users.register; spec/08 section 1)."""

from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import Any

from strongback import ids
from strongback.accounts.new_account import default_roles, open_account
from strongback.accounts.passwords import hash_password
from strongback.accounts.usernames import Settings, check_blocked, check_shown_name, is_username
from strongback.accounts.users import require
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.user import new_user, set_password_hash
from strongback.errors import Failure
from strongback.storage.changes import OnEvent
from strongback.storage.contract import Store

TAKEN = "Username is already in use"
SECRET_URL = "Secret URL"  # noqa: S105 - the name of a way to register
METHOD = {"method": "registerUser"}


async def register(
    store: Store,
    clock: Clock,
    settings: Settings,
    given: Mapping[str, Any],
    *,
    on_event: Sequence[OnEvent] = (),
) -> Document:
    """Make an account with the default roles; where nobody is an administrator, it becomes one."""
    _check_open(settings, given.get("secret"))
    check_shown_name(given["name"])
    username, email = given["username"].strip(), given["email"].strip().lower()
    if not username or not is_username(settings, username):
        raise Failure("The username provided is not valid")
    if await store.user_by_name(username) is not None:
        raise Failure(TAKEN)
    check_blocked(settings, username)
    require("Name", given["name"], unless=not settings["Accounts_RequireNameForSignUp"])
    require("Password", given["pass"])
    now, waits = clock(), settings["Accounts_ManuallyApproveNewUsers"]
    user = new_user(
        ids.user_id(),
        username,
        given["name"].strip(),
        now,
        roles=default_roles(settings),
        emails=[{"address": email, "verified": False}],
    )
    user.set("active", not waits)
    if waits and (reason := (given.get("reason") or "").strip()):
        user.set("reason", reason)
    if given.get("customFields"):
        user.set("customFields", given["customFields"])
    set_password_hash(user, await hash_password(given["pass"]))
    return await open_account(store, user, email, now, taken=Failure(TAKEN), on_event=on_event)


def _check_open(settings: Settings, secret: str | None) -> None:
    """Raise Failure unless the settings let anybody register, or whoever has the secret."""
    form = settings["Accounts_RegistrationForm"]
    if form == "Public":
        return
    if form != SECRET_URL:
        raise Failure("User registration is disabled", "error-user-registration-disabled", details=METHOD)
    wanted = str(settings["Accounts_RegistrationForm_SecretURL"])
    sent = (text.encode("utf-8", "replace") for text in (wanted, secret or ""))
    if not wanted or not compare_digest(*sent):
        raise Failure(
            "User registration is only allowed via Secret URL",
            "error-user-registration-secret",
            details=METHOD,
        )
