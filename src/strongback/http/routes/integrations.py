"""Integrations."""

from typing import Any

import msgspec

from strongback.errors import Failure
from strongback.http import params
from strongback.http.envelope import UNAUTHORIZED, Answer
from strongback.http.listings import ListQuery, answer, wanted
from strongback.http.routes import integration_schemas as schemas
from strongback.http.routes.documents import Done, Integration, ListedIntegration, WrittenIntegration
from strongback.http.routes.rooms import revealed, shown
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.integrations import lists, reveal
from strongback.integrations.create import create
from strongback.integrations.remove import remove
from strongback.integrations.scope import ANY_OF, INCOMING, MANAGE_OWN, OUTGOING
from strongback.integrations.update import update
from strongback.webhooks.set_secret import set_secret


class IntegrationAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """An integration."""

    integration: Integration
    success: bool


class WrittenAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """An integration that has just been written."""

    integration: WrittenIntegration
    success: bool


class IntegrationList(msgspec.Struct, forbid_unknown_fields=True):
    """A page of integrations; `items` is the same as `count`."""

    integrations: list[ListedIntegration]
    items: int
    count: int
    offset: int
    total: int
    success: bool


class HistoryList(msgspec.Struct, forbid_unknown_fields=True):
    """A page of calls; `items` is the same as `count`."""

    history: list[dict[str, Any]]
    items: int
    count: int
    offset: int
    total: int
    success: bool


class WhichIntegration(msgspec.Struct):
    """An integration's id, and who must have made it."""

    integrationId: str
    createdBy: str | msgspec.UnsetType = msgspec.UNSET


class Secret(msgspec.Struct):
    """An integration's id, and the secret that signs its calls: `whsec_` and 24 to 64 bytes in base64."""

    integrationId: str
    secret: str | None


def kind(call: ServerCall) -> str:
    """The type that a body names; the schema lets more through than the two that exist."""
    given = call.body["type"]
    if given not in (INCOMING, OUTGOING):
        raise Failure("Invalid integration type.")
    return str(given)


async def make(call: ServerCall) -> Answer:
    """Make an integration."""
    services = call.services
    document = await create(
        services.store,
        services.clock,
        call.caller,
        kind(call),
        call.body,
        frozen=services.settings.freeze_integration_scripts,
        compile=services.compiler.compile,
    )
    return {"integration": shown(document.body)}


async def change(call: ServerCall) -> Answer:
    """Change an integration."""
    services = call.services
    document = await update(
        services.store,
        services.clock,
        call.caller,
        kind(call),
        call.body,
        frozen=services.settings.freeze_integration_scripts,
        compile=services.compiler.compile,
    )
    return {"integration": shown(document.body)}


async def end(call: ServerCall) -> Answer:
    """Remove an integration."""
    if not call.caller.may_any(*ANY_OF):
        return UNAUTHORIZED
    document = await remove(call.services.store, call.caller, kind(call), call.body)
    return {"integration": shown(document.body)}


async def list_all(call: ServerCall) -> Answer:
    """The integrations that the caller may see."""
    if not call.caller.may_any(*ANY_OF):
        return UNAUTHORIZED
    services, asked = call.services, wanted(call)
    found = await lists.of_everything(
        services.store, call.caller, asked, matching_ms=services.settings.matching_ms
    )
    return answer("integrations", revealed(call, found), asked.offset, items=True)


async def get(call: ServerCall) -> Answer:
    """One integration."""
    id, created_by = params.string(call.query, "integrationId"), params.string(call.query, "createdBy")
    if not id:
        raise Failure('The query parameter "integrationId" is required.')
    document = await lists.one(call.services.store, call.caller, id, created_by)
    if not call.services.settings.tokens_reveal:
        return {"integration": reveal.masked(document.body)}
    return {"integration": document.body}


async def history(call: ServerCall) -> Answer:
    """The calls of an integration."""
    if not call.caller.may_any("manage-outgoing-integrations", MANAGE_OWN[OUTGOING]):
        return UNAUTHORIZED
    services, asked = call.services, wanted(call)
    id = params.required(call.query, "id")
    found = await lists.history(
        services.store, call.caller, id, asked, matching_ms=services.settings.matching_ms
    )
    return answer("history", found, asked.offset, items=True)


async def sign(call: ServerCall) -> Answer:
    """Set the signing secret of an integration, or take it away with null."""
    services, body = call.services, call.checked
    id, secret = str(body["integrationId"]), body["secret"]
    await set_secret(
        services.store,
        services.clock,
        services.secrets,
        call.caller,
        id,
        None if secret is None else str(secret),
    )
    return {}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="POST",
        path="integrations.create",
        handler=make,
        validate=True,
        schema=schemas.CREATE,
        answer=WrittenAnswer,
        summary="Make an integration",
    ),
    ServerEndpoint(
        method="PUT",
        path="integrations.update",
        handler=change,
        validate=True,
        schema=schemas.UPDATE,
        answer=WrittenAnswer,
        summary="Change an integration",
    ),
    ServerEndpoint(
        method="POST",
        path="integrations.remove",
        handler=end,
        validate=True,
        schema=schemas.REMOVE,
        answer=IntegrationAnswer,
        summary="Remove an integration",
    ),
    ServerEndpoint(
        method="GET",
        path="integrations.list",
        handler=list_all,
        query=ListQuery,
        answer=IntegrationList,
        summary="List integrations",
    ),
    ServerEndpoint(
        method="GET",
        path="integrations.get",
        handler=get,
        query=WhichIntegration,
        validate=True,
        answer=IntegrationAnswer,
        summary="Show an integration",
    ),
    ServerEndpoint(
        method="GET",
        path="integrations.history",
        handler=history,
        validate=True,
        schema=schemas.HISTORY,
        answer=HistoryList,
        summary="List an integration's calls",
    ),
    ServerEndpoint(
        method="POST",
        path="integrations.setSecret",
        handler=sign,
        body=Secret,
        validate=True,
        answer=Done,
        summary="Set what an integration's calls are signed with",
    ),
]
