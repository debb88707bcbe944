"""`strongback import`: a Rocket.Chat database dump, taken into this database."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from strongback import app
from strongback.cli.database import database_option, json_option, load, run
from strongback.cli.output import as_json as print_json
from strongback.cli.output import plain, table
from strongback.clock import system_clock
from strongback.errors import Failure
from strongback.importing.dump_reader import UnreadableDump, open_dump
from strongback.importing.import_dump import import_dump
from strongback.importing.report import Report

SHOWN_ENTRIES = 20


@click.command("import")
@click.argument("path", metavar="PATH")
@database_option
@click.option(
    "--archive", is_flag=True, help="PATH is an archive of mongodump --archive; - reads standard input."
)
@click.option("--gzip", is_flag=True, help="The files are compressed, as mongodump --gzip writes them.")
@click.option("--database-name", metavar="NAME", help="Which database of the dump, where it holds several.")
@click.option("--report", "report_file", metavar="FILE", help="Write the whole report to a JSON file.")
@json_option
def import_(
    path: str,
    database: str | None,
    archive: bool,
    gzip: bool,
    database_name: str | None,
    report_file: str | None,
    as_json: bool,
) -> None:
    """Import a mongodump folder or archive, or mongoexport files, from PATH.

    What the dump names is taken, nothing else is changed, and importing again changes nothing. Exit code 1 only
    where a file can not be read at all.
    """
    try:
        report = run(_import(path, database, archive, gzip, database_name))
    except UnreadableDump as error:
        raise Failure(str(error)) from None
    if report_file is not None:
        try:
            Path(report_file).write_text(json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            raise Failure(f"the report can not be written to {report_file}: {error.strerror}") from None
    if as_json:
        print_json(report.as_json())
    else:
        summary(report, report_file)
    if report.unreadable:
        sys.exit(1)


async def _import(
    path: str, database: str | None, archive: bool, gzip: bool, database_name: str | None
) -> Report:
    with open_dump(Path(path), archive=archive, gzip=gzip, database=database_name) as dump, bar() as progress:
        task = progress.add_task("reading", total=None)

        def tell(read: int, size: int, name: str) -> None:
            progress.update(task, completed=read, total=size, description=name)

        settings = load(database=database)
        store = await app.open_store(settings, writing=True)
        try:
            report = await import_dump(store, dump, clock=system_clock, progress=tell)
            await app.prepare(store, settings)  # after the dump, so that what it names is the dump's
        finally:
            await store.close()
        return report


def bar() -> Progress:
    """A progress bar on standard error, silent where that is no terminal."""
    return Progress(
        TextColumn("{task.description:24}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


def summary(report: Report, report_file: str | None) -> None:
    """Print what was taken, changed and refused, and the first reasons."""
    rows = [
        {"kind": kind, "taken": count.taken, "changed": count.changed, "refused": count.refused}
        for kind, count in report.counts.items()
    ]
    table(("kind", "taken", "changed", "refused"), rows)
    for entry in report.entries[:SHOWN_ENTRIES]:
        click.echo(plain(f"{entry.outcome} {entry.kind} {entry.id or ''}: {entry.reason}"))
    more = len(report.entries) + sum(report.left_out.values()) - SHOWN_ENTRIES
    if more > 0 and report_file is None:
        click.echo(f"and {more} more: --report FILE.json writes them all")
    for text in report.unreadable:
        click.echo(plain(text))
    if report.skipped:
        click.echo(f"not imported: {plain(report.skipped)}")
