"""The receiver records, follows its scripts, waits, goes away and comes back."""

import threading
import time
from pathlib import Path

import pytest

from strongback.testing import Answer, Hold, Received, Receiver, drip, hang, headers_only
from strongback.testing.connection import Reaction
from tests.testing.raw import Raw


def status(receiver: Receiver, target: str = "/") -> int:
    with Raw(receiver.url) as caller:
        return int(caller.send("GET", target).head().split(" ")[1])


def test_requests_are_recorded(receiver: Receiver) -> None:
    before = time.monotonic()
    with Raw(receiver.url) as caller:
        caller.send("POST", "/a?b=c", b"one", "X-Mixed-CASE: Yes").head()
        caller.exactly(2)
        caller.send("PUT", "/d", b"two").head()
    with Raw(receiver.url) as caller:
        caller.send("DELETE", "/e").head()
    first, second, third = receiver.wait(3)
    assert (first.method, first.target, first.body) == ("POST", "/a?b=c", b"one")
    assert first.headers == (("Host", "here"), ("X-Mixed-CASE", "Yes"), ("Content-Length", "3"))
    assert before <= first.at <= second.at <= third.at <= time.monotonic()
    assert first.connection == second.connection != third.connection
    assert f":{first.port}" in receiver.url
    assert (receiver.count, receiver.connections) == (3, 2)
    receiver.clear()
    assert (receiver.requests, receiver.count, receiver.connections) == ([], 0, 0)


def test_by_default_everything_is_fine(receiver: Receiver) -> None:
    with Raw(receiver.url) as caller:
        assert caller.send().head() == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
        assert caller.exactly(2) == b"{}"


def test_scripts_go_by_path_and_their_last_answer_repeats(receiver: Receiver) -> None:
    receiver.answer(418)
    receiver.script("/flaky", [Answer(500), Answer(502), Answer(200)])
    assert [status(receiver, "/flaky?n=1") for _ in range(5)] == [500, 502, 200, 200, 200]
    assert status(receiver, "/else") == 418
    receiver.script("*", [Answer(400), Answer(401)])
    assert [status(receiver, path) for path in ("/a", "/b", "/c", "/flaky")] == [400, 401, 401, 200]
    with pytest.raises(ValueError, match="at least one answer"):
        receiver.script("/flaky", [])


def test_a_function_may_decide(receiver: Receiver) -> None:
    def echo(request: Received) -> Answer:
        return Answer(200, request.body.upper())

    receiver.script("/echo", [echo])
    with Raw(receiver.url) as caller:
        caller.send("POST", "/echo", b"hi").head()
        assert caller.exactly(2) == b"HI"


def test_a_function_that_fails_says_so(receiver: Receiver) -> None:
    receiver.script("/broken", [lambda request: Answer(200, request.json())])
    with Raw(receiver.url) as caller:
        assert " 500 " in caller.send("POST", "/broken", b"not json", "Connection: close").head()
        assert caller.rest().startswith(b"the test's function failed: JSONDecodeError")


def test_wait_returns_as_soon_as_they_are_there(receiver: Receiver) -> None:
    caller = threading.Thread(target=lambda: [status(receiver, f"/{n % 2}") for n in range(6)])
    caller.start()
    assert [one.target for one in receiver.wait(3, path="/1")] == ["/1"] * 3
    caller.join()


def test_wait_gives_up_with_a_sentence(receiver: Receiver) -> None:
    status(receiver)
    with pytest.raises(TimeoutError, match=r"waited 0\.05 s for 2 requests; 1 requests arrived"):
        receiver.wait(2, timeout=0.05)
    with pytest.raises(TimeoutError, match="for 1 requests to /a"):
        receiver.wait(path="/a", timeout=0.05)
    with pytest.raises(TimeoutError, match="for the condition"):
        receiver.wait_until(lambda requests: False, timeout=0.05)


def test_pipelined_requests_are_answered_in_order(receiver: Receiver) -> None:
    receiver.script("/slow", [Answer(201, delay=0.1)])
    with Raw(receiver.url) as caller:
        caller.send("GET", "/slow").send("GET", "/fast", b"", "Connection: close")
        assert caller.rest() == (
            b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        )


def test_one_hanging_request_delays_no_other(receiver: Receiver) -> None:
    receiver.script("/hang", [hang()])
    with Raw(receiver.url) as caller:
        caller.send("GET", "/hang")
        receiver.wait(1)
        assert status(receiver) == 200


def test_most_at_once_counts_what_waits_for_an_answer(receiver: Receiver) -> None:
    held = Hold()
    receiver.script("/held", [held])
    callers = [Raw(receiver.url).send("GET", "/held") for _ in range(5)]
    receiver.wait(5)
    held.release()
    for caller in callers:
        caller.head()
        caller.socket.close()
    assert status(receiver) == 200
    assert receiver.most_at_once == 5
    receiver.clear()
    assert status(receiver) == 200
    assert receiver.most_at_once == 1


@pytest.mark.parametrize("reaction", [hang(), headers_only(), Hold(), drip(bytes_per_second=0.01)])
def test_a_caller_that_gave_up_no_longer_waits(receiver: Receiver, reaction: Reaction) -> None:
    receiver.script("/x", [reaction])
    with Raw(receiver.url) as caller:
        caller.send("GET", "/x")
        receiver.wait_until(lambda requests: receiver.waiting == 1)
    (request,) = receiver.wait_until(lambda requests: receiver.waiting == 0)
    assert request.answered is None


def test_away_refuses_and_comes_back_on_the_same_port(receiver: Receiver) -> None:
    url = receiver.url
    with Raw(url) as kept:
        kept.send("GET", "/kept").head()
        kept.exactly(2)
        with receiver.away():
            assert kept.rest() == b""
            with pytest.raises(ConnectionRefusedError):
                Raw(url)
    assert receiver.url == url
    assert status(receiver) == 200


def test_many_origins_in_one_receiver() -> None:
    with Receiver(origins=3) as receiver:
        assert len(set(receiver.urls)) == 3
        for url in receiver.urls:
            with Raw(url) as caller:
                caller.send().head()
        assert [f"http://127.0.0.1:{one.port}" for one in receiver.wait(3)] == receiver.urls


def test_a_chosen_port_and_one_that_is_taken() -> None:
    with Receiver() as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            Receiver(port=port).__enter__()
    with Receiver(port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}"
        assert status(second) == 200


def test_without_a_record_it_only_counts() -> None:
    with Receiver(record=False) as receiver:
        for _ in range(3):
            status(receiver)
        assert (receiver.requests, receiver.count) == ([], 3)


def test_continue_is_sent_to_who_waits_for_it(receiver: Receiver) -> None:
    with Raw(receiver.url) as caller:
        caller.socket.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert caller.head() == "HTTP/1.1 100 Continue\r\n\r\n"
        caller.socket.sendall(b"body")
        assert caller.head().startswith("HTTP/1.1 200 OK")
    assert receiver.wait(1)[0].body == b"body"


def test_what_is_no_request_is_refused(receiver: Receiver) -> None:
    with Raw(receiver.url) as caller:
        caller.socket.sendall(b"what\r\n\r\n")
        assert caller.rest().startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert (receiver.requests, receiver.connections) == ([], 1)


def test_closing_with_connections_in_every_state(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.script("/hang", [hang()])
        receiver.script("/held", [Hold()])
        callers = [Raw(receiver.url) for _ in range(4)]
        callers[1].socket.sendall(b"POST / HTT")
        callers[2].send("GET", "/hang")
        callers[3].send("GET", "/held")
        receiver.wait(2)
    for caller in callers:
        with caller:
            assert caller.rest() == b""
    assert not [one for one in threading.enumerate() if one.name == "receiver"]
    receiver.close()
