"""What is sent is what was given; what is answered is what arrived, and nothing else is visited."""

import asyncio
import contextlib
import time

import pytest
import structlog

from strongback.allowlist import Allowlist
from strongback.egress.client import Client, EgressError, Policy, Request, Response
from tests.egress.conftest import Connect
from tests.egress.raw_server import OK, answering, request, saying, serving

pytestmark = pytest.mark.anyio

REFUSED_HOSTS = """
    127.0.0.1 127.0.0.2 127.1 0177.0.0.1 0x7f.0.0.1 0x7f000001 2130706433 017700000001 0 0.0.0.0 127.0.0.1.
    localhost localhost. LOCALHOST １２７.0.0.1 ⑫7.0.0.1 %31%32%37.0.0.1 user@127.0.0.1 evil\\@127.0.0.1
    [::1] [0:0:0:0:0:0:0:1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:0:127.0.0.1] [::127.0.0.1]
    [64:ff9b::127.0.0.1] [64:ff9b:1::7f00:1] [2002:7f00:1::] [2001::7f00:1] [fe80::1] [fe80::1%25lo] [fc00::1]
    10.0.0.1 172.16.0.1 192.168.0.1 100.64.0.1 169.254.169.254 [fd00:ec2::254] [::ffff:169.254.169.254] 168.63.129.16
    224.0.0.1 255.255.255.255 rebound.example a.b.rebound.example
""".split()


def get(url: str, timeout_ms: int = 5000, **headers: str) -> Request:
    return Request("GET", url, headers, None, timeout_ms)


async def everything_is_here(_: str) -> list[str]:
    return ["127.0.0.1", "::1"]


@pytest.mark.parametrize("host", REFUSED_HOSTS)
async def test_no_spelling_of_a_private_address_is_called(host: str, connect: Connect) -> None:
    client = connect(Policy(), resolver=everything_is_here)
    async with serving() as server:
        with pytest.raises(EgressError) as caught:
            await client.send(get(f"http://{host}:{server.port}/"))
        assert caught.value.kind == "refused"
        assert server.connections == 0


async def test_a_refusal_names_the_host_the_address_and_the_setting(connect: Connect) -> None:
    client = connect(Policy(), resolver=everything_is_here)
    with pytest.raises(EgressError) as caught:
        await client.send(get("http://intranet.example/"))
    assert str(caught.value) == (
        "intranet.example is refused: 127.0.0.1 is a loopback address; ::1 is a loopback address "
        "(egress.allow can name the host or the network)"
    )


async def test_the_bytes_given_are_the_bytes_sent(connect: Connect) -> None:
    body = bytes(range(256)) * 10
    headers = {"content-TYPE": "text/x", "X-Custom": "é\t1", "webhook-id": "msg_1"}
    async with serving() as server:
        url = f"{server.url}a%20b?x=%20"
        answer = await connect().send(Request("POST", url, headers, body, 5000))
        assert answer == Response(
            200, {"connection": "keep-alive", "content-length": "2"}, b"ok", truncated=False
        )
        head, _, sent = server.received[0].partition(b"\r\n\r\n")
    assert sent == body
    lines = head.decode().split("\r\n")
    agent = next(line for line in lines if line.startswith("User-Agent: Strongback/"))
    assert lines[0] == "POST /a%20b?x=%20 HTTP/1.1"
    assert sorted(lines[1:]) == sorted(
        [
            f"Host: 127.0.0.1:{server.port}",
            "content-TYPE: text/x",
            "X-Custom: é\t1",
            "webhook-id: msg_1",
            "Accept: */*",
            "Accept-Encoding: gzip, deflate",
            "Content-Length: 2560",
            agent,
        ]
    )


async def test_a_large_body_is_sent_as_it_is(connect: Connect) -> None:
    body = bytes(range(251)) * 8000
    async with serving() as server:
        assert (await connect().send(Request("POST", server.url, {}, body, 5000))).status == 200
        head, _, sent = server.received[0].partition(b"\r\n\r\n")
    assert sent == body
    assert b"\r\nContent-Length: 2008000" in head
    assert b"content-type" not in head.lower()
    assert b"transfer-encoding" not in head.lower()


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        ("GET", None, None),
        ("POST", None, b"0"),
        ("PUT", b"", b"0"),
        ("DELETE", b"x", b"1"),
        ("GET", b"xy", b"2"),
    ],
)
async def test_the_length_is_that_of_the_body(
    method: str, body: bytes | None, length: bytes | None, connect: Connect
) -> None:
    async with serving() as server:
        await connect().send(Request(method, server.url, {}, body, 5000))
        lines = server.received[0].lower().split(b"\r\n")
    assert [line for line in lines if line.startswith(b"content-")] == (
        [] if length is None else [b"content-length: " + length]
    )


async def test_headers_of_the_connection_are_the_clients(connect: Connect) -> None:
    theirs = {
        "Content-Length": "1",
        "Transfer-Encoding": "chunked",
        "connection": "upgrade",
        "Upgrade": "h2c",
    }
    also = {
        "Expect": "100-continue",
        "TE": "trailers",
        "Keep-Alive": "x",
        "Trailer": "x",
        "Proxy-Connection": "x",
    }
    async with serving() as server:
        await connect().send(Request("POST", server.url, {**theirs, **also}, b"whole", 5000))
        head, _, body = server.received[0].lower().partition(b"\r\n\r\n")
    assert body == b"whole"
    names = {line.split(b":")[0] for line in head.split(b"\r\n")[1:]}
    assert names == {b"host", b"accept", b"accept-encoding", b"user-agent", b"content-length"}


async def test_headers_of_the_caller_replace_the_clients(connect: Connect) -> None:
    given = {
        "hOsT": "other.example",
        "user-agent": "Mozilla",
        "ACCEPT-encoding": "br",
        "Authorization": "Bearer x",
    }
    async with serving() as server:
        url = server.url.replace("http://", "http://user:pass@")
        await connect().send(Request("GET", url, given, None, 5000))
        lines = server.received[0].lower().decode().split("\r\n")[1:-2]
    assert sorted(lines) == [
        "accept-encoding: br",
        "accept: */*",
        "authorization: bearer x",
        "host: other.example",
        "user-agent: mozilla",
    ]


async def test_user_and_password_of_the_url_are_sent_as_a_header(connect: Connect) -> None:
    async with serving() as server:
        await connect().send(get(server.url.replace("http://", "http://Aladdin:open%20sesame@")))
    assert b"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n" in server.received[0]
    assert b"Aladdin" not in server.received[0]


@pytest.mark.parametrize(
    ("method", "name", "value"),
    [
        ("GET", "X", "a\r\nY: b"),
        ("GET", "X", "a\nb"),
        ("GET", "X", "a\rb"),
        ("GET", "X", "a\x00b"),
        ("GET", "X", "a\x7fb"),
        ("GET", "X", "\ud800"),
        ("GET", "X\r\nY", "a"),
        ("GET", "X Y", "a"),
        ("GET", "X:", "a"),
        ("GET", "", "a"),
        ("GET", "é", "a"),
        ("GET / HTTP/1.1\r\nX: y\r\n\r\n", "X", "a"),
        ("GET x", "X", "a"),
        ("", "X", "a"),
        ("GÉT", "X", "a"),
        ("CONNECT", "X", "a"),
        ("connect", "X", "a"),
    ],
)
async def test_nothing_is_smuggled_into_the_head(
    method: str, name: str, value: str, connect: Connect
) -> None:
    async with serving() as server:
        with pytest.raises(EgressError) as caught:
            await connect().send(Request(method, server.url, {name: value}, None, 5000))
        assert caught.value.kind == "protocol"
        assert server.connections == 0


async def test_answers_headers_are_lower_case_and_joined(connect: Connect) -> None:
    answer = b"HTTP/1.1 201 \r\nX-A: 1\r\nx-a: 2\r\nSet-Cookie: a=b\r\nY: \xc3\xa9 \xff\r\nContent-Length: 0\r\n\r\n"
    async with serving(saying(answer)) as server:
        got = await connect().send(get(server.url))
    headers = {"x-a": "1, 2", "set-cookie": "a=b", "y": "é \ufffd", "content-length": "0"}
    assert got == Response(201, headers, b"", truncated=False)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status: int, connect: Connect) -> None:
    async with serving() as elsewhere:
        answer = f"HTTP/1.1 {status} x\r\nLocation: {elsewhere.url}\r\nContent-Length: 0\r\n\r\n"
        async with serving(saying(answer.encode())) as server:
            got = await connect().send(Request("POST", server.url, {}, b"x", 5000))
        assert (got.status, got.headers["location"]) == (status, elsewhere.url)
        assert elsewhere.connections == 0


async def test_cookies_are_not_kept(connect: Connect) -> None:
    client = connect()
    async with serving() as server:
        cookie = OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b; Path=/\r\n\r\n")
        async with serving(answering(server, cookie)) as baker:
            for _ in range(2):
                await client.send(get(baker.url.replace("127.0.0.1", "localhost")))
    assert len(server.received) == 2
    assert b"cookie" not in server.received[1].lower()


async def test_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, connect: Connect
) -> None:
    async with serving() as proxy, serving() as server:
        for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.replace("http://", "http://user:hunter2@"))
        with structlog.testing.capture_logs() as logs:
            client = connect()
            await client.send(get(server.url))
            await client.send(get(server.url))
        assert (proxy.connections, server.connections) == (0, 1)
    assert [log["log_level"] for log in logs] == ["warning"]
    assert logs[0]["variables"] == ["ALL_PROXY", "HTTP_PROXY", "https_proxy"]
    assert "hunter2" not in str(logs)


async def test_no_warning_without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "")
    with structlog.testing.capture_logs() as logs:
        Client(Policy())
    assert logs == []


async def test_the_own_port_is_not_called_in_development(connect: Connect) -> None:
    async with serving() as server:
        own = frozenset({("127.0.0.1", server.port)})
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            with pytest.raises(EgressError, match="where this server listens") as caught:
                await connect(Policy(loopback=True, own=own)).send(get(f"http://{host}:{server.port}/"))
            assert caught.value.kind == "refused"
        assert server.connections == 0
        for allow in ("127.0.0.0/8", "127.0.0.1"):
            policy = Policy(Allowlist.parse(allow), own=own)
            assert (await connect(policy).send(get(server.url))).status == 200


async def test_a_listed_host_is_called_whatever_it_resolves_to(connect: Connect) -> None:
    client = connect(Policy(Allowlist.parse("ci.internal")), resolver=everything_is_here)
    async with serving() as server:
        for host in ("ci.internal", "CI.Internal."):
            assert (await client.send(get(f"http://{host}:{server.port}/"))).status == 200
        for host in ("127.0.0.1", "x.ci.internal", "internal"):
            with pytest.raises(EgressError, match="is refused"):
                await client.send(get(f"http://{host}:{server.port}/"))


async def test_a_name_that_turns_private_is_refused(connect: Connect) -> None:
    answers = iter([["127.0.0.1"], ["169.254.169.254", "127.0.0.2"]])

    async def rebound(_: str) -> list[str]:
        return next(answers)

    client = connect(Policy(Allowlist.parse("127.0.0.1")), resolver=rebound, dns_seconds=0)
    async with serving(saying(OK.replace(b"keep-alive", b"close"))) as server:
        url = f"http://rebound.example:{server.port}/"
        # One lookup only: what was checked is what is dialled, so there is no second answer to fall for.
        assert (await client.send(get(url))).status == 200
        with pytest.raises(
            EgressError, match=r"169\.254\.169\.254 is a link-local address; 127\.0\.0\.2 is"
        ) as caught:
            await client.send(get(url))
        assert caught.value.kind == "refused"
        assert server.connections == 1


async def test_all_addresses_of_a_name_are_looked_at_and_the_allowed_are_tried(connect: Connect) -> None:
    async def many(_: str) -> list[str]:
        return ["10.0.0.1", "::1", "169.254.169.254", "127.0.0.2", "127.0.0.1"]

    client = connect(Policy(Allowlist.parse("127.0.0.1, 127.0.0.2")), resolver=many)
    async with serving() as server:
        assert (await client.send(get(f"http://many.example:{server.port}/"))).status == 200


async def test_more_than_is_read_is_cut_off(connect: Connect) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            sent.append(65536)
            await writer.drain()

    sent: list[int] = []
    async with serving(endless) as server:
        got = await connect(max_bytes=100_000).send(get(server.url))
        await asyncio.wait_for(server.lost.wait(), 5)
    assert (got.status, got.body, got.truncated) == (200, b"x" * 100_000, True)
    assert sum(sent) < 20_000_000  # what the sockets' buffers hold


@pytest.mark.parametrize(("size", "truncated"), [(99, False), (100, False), (101, True)])
async def test_the_limit_is_exact(size: int, truncated: bool, connect: Connect) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    async with serving(saying(answer)) as server:
        got = await connect(max_bytes=100).send(get(server.url))
    assert (len(got.body), got.truncated) == (min(size, 100), truncated)


async def test_the_deadline_is_for_the_whole_answer(connect: Connect) -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    started = time.monotonic()
    async with serving(dripping) as server:
        with pytest.raises(
            EgressError, match=r"no complete answer from 127\.0\.0\.1 within 0\.3 seconds"
        ) as caught:
            await connect().send(get(server.url, 300))
        assert caught.value.kind == "timeout"
        assert 0.25 < time.monotonic() - started < 6
        await asyncio.wait_for(server.lost.wait(), 5)


async def test_a_cancelled_send_is_cancelled_and_hangs_up(connect: Connect) -> None:
    async with serving() as server:
        arrived = asyncio.Event()

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await request(reader)
            arrived.set()
            await reader.read()

        async with serving(silent) as server:
            task = asyncio.create_task(connect().send(get(server.url)))
            await asyncio.wait_for(arrived.wait(), 5)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.lost.wait(), 5)


async def test_a_closed_client_sends_nothing(connect: Connect) -> None:
    client = connect()
    async with serving() as server:
        await client.send(get(server.url))
        await client.close()
        await asyncio.wait_for(server.lost.wait(), 5)
        with pytest.raises(EgressError, match="is stopping"):
            await client.send(get(server.url))


async def test_closing_ends_what_is_being_sent(connect: Connect) -> None:
    arrived = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        arrived.set()
        with contextlib.suppress(ConnectionError):
            await reader.read()

    client = connect()
    async with serving(silent) as server:
        task = asyncio.create_task(client.send(get(server.url)))
        await asyncio.wait_for(arrived.wait(), 5)
        await client.close()
        with pytest.raises(EgressError):
            await task
