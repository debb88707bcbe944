"""Connections are kept for a while, in bounds; what is given up is cut."""

import asyncio
import os

import pytest

from strongback.egress import connector
from strongback.egress.client import EgressError, Request
from tests.egress.conftest import Connect
from tests.egress.raw_server import OK, Handler, request, serving

pytestmark = pytest.mark.anyio


def post(url: str, body: bytes = b"x", timeout_ms: int = 5000) -> Request:
    return Request("POST", url, {}, body, timeout_ms)


def hasty(answer: bytes) -> Handler:
    """Answer and close at once, as small servers do: the end may arrive just after the answer was read."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(answer)
        await writer.drain()
        writer.close()

    return handle


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"])
async def test_a_connection_serves_many_requests(before: bytes, connect: Connect) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request(reader)
            writer.write(before + OK)
            await writer.drain()

    client = connect()
    async with serving(handle) as server:
        for _ in range(40):
            assert (await client.send(post(server.url))).body == b"ok"
        assert server.connections == 1


@pytest.mark.parametrize("header", [b"", b"Connection: close\r\n", b"Connection: x\r\n"])
async def test_a_connection_is_kept_only_where_the_server_says_so(header: bytes, connect: Connect) -> None:
    client = connect()
    async with serving(hasty(b"HTTP/1.1 200 OK\r\n" + header + b"Content-Length: 0\r\n\r\n")) as server:
        for _ in range(20):
            assert (await client.send(post(server.url))).status == 200
        assert server.connections == 20


async def test_a_connection_is_given_up_when_it_is_idle(
    monkeypatch: pytest.MonkeyPatch, connect: Connect
) -> None:
    monkeypatch.setattr(connector, "IDLE_SECONDS", 0.05)
    client = connect()
    async with serving() as server:
        await client.send(post(server.url))
        await asyncio.wait_for(server.lost.wait(), 5)


async def test_idle_connections_are_bounded(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> None:
    monkeypatch.setattr(connector, "IDLE_ORIGINS", 2)
    client = connect()
    async with serving() as first, serving() as second, serving() as third:
        for _ in range(2):
            for server in (first, second, third):
                await client.send(post(server.url))
        assert [first.connections, second.connections, third.connections] == [1, 1, 2]


async def test_a_receiver_that_reads_nothing_keeps_no_connection(connect: Connect) -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    def descriptors() -> int:
        return len(os.listdir("/dev/fd"))

    client = connect()
    async with serving() as server:
        await client.send(post(server.url))
    async with serving(deaf) as server:
        before = descriptors()
        with pytest.raises(EgressError) as caught:
            await client.send(post(server.url, b"x" * 30_000_000, 300))
        assert caught.value.kind == "timeout"
        async with asyncio.timeout(5):
            while descriptors() > before + 1:  # the server's own end
                await asyncio.sleep(0.001)


async def test_what_follows_an_answer_is_not_the_next_answer(connect: Connect) -> None:
    async def twice(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK + OK.replace(b"200", b"500"))
        await writer.drain()
        await reader.read()

    client = connect()
    async with serving(twice) as server:
        statuses = [(await client.send(post(server.url))).status for _ in range(3)]
        assert (statuses, server.connections) == ([200, 200, 200], 3)
