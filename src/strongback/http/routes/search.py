"""Messages that are looked for (spec/07 section 1)."""

import msgspec

from strongback.errors import Failure
from strongback.http import params
from strongback.http.envelope import Answer, Raw, Response, encode
from strongback.http.listings import paging
from strongback.http.routes.documents import Message
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages.search import search as search_room

NOT_FOUND = Response(400, encode({"success": False}))


class SearchQuery(msgspec.Struct):
    """Which room, what to look for, and which page."""

    roomId: str
    searchText: str
    offset: str | msgspec.UnsetType = msgspec.UNSET
    count: str | msgspec.UnsetType = msgspec.UNSET


class Found(msgspec.Struct, forbid_unknown_fields=True):
    """The messages that were found, newest first."""

    messages: list[Message]
    success: bool


async def search(call: ServerCall) -> Answer:
    """Find messages in a room."""
    services = call.services
    rid = given(call, "roomId", "error-roomId-param-not-provided")
    text = given(call, "searchText", "error-searchText-param-not-provided")
    asked = paging(call)
    found = await search_room(
        services.store,
        call.caller,
        rid,
        text,
        asked.offset,
        asked.count,
        matching_ms=services.settings.matching_ms,
    )
    if found is None:
        return NOT_FOUND
    return Raw(f'{{"messages":[{",".join(found)}],"success":true}}'.encode())


def given(call: ServerCall, name: str, error: str) -> str:
    """A parameter of the query that must be there; Failure with this id for none."""
    value = params.string(call.query, name)
    if not value:
        raise Failure(f'The required "{name}" query param is missing.', error)
    return value


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="chat.search",
        handler=search,
        query=SearchQuery,
        answer=Found,
        summary="Find messages in a room",
    ),
]
