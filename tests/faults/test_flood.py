"""Two hundred messages, twenty integrations: four thousand deliveries, none lost, and the memory stays flat."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from strongback.testing.receiver import Receiver
from tests.faults.hub import Hub
from tests.faults.memory import forget_peak, peak, resident
from tests.faults.report import Report

pytestmark = pytest.mark.faults

MEGABYTE = 1024 * 1024
HOOKS, MESSAGES, POSTERS = 20, 200, 4


def test_a_flood(hub: Hub, report: Report) -> None:
    paths = [f"/{number}" for number in range(HOOKS)]
    with Receiver(origins=5) as receiver, ThreadPoolExecutor(POSTERS) as posters:
        for number, path in enumerate(paths):
            hub.hook(path, receiver.urls[number % 5])

        def flood(prefix: str, count: int) -> None:
            replies = posters.map(hub.say, [f"{prefix} {number}" for number in range(count)])
            assert {reply.status for reply in replies} == {200}
            assert set(hub.ended(60)) == {"delivered"}

        flood("warm", 20)
        pid = hub.server.process.pid
        forget_peak(pid)
        before = resident(pid)
        flood("wave", MESSAGES)
        grown = peak(pid) - before
        verdict = hub.oracle.judge(receiver.requests, *paths)
    report(f"flood, {MESSAGES} messages to {HOOKS} integrations", verdict)
    assert verdict.duplicates == 0
    assert grown < 30 * MEGABYTE
