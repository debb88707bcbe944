"""Who is in groups and channels."""

from functools import partial

import msgspec

from strongback.groups import lookup
from strongback.groups.members import members as list_members
from strongback.groups.online import online as list_online
from strongback.http import params
from strongback.http.envelope import UNAUTHORIZED, Answer, Raw
from strongback.http.listings import ListQuery, answer, wanted
from strongback.http.routes.rooms import CHANNELS, GROUPS, Noun
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages.match import expect


class MembersQuery(ListQuery):
    """Which room, a page, and whom to show: a text to find, and statuses (`status[]=online`)."""

    roomId: str | msgspec.UnsetType = msgspec.UNSET
    roomName: str | msgspec.UnsetType = msgspec.UNSET
    filter: str | msgspec.UnsetType = msgspec.UNSET
    status: list[str] | msgspec.UnsetType = msgspec.UNSET


class OnlineQuery(msgspec.Struct):
    """Which room: its id, or a query that finds it."""

    query: str | msgspec.UnsetType = msgspec.UNSET
    _id: str | msgspec.UnsetType = msgspec.UNSET


class Member(msgspec.Struct, forbid_unknown_fields=True):
    """A member of a room."""

    _id: str
    username: str | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType | None = msgspec.UNSET
    nickname: str | msgspec.UnsetType | None = msgspec.UNSET
    status: str | msgspec.UnsetType = msgspec.UNSET
    avatarETag: str | msgspec.UnsetType | None = msgspec.UNSET
    _updatedAt: str | msgspec.UnsetType = msgspec.UNSET


class MembersAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A page of members."""

    members: list[Member]
    count: int
    offset: int
    total: int
    success: bool


class OnlineAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The members who are there."""

    online: list[Member]
    success: bool


async def members(noun: Noun, call: ServerCall) -> Answer:
    """A page of a room's members; those of an archived channel are shown."""
    services, query = call.services, call.query
    room = await noun.find(call, query, archived=noun is CHANNELS)
    if not await lookup.can_access(services.store, call.caller, room):
        return UNAUTHORIZED
    asked, statuses = wanted(call), query.get("status")
    expect(statuses, "array", "status")
    found = await list_members(
        services.store,
        call.caller,
        room,
        asked,
        text=params.string(query, "filter") or "",
        statuses=None if statuses is None else params.strings(query, "status"),
        matching_ms=services.settings.matching_ms,
    )
    return answer("members", found, asked.offset)


async def online(noun: Noun, call: ServerCall) -> Answer:
    """The members of a room who are there."""
    services, id = call.services, params.string(call.query, "_id")
    query = params.query(call.query, call.limits.query_bytes) or {}
    if "query" in call.query:
        call.deprecate_parameter("query")
    if id is not None:
        query["_id"] = id
    texts = await list_online(
        services.store, call.caller, noun.type, query, matching_ms=services.settings.matching_ms
    )
    return Raw(f'{{"online":[{",".join(texts)}],"success":true}}'.encode())


def _endpoints(noun: Noun) -> list[ServerEndpoint]:
    return [
        ServerEndpoint(
            method="GET",
            path=f"{noun.prefix}.members",
            handler=partial(members, noun),
            room=True,
            query=MembersQuery,
            answer=MembersAnswer,
            summary=f"List who is in a {noun.key}",
        ),
        ServerEndpoint(
            method="GET",
            path=f"{noun.prefix}.online",
            handler=partial(online, noun),
            query=OnlineQuery,
            answer=OnlineAnswer,
            summary=f"List who of a {noun.key} is there",
        ),
    ]


ENDPOINTS: list[ServerEndpoint] = [*_endpoints(GROUPS), *_endpoints(CHANNELS)]
