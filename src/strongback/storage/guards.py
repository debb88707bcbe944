"""Guards: what must be true inside a commit. One that fails raises Conflict(guard), and nothing is written."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Absent:
    """No row of this kind has this value in this field (`id` included)."""

    kind: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The row exists and still has this revision."""

    kind: str
    id: str
    revision: int


@dataclass(frozen=True, slots=True)
class Present:
    """The row exists."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Holds:
    """The row exists and has this value in this field."""

    kind: str
    id: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Steady:
    """The rows with this value are those that were read: as many, and none with a newer revision."""

    kind: str
    field: str
    value: str
    count: int
    newest: int


@dataclass(frozen=True, slots=True)
class AdminRemains:
    """An active user with the role `admin` exists beside this one."""

    user_id: str


@dataclass(frozen=True, slots=True)
class RoleUnused:
    """No user and no member of a room holds this role."""

    role: str


@dataclass(frozen=True, slots=True)
class OwnerRemains:
    """The room has an owner beside this user, or the user is none of its owners."""

    rid: str
    user_id: str


@dataclass(frozen=True, slots=True)
class EmailFree:
    """No other user has this e-mail address, upper and lower case alike."""

    address: str
    user_id: str


@dataclass(frozen=True, slots=True)
class TokenNameFree:
    """The user has no personal access token of this name."""

    user_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """The user has a subscription to the room."""

    rid: str
    user_id: str


@dataclass(frozen=True, slots=True)
class AccessAt:
    """No permission, role or setting has changed since this revision."""

    revision: int


@dataclass(frozen=True, slots=True)
class TriggersAt:
    """No outgoing integration has changed since this revision."""

    revision: int


@dataclass(frozen=True, slots=True)
class Held:
    """The delivery is being sent, and by this worker."""

    delivery_id: str
    worker: str


@dataclass(frozen=True, slots=True)
class KeyFree:
    """No call of a hook has used this key since then (epoch milliseconds)."""

    integration_id: str
    key: str
    since: int


Guard = (
    Absent
    | Unchanged
    | Present
    | Holds
    | Steady
    | AdminRemains
    | RoleUnused
    | OwnerRemains
    | EmailFree
    | TokenNameFree
    | Member
    | AccessAt
    | TriggersAt
    | Held
    | KeyFree
)
