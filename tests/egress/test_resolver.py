"""All addresses of a name are looked at; lookups do not hold each other up."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from strongback.allowlist import Allowlist
from strongback.egress import resolver
from strongback.egress.addresses import Policy
from strongback.egress.gate import Gate, RefusedAddress
from strongback.egress.resolver import Resolver, SystemLookUp

pytestmark = pytest.mark.anyio


def finding(*addresses: str) -> resolver.LookUp:
    async def look_up(_: str) -> list[str]:
        return list(addresses)

    return look_up


async def test_only_what_may_be_dialled_is_handed_on() -> None:
    found = await Resolver(
        finding("10.0.0.1", "8.8.8.8", "::1", "2606:4700::1111", "8.8.8.8", "fe80::1%eth0", "x"),
        Gate(Policy()),
    ).resolve("a.example", 443)
    assert [(one["hostname"], one["host"], one["port"], one["family"]) for one in found] == [
        ("a.example", "8.8.8.8", 443, socket.AF_INET),
        ("a.example", "2606:4700::1111", 443, socket.AF_INET6),
    ]


async def test_a_few_addresses_are_tried() -> None:
    many = [f"8.8.{high}.{low}" for high in range(4) for low in range(256)]
    found = await Resolver(finding("10.0.0.1", *many), Gate(Policy())).resolve("a.example", 443)
    assert [one["host"] for one in found] == many[:8]


async def test_the_refusal_names_a_few_addresses() -> None:
    with pytest.raises(RefusedAddress) as caught:
        await Resolver(finding(*(f"10.0.0.{low}" for low in range(256))), Gate(Policy())).resolve(
            "a.example", 443
        )
    assert str(caught.value).count("is a private address") == 8


async def test_without_a_gate_all_are_handed_on() -> None:
    found = await Resolver(finding("10.0.0.1", "::1"), None).resolve("a.example", 443)
    assert [one["host"] for one in found] == ["10.0.0.1", "::1"]


async def test_the_gate_knows_the_port() -> None:
    gate = Gate(Policy(Allowlist(), loopback=True, own=frozenset({("127.0.0.1", 3000)})))
    assert len(await Resolver(finding("127.0.0.1"), gate).resolve("a.example", 3001)) == 1
    with pytest.raises(RefusedAddress, match="where this server listens"):
        await Resolver(finding("127.0.0.1"), gate).resolve("a.example", 3000)


async def test_the_system_is_asked() -> None:
    assert "127.0.0.1" in await SystemLookUp()("localhost")


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
        (UnicodeError("label too long"), "it is no host name"),
    ],
)
async def test_what_the_system_does_not_find_is_an_oserror(
    failure: Exception, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise failure

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(OSError, match=says):
        await SystemLookUp()("nowhere.example")


async def test_slow_names_do_not_hold_up_others(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
        if host == "slow.example":
            released.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    look_up = SystemLookUp()
    slow = [asyncio.create_task(look_up("slow.example")) for _ in range(40)]
    try:
        assert await asyncio.wait_for(look_up("fast.example"), 5) == ["8.8.8.8"]
    finally:
        released.set()
    assert await asyncio.gather(*slow) == [["8.8.8.8"]] * 40


async def test_lookups_are_bounded_and_given_up_ones_count_until_they_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = threading.Event()
    running: list[str] = []

    def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
        running.append(host)
        released.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(resolver, "LOOKUPS", 2)
    look_up = SystemLookUp()
    given_up = [asyncio.create_task(look_up(f"slow{n}.example")) for n in range(2)]
    async with asyncio.timeout(5):
        while len(running) < 2:
            await asyncio.sleep(0.001)
    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    third = asyncio.create_task(look_up("third.example"))
    done, _ = await asyncio.wait([third], timeout=0.05)
    assert (done, running) == (set(), ["slow0.example", "slow1.example"])
    released.set()
    assert await asyncio.wait_for(third, 5) == []
