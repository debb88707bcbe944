"""The hook of an incoming integration: found by id and token, kept in memory by its revision (spec/06 A2)."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from strongback.accounts.permissions import AccessCache
from strongback.documents.document import Document, Stored
from strongback.errors import Failure
from strongback.integrations.mask import masked_copy
from strongback.integrations.scope import INCOMING
from strongback.messages.sender import Sender, sender
from strongback.storage.contract import Store
from strongback.storage.steps import Link

T = TypeVar("T")

NOT_FOUND = "Invalid integration id or token provided."
NO_ACCOUNT = "You must be logged in to do this."
MOST_KEPT = 500
NEVER = secrets.token_bytes(32)
"""The digest of no token: what is compared where there is none, so that a wrong id costs what a wrong token does."""


@dataclass(frozen=True, slots=True)
class Hook:
    """An integration with what hangs on it; `digest` is its token's, `copy` its text as history shows it."""

    integration: Document
    links: Sequence[Link]
    digest: bytes
    sealed: bytes | None
    copy: str

    @property
    def id(self) -> str:
        """The integration's id."""
        return self.integration.id

    @property
    def body(self) -> Mapping[str, Any]:
        """The integration's members."""
        return self.integration.body

    @property
    def token(self) -> str:
        """The integration's token."""
        return str(self.body["token"])

    def text(self, name: str) -> str:
        """A member of the integration that is a text; an import may have brought anything."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that a hook posts as, at a revision of its own and of the permissions."""

    sender: Sender | None
    revision: int | None
    access: int


class Hooks:
    """All hooks; those that were called last are in memory, with the accounts that they post as."""

    def __init__(self, store: Store, access: AccessCache) -> None:
        self._store = store
        self._access = access
        self._kept: dict[str, Hook] = {}
        self._accounts: dict[str, Account] = {}

    async def find(self, id: str, token: str) -> tuple[Hook, Sender]:
        """The hook that a caller may use, and the account that it posts as.

        One Failure, 404, for a wrong id and a wrong token; 401 where the account is gone or deactivated.
        """
        kept = self._kept.get(id)
        user_id = "" if kept is None else kept.text("userId")
        now = await self._store.revisions(("integrations", id), ("users", user_id))
        hook = await self._at(id, now.rows[0])
        given = hashlib.sha256(token.encode(errors="replace")).digest()
        fits = hmac.compare_digest(given, NEVER if hook is None else hook.digest)
        if hook is None or not fits:
            raise Failure(NOT_FOUND, status=404)
        revision = now.rows[1] if hook is kept else None
        account = await self._account(hook.text("userId"), revision, now.access)
        if account is None:
            raise Failure(NO_ACCOUNT, status=401)
        return hook, account

    async def _at(self, id: str, revision: int | None) -> Hook | None:
        """The hook at this revision of its integration."""
        kept = self._kept.get(id)
        if kept is not None and kept.integration.revision == revision:
            return kept
        stored = None if revision is None else await self._store.get("integrations", id)
        if stored is None:
            return None
        links, sealed = await self._store.links(id), await self._store.secret(id)
        return _keep(self._kept, id, _hook(stored, links, sealed))

    async def _account(self, id: str, revision: int | None, access: int) -> Sender | None:
        """The account, if it is active; a `revision` of None is not known."""
        kept = self._accounts.get(id)
        if kept is not None and revision is not None and (kept.revision, kept.access) == (revision, access):
            return kept.sender
        stored = await self._store.get("users", id)
        if stored is None:
            return None
        found = sender(stored, await self._access.current(access))
        active = found.account.body.get("active", True) is True
        account = Account(found if active else None, stored.revision, access)
        return _keep(self._accounts, id, account).sender


def _keep(kept: dict[str, T], id: str, value: T) -> T:
    """Remember a value; beyond the limit the oldest goes."""
    kept.pop(id, None)
    if len(kept) >= MOST_KEPT:
        del kept[next(iter(kept))]
    kept[id] = value
    return value


def _hook(stored: Stored, links: Sequence[Link], sealed: bytes | None) -> Hook:
    integration = stored.decode()
    token, digest = integration.body.get("token"), NEVER
    if integration.body.get("type") == INCOMING and isinstance(token, str) and token.strip():
        digest = hashlib.sha256(token.encode()).digest()
    return Hook(integration, tuple(links), digest, sealed, masked_copy(stored.text))
