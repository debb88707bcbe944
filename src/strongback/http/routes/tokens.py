"""Personal access tokens."""

from typing import Any

import msgspec

from strongback.accounts import tokens, users
from strongback.errors import Failure
from strongback.http import params
from strongback.http.envelope import Answer
from strongback.http.routes.documents import Done
from strongback.http.second_factor import second_factor
from strongback.http.services import ServerCall, ServerEndpoint


class TokenName(msgspec.Struct):
    """Which token."""

    tokenName: str


class NewToken(msgspec.Struct):
    """The name of a new token, and whether it passes the second factor."""

    tokenName: str
    bypassTwoFactor: bool | msgspec.UnsetType = msgspec.UNSET


class TokenAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The token's text, shown this once."""

    token: str
    success: bool


class WhoseToken(msgspec.Struct):
    """Which account, by one of two names."""

    userId: str | msgspec.UnsetType = msgspec.UNSET
    username: str | msgspec.UnsetType = msgspec.UNSET


class LoginToken(msgspec.Struct, forbid_unknown_fields=True):
    """A login token and whose it is."""

    userId: str
    authToken: str


class LoginTokenAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A login token."""

    data: LoginToken
    success: bool


class PersonalToken(msgspec.Struct, forbid_unknown_fields=True):
    """A token without its text."""

    name: str
    createdAt: str | msgspec.UnsetType = msgspec.UNSET
    lastTokenPart: str | msgspec.UnsetType = msgspec.UNSET
    bypassTwoFactor: bool | msgspec.UnsetType = msgspec.UNSET


class TokensAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The caller's tokens."""

    tokens: list[PersonalToken]
    success: bool


def _name(call: ServerCall) -> str:
    name = params.string(call.body, "tokenName")
    if not name:
        raise Failure("The 'tokenName' param is required")
    return name


async def create(call: ServerCall) -> Answer:
    """Make a login token for an account."""
    call.deprecate_endpoint("8.0.0")
    services = call.services
    user_id, username = params.string(call.body, "userId"), params.string(call.body, "username")
    user = await users.by_parameter(services.store, user_id, username)
    token = await tokens.create_for(
        services.store, services.clock, call.caller, user.id, offered=services.settings.create_tokens
    )
    return {"data": {"userId": user.id, "authToken": token}}


async def generate(call: ServerCall) -> Answer:
    """Make a token."""
    await second_factor(call)
    name, bypass = _name(call), params.boolean(call.body, "bypassTwoFactor") or False
    services = call.services
    token = await tokens.generate(services.store, services.clock, call.caller, name, bypass_two_factor=bypass)
    return {"token": token}


async def regenerate(call: ServerCall) -> Answer:
    """Replace a token's text."""
    await second_factor(call)
    services = call.services
    return {"token": await tokens.regenerate(services.store, services.clock, call.caller, _name(call))}


async def remove(call: ServerCall) -> Answer:
    """Remove a token."""
    await second_factor(call)
    await tokens.remove(call.services.store, call.caller, _name(call))
    return {}


async def listing(call: ServerCall) -> Answer:
    """The caller's tokens."""
    found: list[Any] = list(await tokens.listing(call.services.store, call.caller))
    return {"tokens": found}


def _post(
    name: str, handler: Any, body: type[msgspec.Struct], answer: type[msgspec.Struct], summary: str
) -> ServerEndpoint:
    return ServerEndpoint(
        method="POST", path=f"users.{name}", handler=handler, body=body, answer=answer, summary=summary
    )


ENDPOINTS: list[ServerEndpoint] = [
    _post("createToken", create, WhoseToken, LoginTokenAnswer, "Make a login token for an account"),
    _post("generatePersonalAccessToken", generate, NewToken, TokenAnswer, "Make a personal access token"),
    _post("regeneratePersonalAccessToken", regenerate, TokenName, TokenAnswer, "Replace a token's text"),
    _post("removePersonalAccessToken", remove, TokenName, Done, "Remove a personal access token"),
    ServerEndpoint(
        method="GET",
        path="users.getPersonalAccessTokens",
        handler=listing,
        answer=TokensAnswer,
        summary="List the caller's personal access tokens",
    ),
]
