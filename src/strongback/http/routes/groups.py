"""Private groups."""

import msgspec

from strongback.errors import Failure
from strongback.http.envelope import Answer
from strongback.http.routes import rooms
from strongback.http.routes.documents import Done, IntegrationPage, MessagePage, Room
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.integrations.lists import EVERYWHERE


class GroupQuery(rooms.RoomQuery):
    """Which group, a listing, and whether integrations for all private groups count."""

    includeAllPrivateGroups: str | msgspec.UnsetType = msgspec.UNSET


class CreatedGroup(msgspec.Struct, forbid_unknown_fields=True):
    """A group that has just been made."""

    group: Room
    success: bool


async def get_integrations(call: ServerCall) -> Answer:
    """The integrations that reach a private group (spec/04 section 2)."""
    return await rooms.get_integrations(call, rooms.GROUPS, "includeAllPrivateGroups")


async def messages(call: ServerCall) -> Answer:
    """The messages of a private group."""
    return await rooms.get_messages(call, await rooms.GROUPS.find(call, call.query, archived=False))


async def create(call: ServerCall) -> Answer:
    """Make a private group."""
    body = call.body
    if not isinstance(body.get("name"), str) or not body["name"]:
        raise Failure('Body param "name" is required')
    if body.get("members") is not None and not isinstance(body["members"], list):
        raise Failure('Body param "members" must be an array if provided')
    for name in ("customFields", "extraData"):
        if body.get(name) is not None and not isinstance(body[name], dict):
            raise Failure(f'Body param "{name}" must be an object if provided')
    rooms.require(call.caller, "create-p", "createPrivateGroup")
    return {"group": await rooms.create_room(call, "p")}


async def remove(call: ServerCall) -> Answer:
    """Delete a private group."""
    return await rooms.delete_room(call, rooms.GROUPS)


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="groups.getIntegrations",
        handler=get_integrations,
        room=True,
        everywhere=EVERYWHERE["p"],
        query=GroupQuery,
        answer=IntegrationPage,
        summary="List the integrations that reach a private group",
    ),
    ServerEndpoint(
        method="GET",
        path="groups.messages",
        handler=messages,
        room=True,
        query=rooms.RoomQuery,
        answer=MessagePage,
        summary="List the messages of a private group",
    ),
    ServerEndpoint(
        method="POST",
        path="groups.create",
        handler=create,
        body=rooms.CreateRoom,
        answer=CreatedGroup,
        summary="Make a private group",
    ),
    ServerEndpoint(
        method="POST",
        path="groups.delete",
        handler=remove,
        body=rooms.WhichRoom,
        answer=Done,
        summary="Delete a private group with its messages",
    ),
]
