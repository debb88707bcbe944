"""The server ends itself at a named point, as a power cut would, and is started again."""

import pytest

from tests.faults.conftest import StartHub
from tests.faults.report import Report

pytestmark = pytest.mark.faults

NOTHING_SENT = ("after-commit", "after-claim")


@pytest.mark.parametrize("point", [*NOTHING_SENT, "after-send", "after-response"])
def test_a_crash_loses_nothing(start_hub: StartHub, report: Report, point: str) -> None:
    hub = start_hub(STRONGBACK_CRASH_AT=f"{point}:1")
    hub.hook("/a")
    hub.hook("/b")
    with hub.posting():
        hub.crashed()
        arrived = hub.receiver.requests
        hub.server.start(STRONGBACK_CRASH_AT=f"{point}:40")
        hub.crashed()
        hub.server.start(STRONGBACK_CRASH_AT="")
        before = len(hub.oracle.accepted)
        hub.receiver.wait_until(lambda _: len(hub.oracle.accepted) >= before + 20)
    assert set(hub.ended()) == {"delivered"}
    verdict = hub.oracle.judge(hub.receiver.requests, "/a", "/b")
    report(f"crash {point}", verdict)
    assert verdict.accepted >= 40
    if point in NOTHING_SENT:
        assert arrived == []
    else:
        assert verdict.duplicates >= 1
