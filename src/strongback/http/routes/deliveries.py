"""What outgoing integrations have sent, and sending it again."""

from typing import Any

import msgspec

from strongback.http import params
from strongback.http.envelope import UNAUTHORIZED, Answer
from strongback.http.listings import wanted
from strongback.http.routes import integration_schemas as schemas
from strongback.http.routes.documents import Done
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.integrations.scope import MANAGE, MANAGE_OWN, OUTGOING
from strongback.storage.deliveries import STATES, State
from strongback.webhooks.clear_history import clear_history
from strongback.webhooks.deliveries import deliveries
from strongback.webhooks.replay import replay

BIGGEST_PAGE = 1_000
"""A count of 0 gets no more than these."""


class Delivery(msgspec.Struct, forbid_unknown_fields=True):
    """What one URL of an integration is told of one event; `nextAt` says when, as long as it waits."""

    _id: str
    eventId: str
    event: str | None
    integrationId: str
    url: str
    origin: str
    state: State
    reason: str | None
    attempts: int
    replay: int
    createdAt: str
    updatedAt: str
    nextAt: str | msgspec.UnsetType = msgspec.UNSET
    triggerWord: str | msgspec.UnsetType = msgspec.UNSET


class DeliveryList(msgspec.Struct, forbid_unknown_fields=True):
    """A page of deliveries."""

    deliveries: list[Delivery]
    count: int
    offset: int
    total: int
    success: bool


class Replayed(msgspec.Struct, forbid_unknown_fields=True):
    """The delivery that sends it again."""

    deliveryId: str
    success: bool


async def list_deliveries(call: ServerCall) -> Answer:
    """The deliveries of an integration."""
    if not call.caller.may_any(MANAGE[OUTGOING], MANAGE_OWN[OUTGOING]):
        return UNAUTHORIZED
    id, asked = params.required(call.query, "integrationId"), wanted(call)
    found, total = await deliveries(
        call.services.store, call.caller, id, _state(call), asked.offset, asked.count or BIGGEST_PAGE
    )
    return {"deliveries": found, "count": len(found), "offset": asked.offset, "total": total}


def _state(call: ServerCall) -> State | None:
    state = params.string(call.query, "state")
    if state is not None and state not in STATES:
        raise params.invalid("state", f"must be one of {', '.join(STATES)}")
    return state


async def send_again(call: ServerCall) -> Answer:
    """Send again what a record of history, or a delivery, tells of."""
    body: dict[str, Any] = dict(call.body)
    services = call.services
    id = await replay(
        services.store,
        services.clock,
        call.caller,
        body["integrationId"],
        history_id=body.get("historyId"),
        delivery_id=body.get("deliveryId"),
        render=body.get("render") is True,
    )
    return {"deliveryId": id}


async def clear(call: ServerCall) -> Answer:
    """Remove the history of an integration."""
    body: dict[str, Any] = dict(call.body)
    await clear_history(call.services.store, call.caller, body["integrationId"])
    return {}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="GET",
        path="integrations.deliveries",
        handler=list_deliveries,
        validate=True,
        schema=schemas.DELIVERIES,
        answer=DeliveryList,
        summary="List an integration's deliveries",
    ),
    ServerEndpoint(
        method="POST",
        path="integrations.replay",
        handler=send_again,
        validate=True,
        schema=schemas.REPLAY,
        answer=Replayed,
        summary="Send a delivery again",
    ),
    ServerEndpoint(
        method="POST",
        path="integrations.clearHistory",
        handler=clear,
        validate=True,
        schema=schemas.CLEAR_HISTORY,
        answer=Done,
        summary="Remove an integration's history",
    ),
]
