"""Import a dump: every collection that we know, in an order in which what is named comes first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from strongback.clock import Clock
from strongback.importing import access, integrations, messages, rooms, subscriptions, users
from strongback.importing.batches import AskAlone, Batches, FindRival, Write
from strongback.importing.draft import Draft, Refused, draft, shown_id
from strongback.importing.dump_reader import Collection, Damage, Dump, UnreadableDump
from strongback.importing.report import Report
from strongback.storage.changes import Changes
from strongback.storage.contract import Store

Progress: TypeAlias = Callable[[int, int, str], None]
"""Told how many bytes are read, of how many, and which collection it is about."""

SHAPES: Mapping[str, Callable[[Draft], Changes]] = {
    "roles": access.role,
    "permissions": access.permission,
    "settings": access.setting,
    "users": users.user,
    "rooms": rooms.room,
    "subscriptions": subscriptions.subscription,
    "history": integrations.history,
    "messages": messages.message,
}
ORDER = (
    "roles",
    "permissions",
    "settings",
    "users",
    "rooms",
    "subscriptions",
    "integrations",
    "history",
    "messages",
)
UNIQUE: Mapping[str, tuple[FindRival, AskAlone]] = {
    "users": (users.rival, users.alone),
    "rooms": (rooms.rival, rooms.alone),
    "subscriptions": (subscriptions.rival, subscriptions.alone),
}
LINKED = {"users": ("user", "username"), "rooms": ("room", "name")}
"""Kinds that integrations are bound to: the kind of link, and the member that it shows."""

DOCUMENTS_PER_PROGRESS = 200

_encode = msgspec.json.encode


async def import_dump(store: Store, dump: Dump, *, clock: Clock, progress: Progress | None = None) -> Report:
    """Write what a dump holds into the store, in constant memory; the dump wins for what it names.

    Nothing else is changed or removed, so importing a dump again changes nothing. What can not be taken is
    refused alone and named in the report. Raises Unavailable where the store can not be written.
    """
    started = clock()
    collections = {kind: found for kind in ORDER if (found := dump.find(kind)) is not None}
    work = _Import(store, progress, sum(collection.size for collection in collections.values()))
    for kind, collection in collections.items():
        await work.read(kind, collection)
    await work.retitle()
    taken = [collection.name for collection in collections.values()]
    report = work.report
    report.skipped = [one.name for one in dump.collections() if one.name not in taken]
    report.milliseconds = clock() - started
    return report


@dataclass(slots=True)
class _Import:
    """One import under way."""

    store: Store
    progress: Progress | None
    total: int
    report: Report = field(default_factory=Report)
    done: int = 0
    renamed: list[tuple[str, str]] = field(default_factory=list)

    async def read(self, kind: str, collection: Collection) -> None:
        """Take every document of a collection; where nothing of it can be read, say so."""
        batches = Batches(self.store, self.report, *UNIQUE.get(kind, ()))
        read, first_damage = 0, ""
        try:
            for number, entry in enumerate(collection.documents()):
                if number % DOCUMENTS_PER_PROGRESS == 0:
                    self.tell(collection.bytes_read, collection.name)
                if isinstance(entry, Damage):
                    first_damage = first_damage or str(entry)
                    self.report.refuse(kind, None, entry.source, f"{entry.place}: {entry.reason}")
                else:
                    read += 1
                    await self.take(kind, entry, collection.source, batches)
            await batches.finish()
        except UnreadableDump as error:
            first_damage = str(error)
            await batches.finish()
        finally:
            await batches.wait()
        if first_damage and not read:
            self.report.unreadable.append(first_damage)
        self.done += collection.size
        self.tell(0, collection.name)

    async def take(self, kind: str, raw: Mapping[str, Any], source: str, batches: Batches) -> None:
        """Convert a document and hand it to the batches, or refuse it."""
        try:
            found = draft(kind, raw, source)
            if kind == "integrations":
                changes = await integrations.integration(found, self.store)
            else:
                changes = SHAPES[kind](found)
        except Refused as refused:
            self.report.refuse(kind, shown_id(raw), source, str(refused))
            return
        if kind in LINKED:
            await self.watch_name(found)
        await batches.add(Write(found, changes, len(_encode(found.body))))

    async def watch_name(self, found: Draft) -> None:
        """Remember a room or a user that has another name here, for the integrations that show it."""
        kind, member = LINKED[found.kind]
        name = await integrations.name_of(kind, found.id, self.store)
        if name and name != found.body.get(member):
            self.renamed.append((kind, found.id))

    async def retitle(self) -> None:
        """Show the new names in all integrations, those that the dump does not hold too."""
        for kind, id in self.renamed:
            await integrations.retitle(kind, id, self.store)

    def tell(self, read: int, name: str) -> None:
        """Tell how far the import is."""
        if self.progress is not None:
            self.progress(min(self.done + read, self.total), self.total, name)
