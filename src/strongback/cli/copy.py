"""`strongback copy`: a SQLite database, taken to PostgreSQL."""

import sys

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from strongback import app
from strongback.cli.database import json_option, run
from strongback.cli.output import as_json as print_json
from strongback.cli.output import plain, table
from strongback.copying.copy import copy as copy_tables
from strongback.copying.report import Report, named
from strongback.settings import Settings, SettingsError, database_url
from strongback.webhooks.secrets import KEY_FILE

FROM = "sqlite:///data/strongback.db"
TO = "postgresql://user:password@host/name"
SHOWN_REFUSALS = 20
SHOWN_DIGITS = 12


@click.command("copy")
@click.option("--from", "source", metavar="URL", required=True, help=f"The database, as {FROM}.")
@click.option(
    "--to",
    "target",
    metavar="URL",
    required=True,
    help=f"An empty database, as {TO}, or one that this copy was begun in.",
)
@json_option
def copy(source: str, target: str, as_json: bool) -> None:
    """Copy a SQLite database to an empty PostgreSQL one, and compare all rows.

    No server may use either of them. Interrupted, it goes on where it stopped when it is run again. Exit code 1 where a
    row could not be stored, or the two are not equal.
    """
    report = run(_copy(_settings("--from", source, FROM), _settings("--to", target, TO)))
    if as_json:
        print_json(report.as_json())
    else:
        summary(report)
    if report.refused or report.unequal:
        sys.exit(1)


def _settings(flag: str, url: str, example: str) -> Settings:
    try:
        return Settings(database=database_url(url))
    except ValueError:
        raise SettingsError(f"{flag} must look like {example}") from None


async def _copy(source: Settings, target: Settings) -> Report:
    async with app.copy_ends(source, target) as ends:
        with bar() as progress:
            task = progress.add_task("counting", total=None)

            def begun(before: int, total: int) -> None:
                if before:
                    progress.console.print(
                        f"going on with a copy that was begun: {before:,} of {total:,} rows are behind it",
                        highlight=False,
                        soft_wrap=True,
                    )

            def tell(what: str, behind: int, total: int) -> None:
                progress.update(task, completed=behind, total=total, description=what)

            report = await copy_tables(*ends, begun=begun, tell=tell)
        secrets = next(one for one in report.tables if one.name == "secrets")
    if secrets.target.rows and source.database_path is not None:
        click.echo(
            "signing secrets were copied as they are sealed: give every node STRONGBACK_SECRET_KEY, the text of"
            f" {source.database_path.with_name(KEY_FILE)} or what the server on SQLite was given",
            err=True,
        )
    return report


def bar() -> Progress:
    """A progress bar on standard error, silent where that is no terminal."""
    return Progress(
        TextColumn("{task.description:28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def summary(report: Report) -> None:
    """Print rows and checksums of both sides, and what could not be stored."""
    rows = [
        {
            "table": one.name,
            "source": one.source.rows,
            "target": one.target.rows,
            "refused": len(one.refused),
            "source SHA": one.source.sha256[:SHOWN_DIGITS],
            "target SHA": one.target.sha256[:SHOWN_DIGITS],
            "equal": one.equal,
        }
        for one in report.tables
    ]
    table(list(rows[0]), rows)
    refused = report.refused
    for name, one in refused[:SHOWN_REFUSALS]:
        click.echo(plain(f"refused {name} {named(one)}: {one.reason}"))
    if len(refused) > SHOWN_REFUSALS:
        click.echo(f"and {len(refused) - SHOWN_REFUSALS} more: --json prints them all")
    if report.unequal:
        click.echo(
            f"not equal: {', '.join(report.unequal)}; the target stays closed: name an empty database and copy again"
        )
