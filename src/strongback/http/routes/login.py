"""Login and logout."""

from typing import Any

import msgspec

from strongback.accounts import login as service
from strongback.accounts import me
from strongback.http.envelope import Answer, Response, encode
from strongback.http.services import ServerCall, ServerEndpoint


class LoginBody(msgspec.Struct):
    """One of `resume`, or an account and a password."""

    user: str | msgspec.UnsetType = msgspec.UNSET
    username: str | msgspec.UnsetType = msgspec.UNSET
    email: str | msgspec.UnsetType = msgspec.UNSET
    password: str | dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    resume: str | msgspec.UnsetType = msgspec.UNSET
    code: str | msgspec.UnsetType = msgspec.UNSET


class LoginData(msgspec.Struct, forbid_unknown_fields=True):
    """The account that logged in, and its token."""

    userId: str
    authToken: str
    me: dict[str, Any]


class LoginAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What a login answers."""

    status: str
    data: LoginData


class LogoutData(msgspec.Struct, forbid_unknown_fields=True):
    """A sentence."""

    message: str


class LogoutAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """What a logout answers."""

    status: str
    data: LogoutData


async def log_in(call: ServerCall) -> Answer:
    """Check the password or the token, and hand out a token."""
    services = call.services
    code = call.header("x-2fa-code")
    body = call.body if code is None else {"code": code, **call.body}
    try:
        watch = service.Watch(services.login_attempts, services.access.newest.settings, call.client_ip)
        user, token = await service.log_in(services.store, services.clock, body, watch)
    except service.LoginFailure as failure:
        refusal: dict[str, object] = {"status": "error", "error": failure.reason, "message": failure.text}
        if failure.details is not None:
            refusal["details"] = failure.details
        return Response(401, encode(refusal))
    described = me.describe(user, services.access.newest)
    return {"status": "success", "data": {"userId": user.id, "authToken": token, "me": described}}


async def log_out(call: ServerCall) -> Answer:
    """End the token that the request came with."""
    await service.log_out(call.services.store, call.caller)
    return {"status": "success", "data": {"message": "You've been logged out!"}}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="POST",
        path="login",
        aliases=("/api/login",),
        handler=log_in,
        auth="none",
        body=LoginBody,
        answer=LoginAnswer,
        plain_answer=True,
        summary="Log in with a password, or resume with a token",
    ),
    *(
        ServerEndpoint(
            method=method,
            path="logout",
            aliases=("/api/logout",),
            handler=log_out,
            answer=LogoutAnswer,
            plain_answer=True,
            summary="End the token that the request came with",
        )
        for method in ("POST", "GET")
    ),
]
