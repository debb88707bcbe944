"""`strongback check`: is the database sound?"""

import sys

import click

from strongback.cli.database import database_option, json_option, reading, run
from strongback.cli.output import as_json as print_json
from strongback.cli.output import plain


@click.command()
@database_option
@json_option
def check(database: str | None, as_json: bool) -> None:
    """Check the database, every document and every link; exit code 1 if anything is wrong."""
    problems, counts = run(_check(database))
    if as_json:
        print_json({"problems": problems, "documents": counts})
    else:
        for problem in problems:
            click.echo(plain(problem))
        total = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if count)
        click.echo(f"{len(problems)} problems in {total or 'an empty database'}")
    if problems:
        sys.exit(1)


async def _check(database: str | None) -> tuple[list[str], dict[str, int]]:
    async with reading(database) as store:
        return await store.check(), await store.counts()
