"""Make dumps, import them, and read everything back."""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import bson

from strongback.documents.document import Document
from strongback.importing.dump_reader import open_dump
from strongback.importing.import_dump import Progress, import_dump
from strongback.importing.report import Report
from strongback.storage.contract import Store
from tests.stores import open_store, raw_rows, tables

SAMPLE = Path(__file__).parent.parent / "data" / "dump"
NAMES = {
    "users": "users",
    "rooms": "rocketchat_room",
    "subscriptions": "rocketchat_subscription",
    "messages": "rocketchat_message",
    "settings": "rocketchat_settings",
    "permissions": "rocketchat_permissions",
    "roles": "rocketchat_roles",
    "integrations": "rocketchat_integrations",
    "history": "rocketchat_integration_history",
}

COUNTERS = {"sequence", "state"}
"""Tables that hold nothing but revisions."""

Documents = Mapping[str, Any]


def user(id: str, username: str | None, **more: Any) -> Documents:
    """A user as a dump holds it."""
    named = {} if username is None else {"username": username}
    return {"_id": id, **named, "active": True, "roles": ["user"], **more}


def room(id: str, name: str | None, **more: Any) -> Documents:
    """A private group as a dump holds it."""
    named = {} if name is None else {"name": name}
    return {"_id": id, **named, "t": "p", **more}


def subscription(id: str, rid: str, user_id: str, **more: Any) -> Documents:
    """A membership as a dump holds it."""
    return {"_id": id, "rid": rid, "u": {"_id": user_id}, **more}


def integration(id: str, channel: Any, **more: Any) -> Documents:
    """An incoming integration as a dump holds it."""
    base = {"_id": id, "type": "webhook-incoming", "name": id, "enabled": True, "scriptEnabled": False}
    return {**base, "username": "ann", "userId": "u1", "channel": channel, **more}


def write_dump(folder: Path, **collections: Iterable[Documents]) -> Path:
    """Write a mongodump folder in place of what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for kind, documents in collections.items():
        (folder / f"{NAMES[kind]}.bson").write_bytes(b"".join(bson.encode(one) for one in documents))
    return folder


class Database:
    """A store of a test, and how dumps get into it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder

    @classmethod
    async def open(cls, folder: Path) -> "Database":
        """Open or make the database of a folder."""
        return cls(await open_store(folder), folder)

    async def take(self, path: Path, *, progress: Progress | None = None, **options: Any) -> Report:
        """Import a dump."""
        with open_dump(path, **options) as dump:
            report = await import_dump(self.store, dump, clock=lambda: 0, progress=progress)
        json.dumps(report.as_json())
        return report

    async def document(self, kind: str, id: str) -> Document:
        """A document that must be there."""
        stored = await self.store.get(kind, id)
        assert stored is not None, f"{kind} has no {id}"
        return stored.decode()

    async def body(self, kind: str, id: str) -> dict[str, Any]:
        """The members of a document that must be there."""
        return (await self.document(kind, id)).body

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables, without revisions."""
        return {
            name: sorted(map(_without_revision, raw_rows(self.folder, name)), key=repr)
            for name in tables(self.folder)
            if name not in COUNTERS
        }


def _without_revision(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(value for column, value in row.items() if column != "revision")


def refused(report: Report) -> dict[str | None, str]:
    """By id, why documents were refused."""
    return {entry.id: entry.reason for entry in report.entries if entry.outcome == "refused"}


def changed(report: Report) -> list[tuple[str | None, str]]:
    """What was changed, with ids."""
    return [(entry.id, entry.reason) for entry in report.entries if entry.outcome == "changed"]
