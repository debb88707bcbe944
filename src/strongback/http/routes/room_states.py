"""Rooms that are put away: archived for everybody, or closed in one's own list."""

from functools import partial
from typing import Any

from strongback.groups import archive as archives
from strongback.groups.visibility import close_room, open_room
from strongback.http.envelope import Answer
from strongback.http.routes.documents import Done
from strongback.http.routes.rooms import CHANNELS, GROUPS, Noun, WhichRoom
from strongback.http.services import ServerCall, ServerEndpoint


async def archive(noun: Noun, call: ServerCall) -> Answer:
    """Archive a room."""
    services = call.services
    room = await noun.find(call, call.body, archived=False)
    await archives.archive(services.store, services.clock, call.caller, room, on_event=services.on_event)
    return {}


async def unarchive(noun: Noun, call: ServerCall) -> Answer:
    """Take a room out of the archive; a channel refuses where it is in none."""
    services = call.services
    room = await noun.find(call, call.body, archived=True)
    unchanged = f"The channel, {room.name}, is not archived" if noun is CHANNELS else None
    await archives.unarchive(services.store, services.clock, call.caller, room, unchanged=unchanged)
    return {}


async def open_group(call: ServerCall) -> Answer:
    """Put a group back into one's list."""
    services = call.services
    room = await GROUPS.find(call, call.body, archived=True)
    await open_room(services.store, services.clock, call.caller, room)
    return {}


async def close_group(call: ServerCall) -> Answer:
    """Take a group out of one's list."""
    services = call.services
    room = await GROUPS.find(call, call.body, archived=True)
    await close_room(services.store, services.clock, call.caller, room)
    return {}


def _post(path: str, handler: Any, summary: str) -> ServerEndpoint:
    return ServerEndpoint(
        method="POST", path=path, handler=handler, body=WhichRoom, answer=Done, summary=summary
    )


ENDPOINTS: list[ServerEndpoint] = [
    *(
        _post(f"{noun.prefix}.archive", partial(archive, noun), f"Archive a {noun.called}")
        for noun in (GROUPS, CHANNELS)
    ),
    *(
        _post(
            f"{noun.prefix}.unarchive",
            partial(unarchive, noun),
            f"Take a {noun.called} out of the archive",
        )
        for noun in (GROUPS, CHANNELS)
    ),
    _post("groups.open", open_group, "Put a private group back into one's list"),
    _post("groups.close", close_group, "Take a private group out of one's list"),
]
