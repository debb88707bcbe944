"""Server settings."""

from typing import Any

import msgspec

from strongback.accounts import settings
from strongback.http.envelope import UNAUTHORIZED, Answer, Response, encode
from strongback.http.routes.documents import Done
from strongback.http.second_factor import second_factor
from strongback.http.services import ServerCall, ServerEndpoint

NO_SUCH_SETTING = Response(400, encode({"success": False}))


class SettingAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """A setting's value."""

    _id: str
    value: Any
    success: bool


class SettingBody(msgspec.Struct):
    """A new value, of the setting's type."""

    value: Any


async def show(call: ServerCall) -> Answer:
    """A setting's value."""
    if not call.caller.may("view-privileged-setting"):
        return UNAUTHORIZED
    document = await settings.get(call.services.store, call.path["id"])
    if document is None:
        return NO_SUCH_SETTING
    return {"_id": document.id, "value": document.body.get("value")}


async def change(call: ServerCall) -> Answer:
    """Give a setting a new value."""
    services = call.services
    await second_factor(call)
    if not call.caller.may("edit-privileged-setting"):
        return UNAUTHORIZED
    if "value" not in call.body or await settings.get(services.store, call.path["id"]) is None:
        return NO_SUCH_SETTING
    await settings.update(
        services.store, services.clock, services.access, call.path["id"], call.body["value"]
    )
    return {}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET", path="settings/{id}", handler=show, answer=SettingAnswer, summary="Show a setting"
    ),
    ServerEndpoint(
        method="POST",
        path="settings/{id}",
        handler=change,
        body=SettingBody,
        answer=Done,
        summary="Change a setting",
    ),
]
