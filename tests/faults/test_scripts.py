"""Scripts that hang, fill memory, throw or return junk: the call fails with a reason, and the next one runs."""

from pathlib import Path

import pytest

from tests.faults.hub import Hub, until
from tests.faults.report import Report

pytestmark = pytest.mark.faults

PREPARE = "class Script {{ prepare_outgoing_request({{request}}) {{ {0} }} }}"
PROCESS = "class Script {{ process_outgoing_response({{response}}) {{ {0} }} }}"
UNSTOPPABLE = PREPARE.format("return [].concat({length: 2 ** 53 - 1, [Symbol.isConcatSpreadable]: true});")
"""The worker that runs it must be killed."""

NEVER_SENT = {
    "hangs": (PREPARE.format("while (true) {}"), "the script failed: The script"),
    "hangs in the engine itself": (UNSTOPPABLE, "ran for more than 1.5 s and was killed"),
    "fills memory": (
        PREPARE.format("const kept = []; while (true) kept.push('x'.repeat(1 << 20) + kept.length);"),
        "used more than 32 MB of memory",
    ),
    "recurses": (PREPARE.format("const f = () => f() + 1; return f();"), "Maximum call stack size exceeded"),
    "throws": (PREPARE.format("throw new Error('not today');"), "Error: not today"),
    "throws half a character": (PREPARE.format(r"throw new Error('\ud800');"), "Error: "),
    "throws nothing": (PREPARE.format("throw null;"), "null"),
    "does not compile": ("class Script {", "is not compiled"),
    "returns objects in objects": (
        PREPARE.format(
            "let o = {}; for (let i = 0; i < 5000; i++) o = {o}; request.data = o; return request;"
        ),
        "Maximum call stack size exceeded",
    ),
    "returns a circle": (PREPARE.format("request.me = request; return request;"), "circular reference"),
    "returns too much": (
        PREPARE.format("request.data = 'x'.repeat(8 << 20); return request;"),
        "longer than 1048576 characters",
    ),
    "returns half a character as URL": (
        PREPARE.format(r"request.url = '\ud800'; return request;"),
        "may not be called",
    ),
    "returns a text as headers": (
        PREPARE.format("request.headers = 'x'; return request;"),
        "headers must be",
    ),
    "never resolves": (PREPARE.format("return new Promise(() => {});"), "a promise that nothing settles"),
}
"""Scripts that make no request, and what the history says of it."""

SENT = {
    "throws over an answer": PROCESS.format("throw new Error('no');"),
    "hangs over an answer": PROCESS.format("while (true) {}"),
}
"""Scripts that lose the answer: the receiver has its request."""

ODD = {
    "returns half a character as data": PREPARE.format(r"request.data = '\ud800'; return request;"),
    "prints half a character": PROCESS.format(r"console.log('\ud800'); return false;"),
    "answers half a character": PROCESS.format(r"return {content: {text: '\ud800'}};"),
}
"""Scripts that are strange and do no harm."""


def test_scripts_that_go_wrong(hub: Hub, report: Report) -> None:
    chosen = {name: script for name, (script, _) in NEVER_SENT.items()} | SENT | ODD
    say = ["say"]  # what one posts is not for another
    ids = {
        name: hub.hook(f"/{number}", script=script, triggerWords=say)
        for number, (name, script) in enumerate(chosen.items())
    }
    good = PREPARE.format("request.headers = {'X-Good': '1'}; return request;")
    hub.hook("/good", script=good, triggerWords=say)
    for text in ("say one", "say two"):
        assert hub.say(text).status == 200
    hub.ended()
    for name, (_, reason) in NEVER_SENT.items():
        assert states(hub, ids[name]) == ["failed", "failed"], name
        shown = hub.history(ids[name])
        assert len(shown) == 2
        assert reason in shown[0]["errorStack"], name
    for name in SENT:
        assert states(hub, ids[name]) == ["failed", "failed"], name
        assert "the script failed" in hub.history(ids[name])[0]["errorStack"]
    for name in ODD:
        assert states(hub, ids[name]) == ["delivered", "delivered"], name
    assert len(hub.receiver.requests) == 2 * (len(SENT) + len(ODD) + 1)
    report("scripts that go wrong: a good one meanwhile", hub.oracle.judge(hub.receiver.requests, "/good"))
    assert hub.server.process.poll() is None


def test_a_script_that_is_killed_again_and_again_rests(hub: Hub) -> None:
    id = hub.hook("/a", script=UNSTOPPABLE)
    for number in range(5):
        hub.say(f"m{number}")
    until(lambda: states(hub, id)[-1] == "pending" and hub.states()["sending"] == 0)
    waiting = hub.query(
        "SELECT attempts, reason FROM deliveries WHERE state = 'pending' AND reason IS NOT NULL"
    )
    assert {attempts for attempts, _ in waiting} == {0}
    assert all("the script has to wait" in reason for _, reason in waiting)
    failed = states(hub, id).count("failed")
    assert failed >= 3
    assert len(hub.history(id)) == failed


def test_scripts_end_with_the_server(hub: Hub) -> None:
    hub.hook("/a", script=PREPARE.format("while (true) {}"))
    assert hub.say("one").status == 200
    until(lambda: bool(children(hub.server.process.pid)))
    orphans = children(hub.server.process.pid)
    hub.kill()
    until(lambda: not any(is_running(pid) for pid in orphans), 5)


def states(hub: Hub, id: str) -> list[str]:
    """Where the deliveries of an integration are."""
    return sorted(one for (one,) in hub.query("SELECT state FROM deliveries WHERE integration = ?", id))


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    """Whether there is a process, and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False
