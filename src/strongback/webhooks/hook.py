"""The hook of an incoming integration: found by id and token, kept in memory by its revision (spec/06 A2)."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strongback.documents.document import Document, Stored
from strongback.errors import Failure
from strongback.integrations.reveal import masked_text
from strongback.integrations.scope import INCOMING
from strongback.storage.changes import Link
from strongback.storage.contract import Store

NOT_FOUND = "Invalid integration id or token provided."
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


class Hooks:
    """All hooks; those that were called last are in memory."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: dict[str, Hook] = {}

    async def find(self, id: str, token: str, revision: int | None) -> Hook:
        """The hook with this id and token, at this revision; one Failure for a wrong id and a wrong token."""
        hook = None if revision is None else await self._at(id, revision)
        given = hashlib.sha256(token.encode(errors="replace")).digest()
        fits = hmac.compare_digest(given, NEVER if hook is None else hook.digest)
        if hook is None or not fits:
            raise Failure(NOT_FOUND, status=404)
        return hook

    async def _at(self, id: str, revision: int) -> Hook | None:
        kept = self._kept.get(id)
        if kept is not None and kept.integration.revision == revision:
            return kept
        stored = await self._store.get("integrations", id)
        if stored is None:
            return None
        self._kept.pop(id, None)
        if len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        links, sealed = await self._store.links(id), await self._store.secret(id)
        return self._kept.setdefault(id, _hook(stored, links, sealed))


def _hook(stored: Stored, links: Sequence[Link], sealed: bytes | None) -> Hook:
    integration = stored.decode()
    token, digest = integration.body.get("token"), NEVER
    if integration.body.get("type") == INCOMING and isinstance(token, str) and token.strip():
        digest = hashlib.sha256(token.encode()).digest()
    return Hook(integration, tuple(links), digest, sealed, masked_text(stored.text))
