"""The server is killed from outside, while the receiver holds a request or as it answers."""

import pytest

from strongback.testing.answer import Answer, Behaviour, Hold, drip
from strongback.testing.received import Received
from tests.faults.hub import Hub
from tests.faults.report import Report

pytestmark = pytest.mark.faults

MOMENTS: dict[str, Hold | Behaviour] = {
    "before the answer": Hold(Answer(200, "{}")),
    "in the head of the answer": drip(head=True),
    "in the body of the answer": drip(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_kill_while_the_receiver_holds_a_request(hub: Hub, report: Report, moment: str) -> None:
    hub.hook("/a")
    hub.receiver.script("*", [MOMENTS[moment]])
    for number in range(12):
        assert hub.say(f"m{number}").status == 200
    held = hub.receiver.wait(4)
    hub.kill()
    hub.receiver.answer()
    hub.server.start()
    assert hub.ended() == {"delivered": 12}
    verdict = hub.oracle.judge(hub.receiver.requests, "/a")
    report(f"kill {moment}", verdict)
    assert verdict.duplicates == len(held) == 4


def test_a_kill_as_the_receiver_answers(hub: Hub, report: Report) -> None:
    hub.hook("/a")
    arrived: list[Received] = []

    def play(request: Received) -> Answer:
        arrived.append(request)
        if len(arrived) == 9:
            hub.server.process.kill()
        return Answer(200, "{}")

    hub.receiver.script("*", [play])
    with hub.posting():
        hub.server.wait()
        hub.kill()
        hub.server.start()
        hub.receiver.wait(30)
    assert set(hub.ended()) == {"delivered"}
    verdict = hub.oracle.judge(hub.receiver.requests, "/a")
    report("kill as the receiver answers", verdict)
    assert verdict.duplicates >= 1
