"""The pytest plugin: the fixtures `strongback_server` and `receiver`."""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from strongback.testing.receiver import Receiver
    from strongback.testing.server import Server

ENV = "strongback_env"
SCOPE = "strongback_scope"
SCOPES = ("function", "class", "module", "package", "session")
SERVER = "strongback_server"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of pytest's configuration file."""
    parser.addini(ENV, "settings of the server of strongback_server, one NAME=value a line", type="linelist")
    parser.addini(SCOPE, f"how long a strongback_server lives: {', '.join(SCOPES)}", default="function")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", f"{ENV}(NAME='value', ...): settings of the server of {SERVER}")


def _scope(fixture_name: str, config: pytest.Config) -> Any:
    scope = config.getini(SCOPE)
    if scope not in SCOPES:
        raise pytest.UsageError(f"{SCOPE} must be one of {', '.join(SCOPES)}, not {scope!r}")
    return scope


@pytest.fixture(scope=_scope)
def strongback_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator["Server"]:
    """A real server on a free port, with an administrator's token and a private group."""
    from strongback.testing.server import Server  # noqa: PLC0415 - most runs of pytest need no server

    env = dict(line.split("=", 1) for line in request.config.getini(ENV))
    for marker in reversed(list(request.node.iter_markers(ENV))):
        env |= marker.kwargs
    with Server(tmp_path_factory.mktemp("strongback"), env=env) as server:
        yield server


@pytest.fixture
def receiver() -> Iterator["Receiver"]:
    """An HTTP receiver that records what arrives, and answers, fails or hangs as told."""
    from strongback.testing.receiver import Receiver  # noqa: PLC0415 - most runs of pytest need no receiver

    with Receiver() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the server's log under a test that failed."""
    report = yield
    server = getattr(item, "funcargs", {}).get(SERVER)
    if report.failed and server is not None:
        report.sections.append(("log of strongback_server", server.log))
    return report
