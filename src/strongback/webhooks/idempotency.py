"""The same call twice: within 24 hours the second gets the answer to the first, and posts nothing."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import StoredAnswer
from strongback.storage.guards import KeyFree
from strongback.storage.steps import PutKey
from strongback.webhooks.schedule import HOUR
from strongback.webhooks.sign import ID

KEPT_MS = 24 * HOUR
LONGEST_KEY = 255
HEADER = "idempotency-key"


@dataclass(frozen=True, slots=True)
class Once:
    """A key that a caller gave, for one integration, and what it was given for."""

    integration_id: str
    key: str
    digest: str

    async def answered(self, store: Store, now: int) -> StoredAnswer | None:
        """What the first call with this key was answered; Failure where that call said something else."""
        found = await store.answered(self.integration_id, self.key, now - KEPT_MS)
        if found is not None and found.digest != self.digest:
            raise Failure("This idempotency key was used in the last 24 hours for a call with another body")
        return found

    def keep(self, changes: Changes, status: int, body: str, now: int) -> None:
        """Let the changes hold the answer, and fail where another call with this key came first."""
        changes.guards.append(KeyFree(self.integration_id, self.key, now - KEPT_MS))
        changes.steps.append(PutKey(self.integration_id, self.key, self.digest, status, body, now))


def once(
    integration_id: str, headers: Mapping[str, str], query: bytes, body: bytes, *, signed: bool
) -> Once | None:
    """The key of a call, if it has one: of a signed call its signed id, which nobody can exchange for another."""
    for name in (ID,) if signed else (HEADER, ID):
        key = headers.get(name)
        if key is None:
            continue
        if not 0 < len(key) <= LONGEST_KEY:
            raise Failure(f"The header {name} must have 1 to {LONGEST_KEY} characters")
        return Once(integration_id, key, hashlib.sha256(query + b"\0" + body).hexdigest())
    return None
