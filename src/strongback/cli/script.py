"""`strongback script`: scripts of integrations, without a server."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from strongback.cli.database import load, run
from strongback.cli.output import as_json as print_json
from strongback.cli.script_fixture import METHODS, Fixture, UnusableFixture, answering, read
from strongback.egress.client import Client, Policy
from strongback.scripts.compile import Compiler
from strongback.scripts.contract import Fetch, FetchCall, Fetched, FetchError, Run, Script, ScriptError
from strongback.scripts.pool import Pool
from strongback.webhooks.script_fetch import script_fetch

FAILED = 1
ID = "script"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(slots=True)
class Report:
    """What became of a script: a run, or the reason that there is none."""

    run: Run | None = None
    kind: str = ""
    error: str = ""
    console: tuple[str, ...] = ()
    fetched: list[str] = field(default_factory=list)
    store: dict[str, Any] = field(default_factory=dict)
    compile_ms: float = 0.0


@click.group()
def script() -> None:
    """Try scripts of integrations."""


@script.command("run")
@click.argument("file", type=FILE)
@click.option("--fixture", type=FILE, help="A JSON file with the request, and more: docs/scripts.md.")
@click.option(
    "--method", type=click.Choice(METHODS), default=METHODS[0], show_default=True, help="The method to call."
)
@click.option("--dev", is_flag=True, default=None, help="Let fetch call this machine.")
@click.option(
    "--allow", metavar="LIST", help="Networks and hosts that fetch may call although they are private."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def run_(
    file: Path, fixture: Path | None, method: str, dev: bool | None, allow: str | None, as_json: bool
) -> None:
    """Compile a script and call one of its methods, as the server does; print what comes of it.

    Exit codes: 0 it answered, 1 it did not compile or failed or has no such method, 2 usage.
    """
    try:
        source = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise click.BadParameter(f"{file} is not UTF-8.", param_hint="FILE") from None
    try:
        given = read(fixture.read_text(encoding="utf-8") if fixture else "{}", method)
    except (UnusableFixture, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{fixture} {error}.", param_hint="--fixture") from None
    settings = load(dev=dev, egress_allow=allow)
    policy = Policy(settings.egress_allow, settings.dev)
    report = run(_report(source, method, given, policy))
    (print_as_json if as_json else print_as_text)(report)
    if report.run is None:
        raise click.exceptions.Exit(FAILED)


async def _report(source: str, method: str, given: Fixture, policy: Policy) -> Report:
    report, client, compiler, pool = Report(), Client(policy), Compiler(), Pool()
    fetch = script_fetch(client) if given.answers is None else answering(given.answers)
    if given.store:
        pool.store[ID] = json.dumps(given.store)
    try:
        compiled = await _compile(report, compiler, source)
        if compiled is not None:
            _enter(report, method, await pool.run(compiled, method, given.argument, _watched(fetch, report)))
        report.store = json.loads(pool.store.get(ID, "{}"))
    except ScriptError as error:
        report.kind, report.error, report.console = error.kind, str(error), error.console
    finally:
        await asyncio.gather(pool.close(), compiler.close(), client.close())
    return report


async def _compile(report: Report, compiler: Compiler, source: str) -> Script | None:
    begun = time.perf_counter()
    compiled = await compiler.compile(source)
    report.compile_ms = (time.perf_counter() - begun) * 1000
    if compiled.error is not None:
        report.kind, report.error = "compiling", compiled.error["stack"]
    return None if compiled.code is None else Script(ID, "1", compiled.code)


def _enter(report: Report, method: str, answer: Run) -> None:
    report.console = answer.console
    if answer.absent:
        report.kind, report.error = "absent", f"The script has no method {method}."
    else:
        report.run = answer


def _watched(fetch: FetchCall, report: Report) -> FetchCall:
    async def watched(asked: Fetch) -> Fetched:
        try:
            answer = await fetch(asked)
        except FetchError as error:
            report.fetched.append(f"{asked.method} {asked.url}: {error}")
            raise
        report.fetched.append(f"{asked.method} {asked.url}: {answer.status}")
        return answer

    return watched


def print_as_json(report: Report) -> None:
    """Print everything for a program."""
    whole: dict[str, Any] = {"ok": report.run is not None}
    if report.run is None:
        whole["error"] = {"kind": report.kind, "message": report.error}
    else:
        whole["result"] = report.run.value
    whole |= {"console": report.console, "fetch": report.fetched, "store": report.store}
    whole["compileMs"] = round(report.compile_ms, 3)
    if report.run is not None:
        whole |= {"cpuMs": round(report.run.cpu_ms, 3), "memoryBytes": report.run.memory}
    print_json(whole)


def print_as_text(report: Report) -> None:
    """Print the result on stdout, all else on stderr."""
    for line in report.console:
        click.echo(f"console: {_safe(line)}", err=True)
    for line in report.fetched:
        click.echo(f"fetch: {_safe(line)}", err=True)
    if report.store:
        click.echo(f"store: {json.dumps(report.store)}", err=True)
    if report.run is None:
        click.echo(f"strongback: {_safe(report.error)}", err=True)
        return
    click.echo(
        f"took: {report.run.cpu_ms:.1f} ms of processor time, {report.run.memory / 1024:.0f} KB of memory; "
        f"compiled in {report.compile_ms:.0f} ms",
        err=True,
    )
    print_json(report.run.value)


def _safe(text: str) -> str:
    """A text that cannot move a terminal's cursor; its lines stay."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
