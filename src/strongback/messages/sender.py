"""Who writes a message: an account with what it may do, whether or not it is the one that calls."""

from dataclasses import dataclass
from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.documents.document import Document, Stored, decode_paths
from strongback.documents.user import brief
from strongback.errors import Failure
from strongback.storage.contract import Access, Store


@dataclass(frozen=True, slots=True)
class Sender:
    """An account: its public members, and its permissions."""

    account: Document
    caller: Caller

    @property
    def id(self) -> str:
        """The account's id."""
        return self.account.id

    @property
    def username(self) -> str:
        """The account's name in lists of muted people and in mentions."""
        return self.caller.username

    @property
    def author(self) -> dict[str, Any]:
        """Who it is, as a message's `u` says it."""
        return brief(self.account)


def sender(stored: Stored, access: Access) -> Sender:
    """The sender that a stored account is."""
    account = public(stored)
    username, roles = account.body.get("username"), account.body.get("roles")
    if not isinstance(username, str) or not username:
        raise missing()
    held = (
        frozenset(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else frozenset()
    )
    return Sender(account, Caller(account.id, username, held, access))


async def calling(store: Store, caller: Caller) -> Sender:
    """The caller as a sender; Failure where the account is gone."""
    stored = await store.get("users", caller.id)
    if stored is None:
        raise missing()
    return Sender(public(stored), caller)


def missing() -> Failure:
    """What a sender hears whose account is gone."""
    return Failure("Invalid user", "error-invalid-user", details={"method": "sendMessage"})


def public(stored: Stored) -> Document:
    """A row decoded without the members that nobody is shown."""
    return Document(stored.id, msgspec.json.decode(stored.text), decode_paths(stored.dates), stored.revision)
