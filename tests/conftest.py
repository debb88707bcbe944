"""What every test may use, and the option that names the store."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import stores
from tests.faults import report


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the store."""
    parser.addoption(
        "--store", choices=("sqlite", "postgres"), default="sqlite", help="the store that tests run on"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose the store; at the end of the run, whatever happened, stop what was started for it."""
    # asyncpg drops a future where a connection ends while it asks for TLS, and the loop then tells of it in any test.
    os.environ.setdefault("PGSSLMODE", "disable")
    stores.run.store = config.getoption("store")
    config.add_cleanup(stores.run.end)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs no run on another store where one was asked for; let files with slow tests begin.

    Workers are given whole files: a slow one at the end would leave the others without work.
    """
    if stores.run.store != "sqlite":
        config.hook.pytest_deselected(items=[item for item in items if _has_run(item)])
        items[:] = [item for item in items if not _has_run(item)]
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def _has_run(item: pytest.Item) -> bool:
    """Whether a run on SQLite has had the test, which is the same on every store."""
    return any(item.get_closest_marker(name) for name in ("sqlite", "once"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the lines of the faults, and which tests found no PostgreSQL."""
    report.pytest_terminal_summary(terminalreporter)
    reasons = [
        str(skipped.longrepr[2])
        for skipped in terminalreporter.stats.get("skipped", ())
        if isinstance(skipped.longrepr, tuple) and stores.NOT_RUN in skipped.longrepr[2]
    ]
    if reasons:
        terminalreporter.section("NOT TESTED ON POSTGRESQL", red=True, bold=True)
        for reason in dict.fromkeys(reasons):
            terminalreporter.write_line(f"{reasons.count(reason)} tests {reason.removeprefix('Skipped: ')}")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutines under test run on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """pytest's folder; what belongs to it in PostgreSQL goes when the test ends."""
    yield tmp_path
    stores.run.forget(tmp_path)
