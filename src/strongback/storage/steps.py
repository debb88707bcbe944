"""Steps: what a commit writes, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from strongback.documents.dates import parse_date
from strongback.documents.document import Document


@dataclass(frozen=True, slots=True)
class Token:
    """A login token or a personal access token of a user, by its hash; `body` is the entry as stored."""

    user_id: str
    hash: str
    body: Mapping[str, Any]
    dates: tuple[tuple[str | int, ...], ...] = ()

    @property
    def name(self) -> str | None:
        """The name of a personal access token; None for a login token."""
        return self.body.get("name") if self.body.get("type") == "personalAccessToken" else None

    @property
    def created(self) -> int:
        """When the token was made, in epoch milliseconds; 0 where the entry does not say."""
        value = self.body.get("createdAt" if self.body.get("type") == "personalAccessToken" else "when")
        return (parse_date(value) or 0) if isinstance(value, str) else 0


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of an integration's `channel`: its text, and the room, user or scope that it is bound to.

    `kind` is `room`, `user` or `scope`; `target` is an id, a scope's name, or None for a dangling name.
    """

    text: str
    kind: str
    target: str | None


@dataclass(frozen=True, slots=True)
class Put:
    """Insert the document, or replace the one with its id.

    Some members of a room are not taken from the document: the store counts `usersCount` and `msgs`, and finds `lm`
    and `lastMessage`, from the room's subscriptions and messages.
    What a subscription has seen and not seen is taken from the document when it is new; `MarkSeen` changes it. One
    that is not `open` opens again by itself when somebody else writes after its `_updatedAt`. A user's tokens are no
    part of the document: `PutToken` writes them.
    """

    kind: str
    document: Document


@dataclass(frozen=True, slots=True)
class PutIntegration:
    """Insert or replace an integration and all of its links."""

    document: Document
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove the row, if it is there, with what hangs on it alone (tokens, links).

    Links to a room or a user that goes keep their text and are bound to nothing.
    """

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class RemoveAll:
    """Remove every row with this value in this field; with the history of an integration, what it ran with."""

    kind: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class PutToken:
    """Add a token to a user; at most `keep` login tokens stay, the oldest go."""

    token: Token
    keep: int | None = None


@dataclass(frozen=True, slots=True)
class RemoveToken:
    """Remove the user's token with this hash."""

    user_id: str
    hash: str


@dataclass(frozen=True, slots=True)
class RemoveTokens:
    """Remove all tokens of a user."""

    user_id: str


@dataclass(frozen=True, slots=True)
class MarkSeen:
    """The user has seen everything in the room up to a moment (epoch milliseconds), and nothing of what comes after.

    `alert` calls the user back although nothing came.
    """

    rid: str
    user_id: str
    at: int
    alert: bool = False


@dataclass(frozen=True, slots=True)
class SetMembers:
    """Set the same members in every document with this value in this field.

    None of them is a column, but for `t` and `open` of subscriptions, and none a date, but for `_updatedAt`, which
    goes with `open`.
    """

    kind: str
    field: str
    value: str
    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PutHistory:
    """Write the record of a call; `integration` is the text it ran with, kept once per `revision`.

    The record's own `integration` member is left out of the document and added on reading.
    """

    document: Document
    integration_id: str
    integration: str
    revision: int


@dataclass(frozen=True, slots=True)
class PutEvent:
    """Write what happened, unless it is there already; `body` is a JSON object."""

    id: str
    kind: str
    rid: str | None
    message_id: str | None
    user_id: str
    hops: int
    body: str
    created: int


class Target(NamedTuple):
    """Whom an event is told to: a URL of an integration, its origin, and the word that called the integration."""

    integration_id: str
    url: str
    origin: str
    trigger_word: str | None = None


@dataclass(frozen=True, slots=True)
class PutDeliveries:
    """Owe a delivery to each target, due at once; beyond `limit` open ones of an integration it fails from the start.

    Their ids are the event's, a full stop, and their number.
    """

    event_id: str
    targets: Sequence[Target]
    created: int
    limit: int


@dataclass(frozen=True, slots=True)
class PutReplay:
    """Owe a delivery again: `id` is that of the first one, a full stop, and the number of the replay."""

    id: str
    event_id: str
    target: Target
    replay: int
    created: int
    request: str | None = None
    request_revision: int | None = None


@dataclass(frozen=True, slots=True)
class SettleDelivery:
    """Let go of a delivery: `pending` again at `next_at`, or ended, with a reason where it was not delivered.

    A `request` of None keeps the one that is stored.
    """

    id: str
    state: str
    reason: str | None
    next_at: int
    updated: int
    request: str | None = None
    request_revision: int | None = None
    attempted: bool = True


@dataclass(frozen=True, slots=True)
class PutRequest:
    """Keep the request that an attempt prepared, with the integration's revision that prepared it."""

    delivery_id: str
    request: str
    revision: int


@dataclass(frozen=True, slots=True)
class CountOutcome:
    """Count a success, which ends a series of failures, or one more failure of an integration."""

    integration_id: str
    delivered: bool
    at: int


@dataclass(frozen=True, slots=True)
class PutKey:
    """Remember what a hook answered to a call with this key."""

    integration_id: str
    key: str
    digest: str
    status: int
    body: str
    created: int


@dataclass(frozen=True, slots=True)
class PutSecret:
    """Keep an integration's signing secret, sealed; None takes it away."""

    integration_id: str
    sealed: bytes | None = field(repr=False)


Step = (
    Put
    | PutIntegration
    | Remove
    | RemoveAll
    | PutToken
    | RemoveToken
    | RemoveTokens
    | MarkSeen
    | SetMembers
    | PutHistory
    | PutEvent
    | PutDeliveries
    | PutReplay
    | PutRequest
    | SettleDelivery
    | CountOutcome
    | PutKey
    | PutSecret
)
