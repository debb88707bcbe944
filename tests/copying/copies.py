"""Databases to copy, and the command as a process of its own: what it says and leaves behind."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from strongback import app
from strongback.copying.copy import Tell
from strongback.copying.copy import copy as copy_tables
from strongback.copying.report import Report
from strongback.documents.document import Document
from strongback.settings import Settings
from strongback.storage.changes import Changes
from strongback.storage.steps import Put, Step
from tests.stores import database_url, execute, open_store
from tests.wire.server import environment

PATIENCE = 100.0


def put(kind: str, id: str, **members: Any) -> Put:
    """A step that writes a document."""
    return Put(kind, Document(id, {"_id": id, **members}))


def fill(folder: Path, *steps: Step) -> str:
    """A database with what some steps write; its URL."""

    async def write() -> None:
        store = await open_store(folder, "sqlite")
        await store.commit(Changes(steps=[put("rooms", "r1", name="ops", t="p"), *steps]))
        await store.close()

    asyncio.run(write())
    return database_url(folder, "sqlite")


def command(source: str, target: str, *flags: str) -> list[str]:
    """The words of the command."""
    return [sys.executable, "-m", "strongback.cli.main", "copy", "--from", source, "--to", target, *flags]


def copy(source: str, target: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        command(source, target, *flags),
        capture_output=True,
        text=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )


def report(source: str, target: str, code: int = 0) -> dict[str, Any]:
    """Copy; the report."""
    done = copy(source, target, "--json")
    assert done.returncode == code, done
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def copy_here(source: str, target: str, tell: Tell) -> Report:
    """Copy in this process, and hear how far it is."""
    async with app.copy_ends(Settings(database=source), Settings(database=target)) as ends:
        return await copy_tables(*ends, begun=lambda before, total: None, tell=tell)


def refused(source: str, target: str) -> str:
    """The line with which a copy is refused that can not begin."""
    done = copy(source, target)
    assert done.returncode == 2, done
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def of(report: dict[str, Any], table: str) -> dict[str, Any]:
    """What a report says of a table."""
    (found,) = [one for one in report["tables"] if one["table"] == table]
    return dict(found)


def exists(folder: Path, table: str) -> bool:
    """Whether the folder's database on PostgreSQL has a table."""
    ((found),) = execute(folder, "SELECT to_regclass($1) IS NOT NULL AS found", table, store="postgres")
    return bool(found["found"])
