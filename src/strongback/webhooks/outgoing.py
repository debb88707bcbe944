"""A delivery being worked on, and the parts that work on it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from strongback.clock import Clock
from strongback.documents.document import Document, Stored
from strongback.egress.client import Client
from strongback.scripts.contract import Script
from strongback.scripts.pool import Pool
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Delivery, StoredEvent
from strongback.storage.guards import Held
from strongback.webhooks.payload import payload
from strongback.webhooks.replies import Replies, Reply
from strongback.webhooks.request import Prepared
from strongback.webhooks.secrets import Secrets
from strongback.webhooks.steps import Record


@dataclass(frozen=True, slots=True)
class Parts:
    """What an attempt works with."""

    store: Store
    clock: Clock
    egress: Client
    scripts: Pool
    secrets: Secrets
    replies: Replies
    scripts_disabled: str = ""
    random: Callable[[], float] = random.random


@dataclass(slots=True)
class Attempt:
    """An attempt on its way."""

    delivery: Delivery
    event: StoredEvent
    stored: Stored
    integration: Document
    record: Record
    script: Script | None = None
    request: Prepared = field(default_factory=Prepared)
    reply: Reply | None = None

    @property
    def data(self) -> dict[str, Any]:
        """What the receiver is told."""
        token = self.integration.body.get("token")
        shared = msgspec.json.decode(self.event.body)
        return payload(shared, token if isinstance(token, str) else None, self.delivery.trigger_word)

    @property
    def held(self) -> Changes:
        """Changes that are made only while the delivery is still this worker's."""
        return Changes([Held(self.delivery.id, self.delivery.worker or "")], [])
