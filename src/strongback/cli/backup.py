"""`strongback backup`: a copy of the database, made while the server runs."""

from pathlib import Path

import click

from strongback.cli.database import database_option, reading, run


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@database_option
def backup(file: Path, database: str | None) -> None:
    """Copy the database to a new FILE; a server may go on using it.

    The copy is a database itself: start it with `strongback serve --database sqlite:///FILE`.
    """
    run(_copy(database, file))
    click.echo(f"{file}: {file.stat().st_size:,} bytes")


async def _copy(database: str | None, file: Path) -> None:
    async with reading(database) as store:
        await store.backup(file)
