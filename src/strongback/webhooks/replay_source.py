"""What a replay sends: found by a delivery, or by a record of history whose delivery may be gone."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.integrations.mask import Mask
from strongback.storage.contract import Store
from strongback.storage.deliveries import Delivery, StoredEvent
from strongback.storage.steps import PutEvent
from strongback.webhooks import request as requests
from strongback.webhooks.payload import payload
from strongback.webhooks.steps import KEPT_BYTES

METHOD = {"method": "replayOutgoingIntegration"}
HIDDEN = "****"
"""The beginning of a masked token: what holds one is not what was sent."""
DELIVERY_ID = re.compile(r"[0-9a-f]{24}\.[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Source:
    """What there is to send again; `id` is that of the first delivery, whose number its replays bear.

    A `request` of None is prepared when it is sent, by the script if there is one.
    """

    id: str
    event: PutEvent
    url: str
    trigger_word: str | None
    request: str | None


async def of_delivery(store: Store, integration: Document, id: str) -> Source:
    """What a delivery of the integration has sent, or was to send."""
    delivery = await store.delivery(id)
    if delivery is None or delivery.integration_id != integration.id:
        raise Failure("Invalid delivery", "error-invalid-delivery", details=METHOD)
    source = await _of_delivery(store, integration, delivery, sent=delivery.state == "delivered")
    if source is None:
        raise Failure("Invalid delivery", "error-invalid-delivery", details=METHOD)
    return source


async def of_record(store: Store, integration: Document, history_id: str, now: int) -> Source:
    """What a record of the integration's history tells of."""
    stored = await store.get("history", history_id)
    record: dict[str, Any] = {} if stored is None else stored.decode().body
    owner = record.get("integration")
    if not isinstance(owner, dict) or owner.get("_id") != integration.id:
        raise _invalid()
    if record.get("type") != "outgoing-webhook":
        raise _invalid("it is not the record of an outgoing call")
    delivery_id = record.get("deliveryId")
    delivery = await store.delivery(delivery_id) if isinstance(delivery_id, str) else None
    if delivery is not None and delivery.integration_id == integration.id:
        source = await _of_delivery(store, integration, delivery, sent="url" in record)
        if source is not None:
            return source
    return _rebuilt(integration, history_id, record, now)


async def _of_delivery(
    store: Store, integration: Document, delivery: Delivery, *, sent: bool
) -> Source | None:
    event = await store.event(delivery.event_id)
    if event is None:
        return None
    request = delivery.request
    if request is None and sent:  # no script had a hand in it, or its request would have been kept
        data = payload(msgspec.json.decode(event.body), _token(integration), delivery.trigger_word)
        request = _encoded(delivery.url, data)
    return Source(_first(delivery.id), _again(event), delivery.url, delivery.trigger_word, request)


def _rebuilt(integration: Document, history_id: str, record: dict[str, Any], now: int) -> Source:
    """Make an event of what a record holds, where the delivery is gone or the record comes from an import."""
    url, sent, data = _url(integration, record), _sent(integration, record), record.get("data")
    shared = data if isinstance(data, dict) and data else sent
    if not isinstance(record.get("event"), str) or (sent is None and shared is None):
        raise _invalid("it does not hold what was sent")
    told = dict(shared) if isinstance(shared, dict) else {}
    word = _text(record, "triggerWord") or _text(told, "trigger_word")
    for name in ("token", "trigger_word"):
        told.pop(name, None)
    id = _id(history_id, record)
    event = PutEvent(
        id=id.partition(".")[0],
        kind=record["event"],
        rid=_text(told, "channel_id"),
        message_id=_text(told, "message_id"),
        user_id=_text(told, "user_id") or "",
        hops=0,
        body=msgspec.json.encode(told).decode(),
        created=now,
    )
    return Source(id, event, url, word, None if sent is None else _encoded(url, sent))


def _id(history_id: str, record: dict[str, Any]) -> str:
    """The first delivery's id; for a record of Rocket.Chat one that is always the same."""
    delivery_id = record.get("deliveryId")
    if isinstance(delivery_id, str) and DELIVERY_ID.fullmatch(delivery_id):
        return _first(delivery_id)
    return f"{hashlib.sha256(history_id.encode()).hexdigest()[:24]}.0"


def _url(integration: Document, record: dict[str, Any]) -> str:
    """Where the call went; a record hides the token in it, so the URL is looked for among the integration's."""
    mask, recorded = Mask(_token(integration)), record.get("url")
    urls = [url for url in integration.body.get("urls") or () if isinstance(url, str)]
    if isinstance(recorded, str):
        found = next((url for url in urls if mask(url) == recorded), recorded)
        if HIDDEN not in found:
            return found
    elif len(urls) == 1:
        return urls[0]
    raise _invalid("it does not say to which URL the call went")


def _sent(integration: Document, record: dict[str, Any]) -> Any:
    """The body that was sent, with the integration's token in its place; None where the record has not all of it."""
    sent: Any = record.get("httpCallData")
    members: dict[str, Any] = {}
    if isinstance(sent, dict):
        members = {"token": _token(integration)} if sent.get("token") and _token(integration) else {}
        sent = {name: value for name, value in sent.items() if name != "token"}
    text = sent if isinstance(sent, str) else msgspec.json.encode(sent).decode()
    if HIDDEN in text or (isinstance(sent, str) and len(sent.encode()) > KEPT_BYTES - 4):
        return None  # something is hidden in it, or its end is cut off
    return members | sent if isinstance(sent, dict) else sent or None


def _encoded(url: str, data: Any) -> str:
    return requests.encode(requests.prepared(requests.default_request(url, {}) | {"data": data}))


def _first(delivery_id: str) -> str:
    return ".".join(delivery_id.split(".")[:2])


def _again(event: StoredEvent) -> PutEvent:
    return PutEvent(
        event.id,
        event.kind,
        event.rid,
        event.message_id,
        event.user_id,
        event.hops,
        event.body,
        event.created,
    )


def _token(integration: Document) -> str | None:
    return _text(integration.body, "token")


def _text(members: dict[str, Any], name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) else None


def _invalid(why: str = "") -> Failure:
    text = "Invalid Integration History"
    return Failure(f"{text}: {why}" if why else text, "error-invalid-integration-history", details=METHOD)
