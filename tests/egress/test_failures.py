"""Whatever a server does, one kind of error comes out, and it is a sentence."""

import asyncio
import re
import socket
import struct
from collections.abc import Callable

import pytest

from strongback.egress import client as client_module
from strongback.egress import failures
from strongback.egress.client import EgressError, Policy, Request
from tests.egress.conftest import Connect
from tests.egress.raw_server import Handler, request, saying, serving

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\n"
NO_LINGER = struct.pack("ii", 1, 0)


def resetting(*pieces: bytes, reads: bool = True) -> Handler:
    """Say the pieces and reset the connection."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if reads:
            await request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.05)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        writer.transport.abort()

    return handle


async def closing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def greeting(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")
    await writer.drain()
    await asyncio.sleep(1)


async def continuing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        await writer.drain()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


FAULTS = {
    "closed at once": (closing, "reset"),
    "closed without an answer": (saying(), "reset"),
    "reset at once": (resetting(reads=False), "reset"),
    "reset without an answer": (resetting(), "reset"),
    "half a head": (saying(HEAD + b"Content-Le"), "reset"),
    "half a body": (saying(HEAD + b"Content-Length: 10\r\n\r\nabc"), "reset"),
    "half a body, then reset": (resetting(HEAD + b"Content-Length: 10\r\n\r\nabc"), "reset"),
    "half a chunk": (saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc"), "reset"),
    "no last chunk": (saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), "reset"),
    "another protocol": (greeting, "protocol"),
    "garbage": (saying(b"\x00\xff garbage\r\n\r\n"), "protocol"),
    "only a body": (saying(b"<html></html>"), "protocol"),
    "HTTP/2": (saying(b"HTTP/2 200\r\n\r\n"), "protocol"),
    "status 99": (saying(b"HTTP/1.1 99 x\r\n\r\n"), "protocol"),
    "status 101": (saying(b"HTTP/1.1 101 x\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\nx"), "protocol"),
    "a length in letters": (saying(HEAD + b"Content-Length: ten\r\n\r\n"), "protocol"),
    "a negative length": (saying(HEAD + b"Content-Length: -1\r\n\r\n"), "protocol"),
    "two lengths": (saying(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), "protocol"),
    "a length and chunks": (
        saying(HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        "protocol",
    ),
    "more than the length": (saying(HEAD + b"Content-Length: 1\r\n\r\nabc"), "protocol"),
    "a broken chunk": (saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), "protocol"),
    "a broken chunk later": (
        saying(HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", b"zz\r\n"),
        "protocol",
    ),
    "a long header": (saying(HEAD + b"X: " + b"a" * 20_000 + b"\r\n\r\n"), "protocol"),
    "many headers": (saying(HEAD + b"X: a\r\n" * 500 + b"\r\n"), "protocol"),
    "a bad header": (saying(HEAD + b"X Y: a\r\n\r\n"), "protocol"),
    "endless interim answers": (continuing, "protocol"),
    "silence": (silent, "timeout"),
}
"""What a server does, and the kind of error it makes."""


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_faults_have_a_kind_and_a_sentence(fault: str, method: str, connect: Connect) -> None:
    handler, kind = FAULTS[fault]
    async with serving(handler) as server:
        with pytest.raises(EgressError) as caught:
            await connect().send(Request(method, server.url, {}, b"body", 500 if kind == "timeout" else 5000))
        assert caught.value.kind == kind
        assert re.fullmatch(r"[ -~]{20,120}", str(caught.value)), str(caught.value)
        assert "127.0.0.1" in str(caught.value)
        assert server.connections == 1  # a request is sent once, whatever its method


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (HEAD + b"\r\nuntil the end", b"until the end"),
        (b"HTTP/1.0 200 OK\r\n\r\nold", b"old"),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\n"
            + HEAD
            + b"Content-Length: 2\r\n\r\nok",
            b"ok",
        ),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\nX: y\r\n\r\n", b"abc"),
        (b"HTTP/1.1 200\nContent-Length: 2\n\nok", b"ok"),
    ],
)
async def test_odd_answers_that_are_http_are_read(answer: bytes, body: bytes, connect: Connect) -> None:
    async with serving(saying(answer)) as server:
        assert (await connect().send(Request("GET", server.url, {}, None, 5000))).body == body


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 204 x\r\n\r\n", b"HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n"]
)
async def test_answers_without_a_body_are_not_waited_for(answer: bytes, connect: Connect) -> None:
    async with serving(saying(answer)) as server:
        assert (await connect().send(Request("POST", server.url, {}, b"x", 5000))).body == b""


async def test_the_answer_to_head_has_no_body(connect: Connect) -> None:
    answer = HEAD + b"Content-Length: 5\r\nContent-Encoding: gzip\r\n\r\n"
    async with serving(saying(answer)) as server:
        got = await connect().send(Request("HEAD", server.url, {}, None, 5000))
    assert (got.body, got.headers["content-length"]) == (b"", "5")


async def test_an_answer_before_the_whole_request_counts(connect: Connect) -> None:
    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await reader.read(100)
        await asyncio.sleep(1)

    async with serving(hasty) as server:
        got = await connect().send(Request("POST", server.url, {}, b"x" * 30_000_000, 5000))
        assert got.status == 413
        await asyncio.wait_for(server.lost.wait(), 5)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_port_without_a_listener(connect: Connect) -> None:
    port = unused_port()
    with pytest.raises(EgressError) as caught:
        await connect().send(Request("GET", f"http://127.0.0.1:{port}/", {}, None, 5000))
    assert caught.value.kind == "connect"
    assert str(caught.value) == f"there is no connection to 127.0.0.1:{port}: Connection refused"


async def test_several_addresses_without_a_listener(connect: Connect) -> None:
    async def two(_: str) -> list[str]:
        return ["127.0.0.1", "127.0.0.2"]

    port = unused_port()
    with pytest.raises(EgressError, match=r"to two\.example:\d+: Connection refused") as caught:
        await connect(resolver=two).send(Request("GET", f"http://two.example:{port}/", {}, None, 5000))
    assert caught.value.kind == "connect"


async def unknown(_: str) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def empty(_: str) -> list[str]:
    return []


@pytest.mark.parametrize(
    ("resolver", "says"),
    [
        (unknown, "the name nowhere.example does not resolve: Name or service not known"),
        (empty, "the name nowhere.example does not resolve: it has no address"),
    ],
)
async def test_a_name_without_an_address(
    resolver: Callable[[str], list[str]], says: str, connect: Connect
) -> None:
    with pytest.raises(EgressError) as caught:
        await connect(resolver=resolver).send(Request("GET", "http://nowhere.example/", {}, None, 5000))
    assert (caught.value.kind, str(caught.value)) == ("dns", says)


async def never(_: str) -> list[str]:
    await asyncio.Event().wait()
    return []


async def test_connecting_has_a_deadline_of_its_own(
    monkeypatch: pytest.MonkeyPatch, connect: Connect
) -> None:
    for module in (client_module, failures):
        monkeypatch.setattr(module, "CONNECT_SECONDS", 0.2)
    slow_name = Request("GET", "http://slow.example/", {}, None, 60_000)
    async with serving(silent) as server:
        slow_handshake = Request("GET", server.url.replace("http:", "https:"), {}, None, 60_000)
        for sent, host in ((slow_name, "slow.example"), (slow_handshake, "127.0.0.1")):
            with pytest.raises(EgressError) as caught:
                await connect(Policy(loopback=True), resolver=never).send(sent)
            assert caught.value.kind == "timeout"
            assert str(caught.value) == f"there was no connection to {host} within 0.2 seconds"


async def test_a_slow_name_ends_at_the_whole_deadline(connect: Connect) -> None:
    with pytest.raises(
        EgressError, match=r"no complete answer from slow\.example within 0\.2 seconds"
    ) as caught:
        await connect(resolver=never).send(Request("GET", "http://slow.example/", {}, None, 200))
    assert caught.value.kind == "timeout"


async def broken(_: str) -> list[str]:
    raise ZeroDivisionError


async def test_an_error_of_ours_is_no_other_error(connect: Connect) -> None:
    with pytest.raises(EgressError, match=r"the request to a\.example failed: ZeroDivisionError") as caught:
        await connect(resolver=broken).send(Request("GET", "http://a.example/", {}, None, 5000))
    assert caught.value.kind == "protocol"
