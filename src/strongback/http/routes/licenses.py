"""The licence, which this server has no need of."""

from typing import Any

import msgspec

from strongback.http.envelope import Answer
from strongback.http.services import ServerCall, ServerEndpoint


class LicenseAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """An empty licence: clients ask what a server without one offers."""

    license: dict[str, Any]
    success: bool


async def info(call: ServerCall) -> Answer:
    """The licence."""
    return {"license": {}}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET", path="licenses.info", handler=info, answer=LicenseAnswer, summary="Show the licence"
    ),
]
