"""`strongback serve` that is told to stop, or killed."""

import signal
from pathlib import Path

import pytest

from tests.wire.server import PATIENCE, Server


def test_a_database_is_free_again_after_a_kill(tmp_path: Path) -> None:
    Server.start(tmp_path).kill()
    assert Server.start(tmp_path).stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_server_that_is_told_to_stop_ends_with_zero(number: signal.Signals, tmp_path: Path) -> None:
    server = Server.start(tmp_path)
    server.admin.get("/api/v1/me").raise_for_status()
    server.process.send_signal(number)
    assert server.process.wait(PATIENCE) == 0
    server.kill()
    assert server.log == ""
    assert not (tmp_path / "strongback.db-wal").exists()


def test_a_server_that_is_to_outlive_its_terminal_does(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; a child inherits it
    try:
        server = Server.start(tmp_path)
    finally:
        signal.signal(signal.SIGHUP, before)
    server.process.send_signal(signal.SIGHUP)
    server.admin.get("/api/v1/me").raise_for_status()
    assert server.stop() == 0
