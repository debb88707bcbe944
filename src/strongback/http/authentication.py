"""Who a request comes from, and the limits that the settings put on it."""

from collections.abc import Mapping

from strongback.accounts.caller import Caller
from strongback.accounts.login import authenticate as authenticate_token
from strongback.errors import Failure
from strongback.groups import lookup
from strongback.http import params
from strongback.http.endpoint import Limits
from strongback.http.services import ServerCall, ServerEndpoint, Services
from strongback.storage.contract import RoomKey

PLAIN = frozenset({"roomId", "roomName", "offset", "count"})
"""A query of no more than these asks for integrations as they are stored."""


async def authenticate(call: ServerCall, endpoint: ServerEndpoint) -> Caller | None:
    """The account of the headers X-User-Id and X-Auth-Token; None unless both fit (spec/01 section 3)."""
    user_id, token = call.header("x-user-id"), call.header("x-auth-token")
    if not user_id or not token:
        return None
    store, access = call.services.store, call.services.access
    room = _room(call.query) if endpoint.room else None
    everywhere = endpoint.everywhere
    if everywhere is not None and not call.query.keys() <= PLAIN:
        everywhere = None
    return await authenticate_token(store, access, utf8(user_id), utf8(token), room, everywhere)


def _room(query: Mapping[str, object]) -> RoomKey | None:
    """The room that a query names; None where it names none, or so that the handler will refuse it in its turn."""
    try:
        return lookup.key(params.string(query, "roomId"), params.string(query, "roomName"))
    except Failure:
        return None


def utf8(header: str) -> str:
    """A header's text, which HTTP reads as Latin-1, as UTF-8 where its bytes are that."""
    if header.isascii():
        return header
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def limits(services: Services) -> Limits:
    """The limits in force: the process's settings, and those that the wire can change (spec/01 section 6)."""
    process, value = services.settings, services.access.newest.settings
    return Limits(
        body_bytes=process.body_bytes,
        query_bytes=process.query_bytes,
        rate_enabled=value["API_Enable_Rate_Limiter"] and not process.test_mode,
        rate_calls=value["API_Enable_Rate_Limiter_Limit_Calls_Default"],
        rate_ms=value["API_Enable_Rate_Limiter_Limit_Time_Default"],
        register_calls=value["Rate_Limiter_Limit_RegisterUser"],
        cors_enabled=value["API_Enable_CORS"],
        cors_origin=value["API_CORS_Origin"],
        forwarded_count=process.forwarded_count,
    )
