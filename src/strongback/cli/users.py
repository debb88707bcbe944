"""`strongback users`: accounts, made and listed without a server."""

from typing import Any

import click

from strongback.accounts.caller import Caller
from strongback.accounts.tokens import personal_entry
from strongback.accounts.users import create
from strongback.cli.database import database_option, documents, json_option, reading, run, writing
from strongback.cli.output import as_json as print_json
from strongback.cli.output import listing
from strongback.errors import Conflict, Failure
from strongback.http.services import Services
from strongback.ids import login_token
from strongback.storage.changes import Changes
from strongback.storage.guards import TokenNameFree
from strongback.storage.selections import Everything
from strongback.storage.steps import PutToken

COLUMNS = ("_id", "username", "name", "roles", "active", "type", "createdAt")


@click.group()
def users() -> None:
    """Make and look at accounts."""


@users.command("list")
@database_option
@json_option
def list_(database: str | None, as_json: bool) -> None:
    """List all accounts."""
    listing(COLUMNS, run(_all(database)), json_wanted=as_json)


@users.command("create")
@click.argument("username")
@database_option
@click.option("--name", help="The name shown (default: the username).")
@click.option("--email", help="The e-mail address (default: USERNAME@localhost.localdomain).")
@click.option("--role", "roles", multiple=True, help="A role; may be given several times (default: user).")
@click.password_option(help="The password; asked for where it is not given.")
@json_option
def create_(
    username: str,
    database: str | None,
    name: str | None,
    email: str | None,
    roles: tuple[str, ...],
    password: str,
    as_json: bool,
) -> None:
    """Make the account USERNAME; refused while a server uses the database."""
    given = {
        "username": username,
        "name": name or username,
        "email": email or f"{username}@localhost.localdomain",
        "password": password,
        "roles": list(roles) or None,
    }
    user = run(_create(database, given))
    if as_json:
        print_json({column: user.get(column) for column in COLUMNS})
    else:
        click.echo(f"{user['username']} {user['_id']}")


@users.command("token")
@click.argument("username")
@database_option
@click.option("--name", default="command-line", show_default=True, help="The name of the token.")
@json_option
def token_(username: str, database: str | None, name: str, as_json: bool) -> None:
    """Make a personal access token for USERNAME and print it, this once; refused while a server runs."""
    user_id, token = run(_token(database, username, name))
    if as_json:
        print_json({"userId": user_id, "authToken": token})
    else:
        click.echo(f"X-User-Id: {user_id}\nX-Auth-Token: {token}")


async def _all(database: str | None) -> list[dict[str, Any]]:
    async with reading(database) as store:
        return [user async for user in documents(store, Everything("users"), "username")]


async def operator(services: Services) -> Caller:
    """The person at the command line, who may do what an administrator may."""
    access = await services.access.refresh()
    return Caller("", "", frozenset({"admin"}), access)


async def _create(database: str | None, given: dict[str, Any]) -> dict[str, Any]:
    async with writing(database) as services:
        user = await create(
            services.store, services.clock, await operator(services), given, on_event=services.on_event
        )
        return user.body


async def _token(database: str | None, username: str, name: str) -> tuple[str, str]:
    async with writing(database) as services:
        stored = await services.store.user_by_name(username)
        if stored is None:
            raise Failure(f"there is no account {username}")
        token = login_token()
        entry = personal_entry(stored.id, name, token, services.clock(), bypass_two_factor=True)
        try:
            await services.store.commit(Changes([TokenNameFree(stored.id, name)], [PutToken(entry)]))
        except Conflict:
            raise Failure(f"{username} has a token named {name} already: choose another --name") from None
        return stored.id, token
