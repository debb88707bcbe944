"""The outbox as rows: what happened (an event), and what is owed to whom because of it (deliveries)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from strongback.documents.document import Stored
from strongback.storage.steps import Link

State = Literal["pending", "sending", "delivered", "failed", "cancelled", "expired"]
"""Where a delivery is; it ends in exactly one of the last four."""

STATES: tuple[State, ...] = ("pending", "sending", "delivered", "failed", "cancelled", "expired")
ENDS: frozenset[State] = frozenset(STATES[2:])


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """Something that happened: `body` is the JSON object that every receiver gets a part of."""

    id: str
    kind: str
    rid: str | None
    message_id: str | None
    user_id: str
    hops: int
    body: str
    created: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is owed to one URL of one integration because of one event.

    `request` is the request as prepared by the first attempt, with the integration's revision that prepared it.
    Times are epoch milliseconds.
    """

    id: str
    event_id: str
    integration_id: str
    url: str
    origin: str
    trigger_word: str | None
    state: State
    reason: str | None
    attempts: int
    next_at: int
    worker: str | None
    request: str | None
    request_revision: int | None
    replay: int
    created: int
    updated: int


@dataclass(frozen=True, slots=True)
class Claims:
    """Deliveries that are this worker's until their lease ends, and when the next ones that wait are due."""

    taken: Sequence[tuple[Delivery, StoredEvent]]
    next_at: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a worker has room for: so many deliveries in all, and for each origin `each` less what `busy` says."""

    total: int
    each: int
    busy: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Queue:
    """How an integration's deliveries fare: how many are open, how many failed in a row, and since when."""

    open: int = 0
    failures: int = 0
    failing_since: int | None = None


@dataclass(frozen=True, slots=True)
class TriggerChanges:
    """The outgoing integrations that changed after a revision, with their links, and the ids of those that went."""

    revision: int
    changed: Sequence[tuple[Stored, Sequence[Link]]]
    removed: Sequence[str]


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What a hook answered to a call with a key, and the digest of the body it answered to."""

    digest: str
    status: int
    body: str


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """A page of deliveries, newest first, and how many there are."""

    deliveries: Sequence[Delivery]
    total: int


@dataclass(frozen=True, slots=True)
class Old:
    """What may go: all from before these moments (epoch milliseconds), and what is beyond the newest `keep` of an
    integration; up to `batch` rows of a kind at once.

    What has been pending since before `pending_before` expires at `now`, with the reason `expired`.
    """

    now: int
    before: int
    pending_before: int
    keys_before: int
    expired: str
    keep: int
    batch: int
