"""The pictures of accounts."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response as Picture
from starlette.routing import Route

from strongback.accounts import avatar, users
from strongback.http import params
from strongback.http.envelope import Answer, Response, encode
from strongback.http.routes.documents import Done
from strongback.http.routes.whom import whom
from strongback.http.services import ServerCall, ServerEndpoint

TEMPORARY_REDIRECT = 307
PICTURE_HEADERS = {
    "Cache-Control": "public, max-age=86400",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
"""A picture is nothing but a picture, also for a browser that is sent there."""


class WhosePicture(msgspec.Struct):
    """Which account, by one of three names."""

    userId: str | msgspec.UnsetType = msgspec.UNSET
    username: str | msgspec.UnsetType = msgspec.UNSET
    user: str | msgspec.UnsetType = msgspec.UNSET


async def locate(call: ServerCall) -> Answer:
    """Where an account's picture is."""
    given = [params.string(call.query, name) for name in ("userId", "username", "user")]
    user = await users.by_parameter(call.services.store, given[0], given[1] or given[2])
    path = avatar.path(call.caller.access.settings, str(user.body["username"]))
    return Response(TEMPORARY_REDIRECT, encode(path), ((b"location", path.encode()),))


async def reset(call: ServerCall) -> Answer:
    """Take away the picture that an account was imported with."""
    services = call.services
    user = await whom(call)
    await avatar.reset(services.store, services.clock, call.caller, user.id)
    return {}


async def picture(request: Request) -> Picture:
    """The picture of a name, whoever has it, so that it tells nobody who is there."""
    content = avatar.svg(request.path_params["username"])
    return Picture(content, media_type="image/svg+xml", headers=PICTURE_HEADERS)


PAGES = [Route("/avatar/{username}", picture, methods=["GET"])]

ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="users.getAvatar",
        handler=locate,
        query=WhosePicture,
        answer=str,
        status=TEMPORARY_REDIRECT,
        summary="Find an account's picture",
    ),
    ServerEndpoint(
        method="POST",
        path="users.resetAvatar",
        handler=reset,
        body=WhosePicture,
        answer=Done,
        summary="Take away the picture that an account was imported with",
    ),
]
