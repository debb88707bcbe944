"""What the commands share: the option `--database`, reading beside a server, writing without one."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import click

from strongback import app
from strongback.http.services import Services
from strongback.settings import Settings
from strongback.storage.contract import Store
from strongback.storage.selections import Selection

T = TypeVar("T")

database_option = click.option(
    "--database",
    metavar="URL",
    help="The database, as sqlite:///path or postgresql://user:password@host/name (default: STRONGBACK_DATABASE,"
    " else sqlite:///data/strongback.db).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def load(**flags: Any) -> Settings:
    """Load the settings from flags and the environment."""
    return Settings.load(flags, os.environ)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end."""
    return asyncio.run(work)


@asynccontextmanager
async def reading(database: str | None) -> AsyncIterator[Store]:
    """Open the database for reading; a server may be using it."""
    store = await app.open_store(load(database=database), writing=False)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def writing(database: str | None) -> AsyncIterator[Services]:
    """Open the database for writing; refused while a server uses it."""
    settings = load(database=database)
    store = await app.open_store(settings, writing=True)
    try:
        yield await app.prepare(store, settings)
    finally:
        await store.close()


async def documents(store: Store, selection: Selection, order: str) -> AsyncIterator[dict[str, Any]]:
    """Every document of a selection, hidden members left out."""
    async for rows in store.scan(selection, order):
        for row in rows:
            body = row.decode().body
            yield {key: value for key, value in body.items() if row.hidden is None or key not in HIDDEN}


HIDDEN = frozenset({"joinCode", "members", "importIds", "e2e", "services", "inviteToken"})
