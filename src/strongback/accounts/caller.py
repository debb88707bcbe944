"""The caller: the authenticated account and what it may do."""

from collections.abc import Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from strongback.storage.contract import Access, RoomKey, RoomView


class RoomRead(NamedTuple):
    """What was found under the key of a room, in one statement with the token."""

    key: RoomKey
    room: RoomView | None
    reaching: tuple[str, ...] | None
    """The wire texts of all integrations that reach it; None where these were not read, or are many."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, as the authenticated record says; never built from a header alone."""

    id: str
    username: str
    roles: frozenset[str]
    access: Access
    token_hash: str = ""
    read: RoomRead | None = None
    """The room that was read with the token; None where none was asked for."""

    def may(self, permission: str) -> bool:
        """Whether the account's own roles grant a permission; an unknown one is denied (spec/03 section 2)."""
        return not self.roles.isdisjoint(self.access.permissions.get(permission, frozenset()))

    def may_in(self, permission: str, subscription_roles: Set[str]) -> bool:
        """Whether the account's roles, with those it has in a room, grant a permission."""
        granted = self.access.permissions.get(permission, frozenset())
        return not (self.roles.isdisjoint(granted) and granted.isdisjoint(subscription_roles))

    def may_any(self, *permissions: str) -> bool:
        """Whether at least one of the permissions is granted."""
        return any(map(self.may, permissions))

    def setting(self, id: str) -> Any:
        """The value of a server setting; KeyError for one that does not exist."""
        return self.access.settings[id]
