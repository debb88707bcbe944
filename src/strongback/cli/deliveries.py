"""`strongback deliveries`: what outgoing integrations have sent and have yet to send, and sending it again."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import click
import msgspec

from strongback.cli.api import Login, post
from strongback.cli.database import database_option, json_option, load, reading, run, writing
from strongback.cli.output import as_json as print_json
from strongback.cli.output import listing
from strongback.cli.users import operator
from strongback.errors import Failure, Unavailable
from strongback.settings import Settings
from strongback.storage.contract import Store
from strongback.storage.deliveries import STATES, Delivery, State
from strongback.storage.selections import Having, IntegrationScope
from strongback.webhooks.deliveries import shown, token_mask
from strongback.webhooks.replay import replay

COLUMNS = (
    "_id",
    "createdAt",
    "event",
    "integrationId",
    "url",
    "state",
    "attempts",
    "nextAt",
    "reason",
)
MOST = 1_000_000_000
"""So many deliveries are listed at most: what a database takes for a number ends somewhere."""

EVERY = IntegrationScope(None, ((None, None),))
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what a server listens on, and where it is called


@click.group()
def deliveries() -> None:
    """Look at deliveries, and send them again."""


@deliveries.command("list")
@click.option("--integration", "integration_id", metavar="ID", help="Of this integration alone.")
@click.option("--state", type=click.Choice(STATES), help="In this state alone.")
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=50, show_default=True, help="No more than these."
)
@database_option
@json_option
def list_(
    integration_id: str | None, state: State | None, limit: int, database: str | None, as_json: bool
) -> None:
    """List deliveries, the newest first."""
    listing(COLUMNS, run(_list(database, integration_id, state, limit)), json_wanted=as_json)


@deliveries.command("show")
@click.argument("delivery_id", metavar="ID")
@database_option
def show(delivery_id: str, database: str | None) -> None:
    """Print a delivery as JSON: what happened, what is sent because of it, and what history has of each attempt."""
    print_json(run(_show(database, delivery_id)))


@deliveries.command("replay")
@click.argument("delivery_ids", metavar="ID...", nargs=-1, required=True)
@click.option("--render", is_flag=True, help="Prepare the request anew, with the integration as it is now.")
@click.option("--url", envvar="STRONGBACK_URL", help="The running server (default: where the settings say).")
@click.option("--user-id", envvar="STRONGBACK_USER_ID", help="Who asks the running server.")
@click.option("--token", envvar="STRONGBACK_TOKEN", help="The token of that user; better in the environment.")
@database_option
def replay_(
    delivery_ids: Sequence[str],
    render: bool,
    url: str | None,
    user_id: str | None,
    token: str | None,
    database: str | None,
) -> None:
    """Send deliveries again, each with its id and its body; prints the new deliveries, one a line.

    Beside a running server it is the server that is asked, with a personal access token of somebody who may manage the
    integration: set STRONGBACK_USER_ID and STRONGBACK_TOKEN. Without them no server may run, and the next one that
    starts sends what is owed.
    """
    if user_id and token:
        login = Login(url or _address(load()), user_id, token)
        run(_ask(database, login, delivery_ids, render=render))
    else:
        run(_write(database, delivery_ids, render=render))


async def _list(
    database: str | None, integration_id: str | None, state: State | None, limit: int
) -> list[dict[str, Any]]:
    async with reading(database) as store:
        ids = [integration_id] if integration_id else [one async for one in _integrations(store)]
        found = [
            delivery for id in ids for delivery in (await store.deliveries(id, state, 0, limit)).deliveries
        ]
        if len(ids) > 1:
            found.sort(key=lambda delivery: delivery.created, reverse=True)
        return [await _row(store, delivery) for delivery in found[:limit]]


async def _integrations(store: Store) -> AsyncIterator[str]:
    async for rows in store.scan(EVERY, "id"):
        for row in rows:
            yield row.id


async def _row(store: Store, delivery: Delivery) -> dict[str, Any]:
    return await shown(store, delivery, await store.get("integrations", delivery.integration_id))


async def _show(database: str | None, id: str) -> dict[str, Any]:
    async with reading(database) as store:
        delivery = await _delivery(store, id)
        integration = await store.get("integrations", delivery.integration_id)
        event = await store.event(delivery.event_id)
        request = None if delivery.request is None else msgspec.json.decode(delivery.request)
        records = Having("history", "integration_id", delivery.integration_id)
        attempts = [
            body
            async for rows in store.scan(records, "updated")
            for row in rows
            if (body := row.decode().body).get("deliveryId") == id
        ]
        whole = {
            **await shown(store, delivery, integration),
            "data": None if event is None else msgspec.json.decode(event.body),
            "request": request,
            "history": [
                {name: value for name, value in body.items() if name != "integration"}
                for body in reversed(attempts)
            ],
        }
        masked: dict[str, Any] = token_mask(integration)(whole)
        return masked


async def _delivery(store: Store, id: str) -> Delivery:
    found = await store.delivery(id)
    if found is None:
        raise Failure(f"there is no delivery {id}")
    return found


async def _ask(database: str | None, login: Login, ids: Sequence[str], *, render: bool) -> None:
    """Let the server replay."""
    async with reading(database) as store:
        found = [await _delivery(store, id) for id in ids]
    for delivery in found:
        body = {"integrationId": delivery.integration_id, "deliveryId": delivery.id, "render": render}
        click.echo((await post(login, "integrations.replay", body))["deliveryId"])


async def _write(database: str | None, ids: Sequence[str], *, render: bool) -> None:
    """Replay without a server."""
    try:
        async with writing(database) as services:
            store, clock, caller = services.store, services.clock, await operator(services)
            for delivery in [await _delivery(store, id) for id in ids]:
                to = delivery.integration_id
                click.echo(await replay(store, clock, caller, to, delivery_id=delivery.id, render=render))
    except Unavailable as error:
        raise Unavailable(
            f"{error}; or set STRONGBACK_USER_ID and STRONGBACK_TOKEN to ask the server"
        ) from None


def _address(settings: Settings) -> str:
    """Where a server with these settings is called."""
    host = ANYWHERE.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host and host[0] != '[' else host}:{settings.port}"
