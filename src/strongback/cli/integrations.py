"""`strongback integrations`: all integrations of the server. Tokens show their last four characters only."""

from collections.abc import Mapping
from typing import Any

import click

from strongback.cli.database import database_option, documents, json_option, reading, run
from strongback.cli.output import as_json as print_json
from strongback.cli.output import listing
from strongback.errors import Failure
from strongback.integrations.mask import Mask
from strongback.storage.selections import IntegrationScope

COLUMNS = (
    "_id",
    "type",
    "name",
    "enabled",
    "channel",
    "username",
    "createdBy",
    "event",
    "urls",
    "_createdAt",
)
EVERY = IntegrationScope(None, ((None, None),))


@click.group()
def integrations() -> None:
    """Look at integrations."""


@integrations.command("list")
@database_option
@json_option
def list_(database: str | None, as_json: bool) -> None:
    """List all integrations."""
    listing(COLUMNS, run(_all(database)), json_wanted=as_json)


@integrations.command("show")
@click.argument("integration_id", metavar="ID")
@database_option
def show(integration_id: str, database: str | None) -> None:
    """Print everything that is stored of an integration, as JSON."""
    print_json(run(_one(database, integration_id)))


def shown(integration: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a listing."""
    creator = integration.get("_createdBy")
    return {
        **masked(integration),
        "createdBy": creator.get("username") if isinstance(creator, Mapping) else None,
    }


def masked(integration: Mapping[str, Any]) -> dict[str, Any]:
    """An integration without its token, in URLs and scripts too."""
    hidden: dict[str, Any] = Mask(integration.get("token"))(dict(integration))
    return hidden


async def _all(database: str | None) -> list[dict[str, Any]]:
    async with reading(database) as store:
        return [shown(one) async for one in documents(store, EVERY, "created")]


async def _one(database: str | None, integration_id: str) -> dict[str, Any]:
    async with reading(database) as store:
        found = await store.get("integrations", integration_id)
    if found is None:
        raise Failure(f"there is no integration {integration_id}")
    return masked(found.decode().body)
