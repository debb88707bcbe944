"""The caller's own account."""

from typing import Any

import msgspec

from strongback.accounts import me
from strongback.errors import Failure
from strongback.http.envelope import Answer
from strongback.http.services import ServerCall, ServerEndpoint


class MeAnswer(msgspec.Struct):
    """The caller's account, with further members where it has them."""

    _id: str
    username: str
    roles: list[str]
    services: dict[str, Any]
    settings: dict[str, Any]
    avatarUrl: str
    isOAuthUser: bool
    success: bool


async def show(call: ServerCall) -> Answer:
    """The caller's own view of the account."""
    stored = await call.services.store.get("users", call.caller.id)
    if stored is None:
        raise Failure("User not found.")
    return me.describe(stored.decode(), call.caller.access)


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET", path="me", handler=show, answer=MeAnswer, summary="Show the caller's account"
    ),
]
