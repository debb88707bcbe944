"""Permissions: the cached table of grants, and the changes an administrator makes to it (spec/03)."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from strongback.accounts.caller import Caller
from strongback.accounts.retry import TRIES
from strongback.accounts.setting_defaults import SETTINGS
from strongback.clock import Clock
from strongback.documents.dates import parse_date
from strongback.documents.document import Document
from strongback.errors import Conflict, Failure, Unavailable
from strongback.storage.changes import Changes
from strongback.storage.contract import Access, Store
from strongback.storage.guards import Unchanged
from strongback.storage.selections import Everything
from strongback.storage.steps import Put


class AccessCache:
    """Permissions, roles and settings as last read; older than the revision asked for, it reads again."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._reloading: set[asyncio.Task[None]] = set()
        self.newest = access

    @classmethod
    async def load(cls, store: Store) -> "AccessCache":
        """Read for the first time, and from then on also when another process has changed something."""
        cache = cls(store, sound(await store.access()))
        store.on_access(cache.reload)
        return cache

    async def current(self, revision: int) -> Access:
        """The table at this revision or a newer one."""
        return self.newest if self.newest.revision >= revision else await self.refresh()

    async def refresh(self) -> Access:
        """Read again, after a write of this process."""
        access = sound(await self._store.access())
        if access.revision >= self.newest.revision:  # else a later read was answered first
            self.newest = access
        return self.newest

    def reload(self) -> None:
        """Read again soon. Nobody waits for it: every request says which revision it needs."""
        task = asyncio.create_task(self._reload())
        self._reloading.add(task)
        task.add_done_callback(self._reloading.discard)

    async def _reload(self) -> None:
        with contextlib.suppress(Unavailable):
            await self.refresh()


def sound(access: Access) -> Access:
    """The table with every setting that the server reads: one that is missing or of another type has its default.

    An import may bring settings of any shape.
    """
    repaired = {
        id: default for id, default in SETTINGS.items() if type(access.settings.get(id)) is not type(default)
    }
    return replace(access, settings={**access.settings, **repaired}) if repaired else access


async def list_all(store: Store, updated_since: str | None = None) -> list[Document]:
    """All permissions, or those changed after a date; raises Failure for text that is no date."""
    since = 0
    if updated_since is not None:
        since = date_parameter(updated_since)
    documents = [stored.decode() for stored in await store.select(Everything("permissions"))]
    return [document for document in documents if changed(document) > since or updated_since is None]


def date_parameter(text: str) -> int:
    """A date in epoch milliseconds from a query parameter; Failure `error-roomId-param-invalid` otherwise."""
    for written in (text, f"{text.removesuffix('Z')}.000Z", f"{text}T00:00:00.000Z"):
        value = parse_date(written)
        if value is not None:
            return value
    raise Failure('The "updatedSince" query parameter must be a valid date.', "error-roomId-param-invalid")


def changed(document: Document) -> int:
    """When a document was last changed, in epoch milliseconds; 0 where it does not say."""
    value = document.body.get("_updatedAt")
    return (parse_date(value) or 0) if isinstance(value, str) else 0


async def update(
    store: Store, clock: Clock, cache: AccessCache, caller: Caller, given: object
) -> list[Document]:
    """Replace the roles of the permissions named; all of them or none. Answers all permissions (spec/03)."""
    if not caller.may("access-permissions"):
        raise Failure(
            "Editing permissions is not allowed", "error-edit-permissions-not-allowed", bracket=False
        )
    wanted = _wanted(given)
    for _ in range(TRIES):
        changes = Changes()
        access = await store.access()
        if not wanted.keys() <= access.permissions.keys():
            raise Failure("Invalid permission", "error-invalid-permission", bracket=False)
        if any(role not in access.roles for roles in wanted.values() for role in roles):
            raise Failure("Invalid role", "error-invalid-role", bracket=False)
        for id, roles in wanted.items():
            stored = await store.get("permissions", id)
            if stored is None:
                break
            document = stored.decode()
            document.set("roles", list(roles))
            document.set_date("_updatedAt", clock())
            changes.guards.append(Unchanged("permissions", id, document.revision))
            changes.steps.append(Put("permissions", document))
        else:
            try:
                await store.commit(changes)
            except Conflict:
                continue
            await cache.refresh()
            return await list_all(store)
    raise Unavailable("the permissions are being changed by others; try again in a moment")


def _wanted(given: object) -> Mapping[str, Sequence[str]]:
    """The body of permissions.update, checked; Failure for any other shape."""
    invalid = Failure("Invalid body params", "error-invalid-body-params", bracket=False)
    if not isinstance(given, list):
        raise invalid
    wanted: dict[str, Sequence[str]] = {}
    for entry in given:
        if not isinstance(entry, dict) or entry.keys() != {"_id", "roles"}:
            raise invalid
        id, roles = entry["_id"], entry["roles"]
        if not isinstance(id, str) or not isinstance(roles, list):
            raise invalid
        if not all(isinstance(role, str) for role in roles) or len(set(roles)) < len(roles):
            raise invalid
        if id in wanted:
            raise Failure("Invalid permission", "error-invalid-permission", bracket=False)
        wanted[id] = roles
    return wanted
