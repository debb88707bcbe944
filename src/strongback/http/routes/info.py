"""What this server is."""

from typing import Any

import msgspec

from strongback import __version__
from strongback.http.envelope import Answer
from strongback.http.services import ServerCall, ServerEndpoint

COMPATIBLE = "6.14.0"


class InfoAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The version of Rocket.Chat that this server behaves as."""

    version: str
    minimumClientVersions: dict[str, str]
    success: bool
    info: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


async def info(call: ServerCall) -> Answer:
    """The version, in full for those who may see statistics (spec/01 section 4)."""
    caller = call.session
    minimum = {"desktop": "3.9.6", "mobile": "4.39.0"}
    if caller is None or not caller.may("view-statistics"):
        return {"version": COMPATIBLE.rpartition(".")[0], "minimumClientVersions": minimum}
    details = {"version": COMPATIBLE, "strongback": __version__}
    return {"version": COMPATIBLE, "info": details, "minimumClientVersions": minimum}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="info",
        aliases=("/api/info",),
        handler=info,
        auth="optional",
        answer=InfoAnswer,
        summary="Show the version",
    ),
]
