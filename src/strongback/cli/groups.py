"""`strongback groups`: private groups, and what is attached to them."""

from typing import Any

import click

from strongback.cli.database import database_option, documents, json_option, reading, run
from strongback.cli.integrations import COLUMNS, shown
from strongback.cli.output import listing
from strongback.errors import Failure
from strongback.storage.selections import Everything, IntegrationScope

GROUP_COLUMNS = ("_id", "name", "usersCount", "msgs", "archived", "topic")


@click.group()
def groups() -> None:
    """Look at private groups."""


@groups.command("list")
@database_option
@json_option
def list_(database: str | None, as_json: bool) -> None:
    """List all private groups."""
    listing(GROUP_COLUMNS, run(_groups(database)), json_wanted=as_json)


@groups.command("integrations")
@click.argument("group")
@database_option
@json_option
def integrations_(group: str, database: str | None, as_json: bool) -> None:
    """List the integrations of a GROUP, given by name or id, those for all private groups included."""
    listing(COLUMNS, run(_attached(database, group)), json_wanted=as_json)


async def _groups(database: str | None) -> list[dict[str, Any]]:
    async with reading(database) as store:
        found = [
            room async for room in documents(store, Everything("rooms"), "created") if room.get("t") == "p"
        ]
    return sorted(found, key=lambda room: str(room.get("name")))


async def _attached(database: str | None, group: str) -> list[dict[str, Any]]:
    async with reading(database) as store:
        room = await store.room_by_name(group, "") or await store.room_by_id(group, "")
        if room is None or room.type != "p":
            raise Failure(f"there is no private group {group}")
        scope = IntegrationScope((("room", room.id), ("scope", "all_private_groups")), ((None, None),))
        return [shown(one) async for one in documents(store, scope, "created")]
