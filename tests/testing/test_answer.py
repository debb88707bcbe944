"""What each behaviour of the receiver puts on the wire, seen by a raw socket."""

import gzip
import time
from collections.abc import Iterator

import pytest

from strongback.testing import (
    Answer,
    Behaviour,
    Hold,
    Receiver,
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
from strongback.testing.connection import Reaction
from tests.testing.raw import Raw


def asked(receiver: Receiver, reaction: Reaction, method: str = "GET") -> Raw:
    """A connection on which a request was sent that gets this reaction."""
    receiver.script("/x", [reaction])
    return Raw(receiver.url).send(method, "/x")


def was_answered(receiver: Receiver) -> bool:
    return receiver.wait(1)[0].answered is not None


@pytest.mark.parametrize(
    ("answer", "wire"),
    [
        (Answer(), b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        (Answer(404, b"no"), b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"),
        (Answer(799), b"HTTP/1.1 799 Unknown\r\nContent-Length: 0\r\n\r\n"),
        (Answer(204), b"HTTP/1.1 204 No Content\r\n\r\n"),
        (Answer(304, b"no body"), b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        (
            Answer(200, "é"),
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\r\n\xc3\xa9",
        ),
        (
            Answer(200, {"a": [1]}),
            b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{"a": [1]}',
        ),
        (
            Answer(200, b"x", {"X-One": "1", "content-length": "7"}),
            b"HTTP/1.1 200 OK\r\nX-One: 1\r\ncontent-length: 7\r\n\r\nx",
        ),
        (redirect("http://x/"), b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://x/\r\n\r\n"),
        (
            retry_after(30),
            b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nRetry-After: 30\r\n\r\n",
        ),
        (
            retry_after("soon", 503),
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: soon\r\n\r\n",
        ),
    ],
)
def test_proper_answers(receiver: Receiver, answer: Answer, wire: bytes) -> None:
    with asked(receiver, answer) as caller:
        assert caller.exactly(len(wire)) == wire
        caller.send("GET", "/next")
        assert caller.head().startswith("HTTP/1.1 200 OK")
    assert was_answered(receiver)


def test_head_gets_no_body(receiver: Receiver) -> None:
    with asked(receiver, Answer(200, b"body"), "HEAD") as caller:
        assert "Content-Length: 4\r\n" in caller.head()
        assert caller.is_silent()


def test_a_delay(receiver: Receiver) -> None:
    began = time.monotonic()
    with asked(receiver, Answer(200, b"late", delay=0.3)) as caller:
        assert caller.is_silent(0.1)
        caller.head()
        assert caller.exactly(4) == b"late"
    assert time.monotonic() - began >= 0.3
    (request,) = receiver.wait_until(lambda requests: receiver.waiting == 0)
    assert request.answered is not None
    assert request.answered - request.at >= 0.3


def test_hold_waits_for_its_release(receiver: Receiver) -> None:
    held = Hold(Answer(201, b"now"))
    receiver.script("/held", [held])
    with Raw(receiver.url) as first, Raw(receiver.url) as second, Raw(receiver.url) as late:
        first.send("POST", "/held")
        second.send("POST", "/held")
        receiver.wait(2)
        assert first.is_silent()
        assert second.is_silent(0.01)
        held.release()
        held.release()
        assert first.head().startswith("HTTP/1.1 201")
        assert second.head().startswith("HTTP/1.1 201")
        assert late.send("POST", "/held").head().startswith("HTTP/1.1 201")


def test_a_hold_released_after_the_end_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    held = Hold()
    with Receiver() as receiver:
        caller = asked(receiver, held)
        receiver.wait(1)
    held.release()
    assert caplog.records == []
    with caller:
        assert caller.rest() == b""


def test_hang_never_answers(receiver: Receiver) -> None:
    with asked(receiver, hang()) as caller:
        assert caller.is_silent(0.3)
        caller.send("GET", "/another")
        assert caller.is_silent()
    assert len(receiver.requests) == 1
    assert not was_answered(receiver)


def test_headers_only(receiver: Receiver) -> None:
    with asked(receiver, headers_only(12)) as caller:
        assert caller.head() == "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"
        assert caller.is_silent(0.3)
    assert not was_answered(receiver)


def test_reset(receiver: Receiver) -> None:
    with asked(receiver, reset()) as caller, pytest.raises(ConnectionResetError):
        caller.rest()
    assert not was_answered(receiver)


def test_half_of_a_body_and_the_end(receiver: Receiver) -> None:
    with asked(receiver, half(b"0123456789")) as caller:
        assert caller.rest() == b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234"
    assert not was_answered(receiver)


def test_half_of_a_body_and_a_reset(receiver: Receiver) -> None:
    with asked(receiver, half(b"0123456789", end="reset")) as caller, pytest.raises(ConnectionResetError):
        caller.rest()


@pytest.mark.parametrize("length", [1, 500])
def test_a_wrong_length(receiver: Receiver, length: int) -> None:
    with asked(receiver, wrong_length(length, b"abc")) as caller:
        assert caller.rest() == b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nabc" % length


def test_garbage(receiver: Receiver) -> None:
    with asked(receiver, garbage(b"\x00 what?")) as caller:
        assert caller.rest() == b"\x00 what?"


def test_drip(receiver: Receiver) -> None:
    began = time.monotonic()
    with asked(receiver, drip(b"abcde", bytes_per_second=20)) as caller:
        assert "Content-Length: 5\r\n" in caller.head()
        assert caller.socket.recv(5) == b"a"
        assert caller.exactly(4) == b"bcde"
        assert time.monotonic() - began >= 4 / 20
        assert caller.send("GET", "/next").head().startswith("HTTP/1.1 200 OK")


def test_drip_from_the_first_byte(receiver: Receiver) -> None:
    with asked(receiver, drip(b"x", bytes_per_second=200, status=503, head=True)) as caller:
        assert caller.socket.recv(5) == b"H"
        assert caller.head().startswith("TTP/1.1 503")


def test_an_endless_body_waits_for_a_slow_reader(receiver: Receiver) -> None:
    with asked(receiver, endless(b"z" * 10_000)) as caller:
        assert "Transfer-Encoding: chunked" in caller.head()
        assert caller.exactly(10_008 * 300) == (b"2710\r\n" + b"z" * 10_000 + b"\r\n") * 300
        with Raw(receiver.url) as other:
            assert other.send("GET", "/meanwhile").head().startswith("HTTP/1.1 200 OK")
    assert receiver.wait_until(lambda requests: len(requests) == 2)[0].answered is None


def test_no_more_is_written_than_the_reader_takes(receiver: Receiver) -> None:
    written = 0

    def steps() -> Iterator[bytes]:
        nonlocal written
        while True:
            written += 1
            yield bytes(1024 * 1024)

    with asked(receiver, Behaviour(steps)), Raw(receiver.url) as other:
        receiver.wait(1)
        for _ in range(100):
            other.send().head()
            other.exactly(2)
    assert 1 <= written < 20


def test_bomb(receiver: Receiver) -> None:
    with asked(receiver, bomb(megabytes=3)) as caller:
        head = caller.head()
        assert "Content-Encoding: gzip\r\n" in head
        length = int(head.split("Content-Length: ")[1].split("\r\n")[0])
        assert length < 10_000
        assert len(gzip.decompress(caller.exactly(length))) == 3 * 1024 * 1024


def test_no_time_passes_before_a_plain_answer(receiver: Receiver) -> None:
    with Raw(receiver.url) as caller:
        began = time.monotonic()
        for _ in range(100):
            caller.send().head()
            caller.exactly(2)
        assert time.monotonic() - began < 100 * 0.02
