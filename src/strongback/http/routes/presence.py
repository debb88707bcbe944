"""Who is there."""

from collections.abc import Mapping
from typing import Any

import msgspec

from strongback.accounts import presence, users
from strongback.documents.dates import parse_date
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.http import params
from strongback.http.envelope import UNAUTHORIZED, Answer
from strongback.http.routes.documents import Done
from strongback.http.services import ServerCall, ServerEndpoint

NO_STATUS = "Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation"
UNSET = msgspec.UNSET


class WhoseStatus(msgspec.Struct):
    """Which account; the caller's without a name."""

    userId: str | msgspec.UnsetType = UNSET
    username: str | msgspec.UnsetType = UNSET
    user: str | msgspec.UnsetType = UNSET


class StatusBody(WhoseStatus):
    """A sentence, a presence (`online`, `away`, `busy`, `offline`), or both."""

    message: str | msgspec.UnsetType = UNSET
    status: str | msgspec.UnsetType = UNSET


class PresenceQuery(msgspec.Struct):
    """Those of these ids (one text with commas will do), or who changed from a moment on; else everybody."""

    ids: list[str] | msgspec.UnsetType = UNSET
    from_: str | msgspec.UnsetType = msgspec.field(name="from", default=UNSET)


class PresenceAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """An account's presence, and more of the caller's own."""

    presence: str
    success: bool
    connectionStatus: str | msgspec.UnsetType = UNSET
    lastLogin: str | msgspec.UnsetType = UNSET


class StatusAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """An account's presence, and the connection of the caller's own."""

    _id: str
    status: str
    success: bool
    connectionStatus: str | msgspec.UnsetType = UNSET


class ReachableUser(msgspec.Struct):
    """Who is there."""

    _id: str


class ReachableAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """Who is there, and whether that is everybody."""

    users: list[ReachableUser]
    full: bool
    success: bool


async def _whom(call: ServerCall, source: Mapping[str, object]) -> Document:
    """The account that a request names; the caller where it names nobody."""
    given = [params.string(source, name) or "" for name in ("userId", "username", "user")]
    user_id = given[0] or ("" if given[1] or given[2] else call.caller.id)
    return await users.by_parameter(call.services.store, user_id, given[1] or given[2])


async def set_status(call: ServerCall) -> Answer:
    """Set a presence or the sentence beside it."""
    services, caller = call.services, call.caller
    message, status = (_text(call, name) for name in ("message", "status"))
    if message is None and status is None:
        raise Failure(NO_STATUS)
    if not caller.setting("Accounts_AllowUserStatusMessageChange"):
        raise Failure(
            "Change status is not allowed", "error-not-allowed", details={"method": "users.setStatus"}
        )
    named = any(params.string(call.body, name) for name in ("userId", "username", "user"))
    if named and not caller.may("edit-other-user-info") and not _is_own(call):
        return UNAUTHORIZED
    user = await _whom(call, call.body)
    await presence.set_status(services.store, services.clock, caller, user.id, message, status)
    return {}


def _text(call: ServerCall, name: str) -> str | None:
    value = call.body.get(name)
    if value is not None and not isinstance(value, str):
        raise Failure(NO_STATUS)
    return value


def _is_own(call: ServerCall) -> bool:
    """Whether whom the body names is the caller; whoever may not ask learns nothing else."""
    given = [params.string(call.body, name) for name in ("userId", "username", "user")]
    if given[0]:
        return given[0] == call.caller.id
    return (given[1] or given[2] or "").casefold() == call.caller.username.casefold()


async def show(call: ServerCall) -> Answer:
    """An account's presence."""
    user = await _whom(call, call.query)
    body = user.body
    shown: dict[str, Any] = {"presence": body.get("status") or presence.OFFLINE}
    if user.id == call.caller.id:
        shown["connectionStatus"] = body.get("statusConnection") or presence.OFFLINE
        shown |= {"lastLogin": body["lastLogin"]} if body.get("lastLogin") else {}
    return shown


async def show_status(call: ServerCall) -> Answer:
    """An account's presence, by its id."""
    user = await _whom(call, call.query)
    shown: dict[str, Any] = {"_id": user.id, "status": user.body.get("status") or presence.OFFLINE}
    if user.id == call.caller.id:
        shown["connectionStatus"] = user.body.get("statusConnection") or presence.OFFLINE
    return shown


async def list_all(call: ServerCall) -> Answer:
    """Who is there."""
    store = call.services.store
    ids, since = call.query.get("ids"), params.string(call.query, "from")
    if ids:
        texts = params.strings(call.query, "ids") if isinstance(ids, list) else _split(call)
        return {"users": await presence.of(store, texts), "full": False}
    moment = None if since is None else parse_date(since)
    if moment is not None and call.services.clock() - moment < presence.RECENT_MS:
        return {"users": await presence.since(store, call.caller, moment), "full": False}
    return {"users": await presence.reachable(store), "full": True}


def _split(call: ServerCall) -> list[str]:
    return [one for one in (params.string(call.query, "ids") or "").split(",") if one]


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="POST",
        path="users.setStatus",
        handler=set_status,
        body=StatusBody,
        answer=Done,
        summary="Set a presence or the sentence beside it",
    ),
    ServerEndpoint(
        method="GET",
        path="users.getPresence",
        handler=show,
        query=WhoseStatus,
        answer=PresenceAnswer,
        summary="Show an account's presence",
    ),
    ServerEndpoint(
        method="GET",
        path="users.getStatus",
        handler=show_status,
        query=WhoseStatus,
        answer=StatusAnswer,
        summary="Show an account's presence, by its id",
    ),
    ServerEndpoint(
        method="GET",
        path="users.presence",
        handler=list_all,
        query=PresenceQuery,
        answer=ReachableAnswer,
        summary="List who is there",
    ),
]
