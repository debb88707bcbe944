"""Requests are recorded as they were sent, whatever pieces their bytes arrive in."""

import pytest

from strongback.testing.received import BadRequest, Parser, Received

PLAIN = (
    b"POST /a/b?x=1&y=&x=2 HTTP/1.1\r\nHOST: here\r\nX-one:  1 \r\nx-One: 2\r\ncontent-length: 3\r\n\r\nabc"
)
CHUNKED = (
    b"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;note=1\r\n0123456789\r\n0\r\n\r\n"
)


def parsed(data: bytes, size: int) -> list[Received]:
    """The requests in the data, fed in pieces of a size."""
    parser, found = Parser(), []
    for start in range(0, len(data), size):
        parser.feed(data[start : start + size])
        while (request := parser.next()) is not None:
            found.append(request)
    return found


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_pieces_do_not_matter(size: int) -> None:
    first, second, third = parsed(PLAIN + CHUNKED + PLAIN, size)
    assert (first.method, first.target, first.body) == ("POST", "/a/b?x=1&y=&x=2", b"abc")
    assert first.headers == (("HOST", "here"), ("X-one", "1"), ("x-One", "2"), ("content-length", "3"))
    assert (second.method, second.target, second.body) == ("PUT", "/", b"abc0123456789")
    assert third.body == b"abc"


def test_parts_of_a_request() -> None:
    (request,) = parsed(PLAIN, 1000)
    assert request.path == "/a/b"
    assert request.query == {"x": "2", "y": ""}
    assert request.header("x-ONE") == "1"
    assert request.header("absent") is None
    assert Received("POST", "/", (), b'{"a": 1}').json() == {"a": 1}


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    ],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequest):
        parsed(data, 1000)
