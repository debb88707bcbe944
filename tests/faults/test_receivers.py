"""Receivers that misbehave, all at once: each gets what it is owed, and the others do not notice."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from strongback.testing.answer import (
    Answer,
    Behaviour,
    bomb,
    drip,
    endless,
    garbage,
    half,
    hang,
    headers_only,
    redirect,
    reset,
    retry_after,
    wrong_length,
)
from strongback.testing.certificate import self_signed, serving
from strongback.testing.receiver import Play, Receiver
from tests.faults.hub import Hub, percentile, until
from tests.faults.oracle import Oracle, Verdict
from tests.faults.report import Report

pytestmark = pytest.mark.faults

TEXT = "!bad"
DAY_MS = 86_400_000
SLOW = {
    "hangs": hang(),
    "drips its head": drip(head=True),
    "drips its body": drip(),
    "headers only": headers_only(),
}
"""They take the whole time for a call, 15 s."""

BROKEN = {
    "resets": reset(),
    "half a response": half(),
    "half a response, then resets": half(end="reset"),
    "Content-Length too long": replace(wrong_length(1_000), complete=False),
    "garbage": garbage(),
}
LARGE: dict[str, Answer | Behaviour] = {"endless body": endless(), "gzip bomb": bomb(200)}
"""They are read as far as answers are read, and are answers."""

LATER = {
    "429, Retry-After 7": (retry_after(7), 7.0),
    "503, Retry-After 7": (retry_after(7, status=503), 7.0),
    "429, Retry-After negative": (retry_after(-3), 4.0),
    "429, Retry-After absurd text": (retry_after("when it suits"), 4.0),
}
"""With the seconds that must pass at least before the second attempt."""

ABSURD = "429, Retry-After absurd"
DATED = "503, Retry-After date"
ELSEWHERE = "redirects"
MISTRUSTED = "bad certificate"
REFUSING = "port refused"


def path(fault: str) -> str:
    """The path of the receiver for a fault."""
    return "/" + fault.replace(" ", "-").replace(",", "")


def plays(bad: Oracle) -> dict[str, list[Play]]:
    """What the receiver does by fault, first and then."""
    dated = format_datetime(datetime.now(UTC) + timedelta(seconds=15), usegmt=True)
    later = {fault: answer for fault, (answer, _) in LATER.items()}
    later |= {ABSURD: retry_after("9" * 40), DATED: retry_after(dated, status=503)}
    found: dict[str, list[Play]] = {fault: [play, Answer()] for fault, play in (SLOW | BROKEN).items()}
    found |= {fault: [play] for fault, play in LARGE.items()}
    return found | {fault: [bad.refusing(answer), Answer()] for fault, answer in later.items()}


def test_receivers_that_misbehave(hub: Hub, tmp_path: Path, report: Report) -> None:
    bad = Oracle()
    chosen = plays(bad)
    with (
        Receiver(origins=len(chosen) + 1) as wild,
        Receiver(tls=serving(self_signed(tmp_path))) as mistrusted,
        Receiver() as absent,
    ):
        urls = dict(zip([*chosen, ELSEWHERE], wild.urls, strict=True))
        urls |= {MISTRUSTED: mistrusted.url, REFUSING: absent.url}
        ids = {fault: hub.hook(path(fault), url, triggerWords=[TEXT]) for fault, url in urls.items()}
        for fault, behaviour in chosen.items():
            wild.script(path(fault), behaviour)
        wild.script(path(ELSEWHERE), [redirect(f"{hub.receiver.url}/elsewhere")])
        for name in ("/good", "/fine"):
            hub.hook(name, triggerWords=["good"])
        with absent.away():
            assert hub.say(TEXT).status == 200
            bad.accept(TEXT)
            del hub.oracle.accepted[TEXT]
            until(lambda: attempts(hub, ids[REFUSING]) == 1)
        good = post_until(hub, lambda: hub.states()["pending"] + hub.states()["sending"] <= 2)

        received = wild.requests + absent.requests
        for fault in (*SLOW, *BROKEN, *LATER, DATED):
            assert len([one for one in received if one.path == path(fault)]) == 2, fault
        for fault in (*chosen, REFUSING):
            if fault != ABSURD:
                report(f"receiver: {fault}", bad.judge(received, path(fault)))
        for fault, (_, least) in LATER.items():
            first, second = (one.at for one in received if one.path == path(fault))
            assert least - 0.1 <= second - first < least + 5, fault
        waits = hub.query("SELECT next_at - updated FROM deliveries WHERE integration = ?", ids[ABSURD])
        assert waits == [(DAY_MS,)]
        assert mistrusted.count == 0
        assert "certificate" in hub.history(ids[MISTRUSTED])[0]["errorStack"]
        assert [one.path for one in hub.receiver.requests if one.path == "/elsewhere"] == []
        assert state(hub, ids[ELSEWHERE]) == "failed"
        for fault in (ABSURD, MISTRUSTED):
            assert state(hub, ids[fault]) == "pending"
            report(f"receiver: {fault} (waits)", Verdict(1, 0, 0, 0.0))
        report(f"receiver: {ELSEWHERE} (failed, target unvisited)", Verdict(1, 0, 0, 0.0))
    report("other receivers meanwhile", hub.oracle.judge(hub.receiver.requests, "/good", "/fine"))
    assert len(good) >= 100
    assert percentile(good, 0.99) < 1.0


def post_until(hub: Hub, done: Callable[[], bool]) -> list[float]:
    """Post to the good receivers until something is done; answers how long each message took to arrive."""
    posted: dict[str, float] = {}
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, hub.states()
        text = f"good {len(posted)}"
        posted[text] = time.monotonic()
        assert hub.say(text).status == 200
        time.sleep(0.05)
    wanted = 2 * len(posted)
    received = hub.receiver.wait_until(lambda seen: len(seen) >= wanted)
    return [one.at - posted[one.json()["text"]] for one in received]


def attempts(hub: Hub, id: str) -> int:
    """How often the only delivery of an integration was tried and settled."""
    return sum(
        n
        for (n,) in hub.query("SELECT attempts FROM deliveries WHERE integration = ? AND worker IS NULL", id)
    )


def state(hub: Hub, id: str) -> str:
    """Where the only delivery of an integration is."""
    ((found,),) = hub.query("SELECT state FROM deliveries WHERE integration = ?", id)
    return str(found)
