"""Coming in: making an account for oneself, a name for it, and a forgotten password."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from strongback.accounts import username_choice, users
from strongback.accounts.register import register as register_account
from strongback.errors import Failure
from strongback.http import params
from strongback.http.endpoint import Limits, Rate
from strongback.http.envelope import Answer
from strongback.http.routes.documents import Done
from strongback.http.routes.users import UserAnswer
from strongback.http.services import ServerCall, ServerEndpoint

_log = structlog.get_logger("strongback.accounts")


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """A new account, and the secret or the reason where the settings ask for one."""

    username: str
    name: str
    email: str
    password: str = msgspec.field(name="pass")
    secret: str | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET
    customFields: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class ForgottenPassword(msgspec.Struct):
    """Whose password it is."""

    email: str


class UsernameQuery(msgspec.Struct):
    """The username in question."""

    username: str


class SuggestionAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A username that is free."""

    result: str
    success: bool


class AvailabilityAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """Whether the username is free."""

    result: bool
    success: bool


def _rate(limits: Limits) -> Rate:
    return limits.register_calls, limits.rate_ms


async def register(call: ServerCall) -> Answer:
    """Make an account for oneself."""
    if call.session is not None:
        raise Failure("Logged in users can not register again.")
    services = call.services
    user = await register_account(
        services.store,
        services.clock,
        services.access.newest.settings,
        call.checked,
        on_event=services.on_event,
    )
    await services.access.refresh()  # the first account of all writes a role
    return {"user": users.shown(user, None)}


async def forgot_password(call: ServerCall) -> Answer:
    """Note that somebody needs a new password: there is no mail, so an administrator sets one."""
    services = call.services
    if not services.access.newest.settings["Accounts_PasswordReset"]:
        raise Failure("Password reset is not enabled")
    email = params.string(call.body, "email")
    if not email:
        raise Failure("The 'email' param is required")
    stored = await services.store.user_by_email(email)
    if stored is not None:
        _log.info("password forgotten", user=stored.decode().body.get("username"))
    return {}


async def suggest_username(call: ServerCall) -> Answer:
    """A free username for the caller."""
    services = call.services
    stored = await services.store.get("users", call.caller.id)
    if stored is None:
        raise Failure("User not found")
    settings = call.caller.access.settings
    return {"result": await username_choice.suggest(services.store, settings, stored.decode())}


async def check_username(call: ServerCall) -> Answer:
    """Whether a username is free."""
    given: Mapping[str, Any] = call.checked
    return {"result": await username_choice.check(call.services.store, call.caller, given["username"])}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="POST",
        path="users.register",
        handler=register,
        auth="optional",
        body=Registration,
        validate=True,
        rate=_rate,
        answer=UserAnswer,
        summary="Make an account for oneself",
    ),
    ServerEndpoint(
        method="POST",
        path="users.forgotPassword",
        handler=forgot_password,
        auth="none",
        body=ForgottenPassword,
        answer=Done,
        summary="Say that a password is forgotten",
    ),
    ServerEndpoint(
        method="GET",
        path="users.getUsernameSuggestion",
        handler=suggest_username,
        answer=SuggestionAnswer,
        summary="Suggest a free username",
    ),
    ServerEndpoint(
        method="GET",
        path="users.checkUsernameAvailability",
        handler=check_username,
        query=UsernameQuery,
        validate=True,
        answer=AvailabilityAnswer,
        summary="Tell whether a username is free",
    ),
]
