"""The server is killed from outside, again and again, at random moments under load."""

import random

import pytest

from strongback.testing.answer import Answer
from strongback.testing.received import Received
from tests.faults.hub import Hub
from tests.faults.report import Report

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("seed", range(3))
def test_kills_at_random_moments_under_load(hub: Hub, report: Report, seed: int) -> None:
    chosen = random.Random(seed)
    hub.hook("/a")
    hub.hook("/b", retryFailedCalls=True, retryCount=5, retryDelay="increments-of-two")
    turned_down: set[str] = set()

    def flaky(request: Received) -> Answer:
        if chosen.random() < 0.2 and (text := request.json()["text"]) not in turned_down:
            turned_down.add(text)
            return hub.oracle.refusing(Answer(503, "later"))(request)
        return Answer(200, "{}")

    hub.receiver.script("/a", [Answer(200, "{}", delay=0.01)])
    hub.receiver.script("/b", [flaky])
    with hub.posting():
        for _ in range(3):
            hub.receiver.wait(hub.receiver.count + chosen.randint(1, 150))
            hub.kill()
            hub.server.start()
        hub.receiver.wait(hub.receiver.count + 20)
    assert set(hub.ended()) == {"delivered"}
    report(f"kills under load, seed {seed}", hub.oracle.judge(hub.receiver.requests, "/a", "/b"))


def test_a_poster_that_insists_with_a_key_posts_once(hub: Hub, report: Report) -> None:
    chosen = random.Random(11)
    hub.hook("/a")
    with hub.posting(patient=True):
        for _ in range(3):
            hub.receiver.wait(hub.receiver.count + chosen.randint(1, 80))
            hub.kill()
            hub.server.start()
        hub.receiver.wait(hub.receiver.count + 20)
    assert set(hub.ended()) == {"delivered"}
    report("kills under load, posters insist", hub.oracle.judge(hub.receiver.requests, "/a"))
    posted = [text for (text,) in hub.query("SELECT json_extract(text, '$.msg') FROM messages")]
    assert sorted(posted) == sorted(hub.oracle.accepted)
