"""Nodes wake each other; what is told gets lost, and all goes on."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from strongback.accounts.permissions import AccessCache
from strongback.documents.document import Document
from strongback.errors import Unavailable
from strongback.storage.changes import Changes
from strongback.storage.contract import Access, Store
from strongback.storage.deliveries import Wanted
from strongback.storage.postgres import wakes
from strongback.storage.postgres.wakes import Wakes, listen
from strongback.storage.steps import Put, PutDeliveries, PutEvent, Target
from tests.postgres import Cluster
from tests.stores import database_url, execute, needing_postgres, open_store

pytestmark = pytest.mark.anyio


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[list[Store]]:
    """Two stores on one database."""
    opened = [await open_store(tmp_path, "postgres") for _ in range(2)]
    yield opened
    for one in opened:
        await one.close()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.002)


async def owe(store: Store, id: str) -> None:
    target = Target("i", "http://a/", "http://a:80")
    happened = PutEvent(id, "sendMessage", None, None, "u", 0, "{}", 0)
    await store.commit(Changes(steps=[happened, PutDeliveries(id, [target], 0, 99)]))


def permission(*roles: str) -> Put:
    return Put("permissions", Document("p", {"_id": "p", "roles": list(roles)}))


async def test_what_one_node_owes_wakes_the_others(nodes: list[Store]) -> None:
    here, there = nodes
    woken: list[str] = []
    here.on_deliveries(lambda: woken.append("here"))
    there.on_deliveries(lambda: woken.append("there"))
    await owe(here, "e1")
    assert woken == ["here"]
    await until(lambda: "there" in woken)
    assert woken == ["here", "there"]  # and nobody is woken by what he has told
    await owe(there, "e2")
    await until(lambda: len(woken) == 4)
    assert woken == ["here", "there", "there", "here"]


async def test_what_a_worker_did_not_get_done_wakes_the_others(nodes: list[Store]) -> None:
    here, there = nodes
    await owe(here, "e1")
    await here.claim("w", 0, 60, Wanted(1, 1, {}))
    woken: list[str] = []
    there.on_deliveries(lambda: woken.append("there"))
    await here.reclaim(0, "w")
    await until(lambda: woken)


async def test_calls_that_come_close_together_are_one(tmp_path: Path) -> None:
    url = database_url(tmp_path, "postgres")
    here, there = await listen(url), await listen(url)
    heard: list[str] = []
    there.on_deliveries.append(lambda: heard.append("deliveries"))
    there.on_access.append(lambda: heard.append("access"))
    for _ in range(1_000):
        here.tell()
    await until(lambda: heard)
    await other(url, "access")
    await until(lambda: heard[-1] == "access")
    assert heard == ["deliveries", "access"]
    await here.close()
    await there.close()


async def other(url: str, payload: str) -> None:
    """Tell something as a program of another kind would."""
    connection = await asyncpg.connect(url)
    await connection.execute("SELECT pg_notify('strongback', $1)", payload)
    await connection.close()


async def test_what_is_not_known_wakes_nobody(tmp_path: Path) -> None:
    url = database_url(tmp_path, "postgres")
    node = await listen(url)
    heard: list[str] = []
    node.on_deliveries.append(lambda: heard.append("deliveries"))
    node.on_access.append(lambda: heard.append("access"))
    for payload in ("", "something", "access of another version"):
        await other(url, payload)
    await other(url, "deliveries")
    await until(lambda: heard)
    assert heard == ["deliveries"]
    await node.close()


async def test_a_change_of_permissions_is_read_by_the_others(nodes: list[Store]) -> None:
    here, there = nodes
    cache = await AccessCache.load(there)
    await here.commit(Changes(steps=[permission("admin")]))
    await until(lambda: cache.newest.permissions.get("p") == frozenset({"admin"}))
    await here.commit(Changes(steps=[permission("admin", "bot")]))
    await until(lambda: cache.newest.permissions.get("p") == frozenset({"admin", "bot"}))


async def test_a_cache_that_can_not_be_read_anew_stays_as_it_is(
    nodes: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = nodes
    cache = await AccessCache.load(there)
    access, calls = there.access, [0]

    async def failing() -> Access:
        calls[0] += 1
        if calls[0] == 1:
            raise Unavailable("the database is away")
        return await access()

    monkeypatch.setattr(there, "access", failing)
    await here.commit(Changes(steps=[permission("admin")]))
    await until(lambda: calls[0] == 1)
    assert "p" not in cache.newest.permissions
    await here.commit(Changes(steps=[permission("bot")]))
    await until(lambda: cache.newest.permissions.get("p") == frozenset({"bot"}))


async def test_an_answer_that_was_overtaken_is_not_kept(
    nodes: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = nodes
    cache = await AccessCache.load(here)
    old = await here.access()
    await here.commit(Changes(steps=[permission("admin")]))
    new = await cache.refresh()
    monkeypatch.setattr(here, "access", lambda: answer(old))
    assert await cache.refresh() is new


async def answer(access: Access) -> Access:
    return access


def cut(folder: Path) -> None:
    """End the connections that listen."""
    sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1"
    execute(folder, sql, wakes.NAME, store="postgres")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lost is looked for again at once."""
    monkeypatch.setattr(wakes, "AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(wakes, "CHECK_SECONDS", 0.05)


@pytest.mark.usefixtures("soon")
async def test_a_node_that_heard_nothing_for_a_while_looks_at_everything_once(tmp_path: Path) -> None:
    url = database_url(tmp_path, "postgres")
    here, there = await listen(url), await listen(url)
    heard: list[str] = []
    there.on_deliveries.append(lambda: heard.append("deliveries"))
    there.on_access.append(lambda: heard.append("access"))
    cut(tmp_path)
    await until(lambda: len(heard) >= 2)
    assert heard[:2] == ["deliveries", "access"]
    heard.clear()
    here.tell()
    await until(lambda: heard)
    assert set(heard) == {"deliveries"}
    await here.close()
    await there.close()


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Cluster]:
    """A server that a test may stop."""
    with needing_postgres():
        cluster = Cluster.start()
    yield cluster
    cluster.remove()


@pytest.mark.usefixtures("soon")
async def test_that_nobody_is_heard_is_said_once_and_that_it_is_over_too(alone: Cluster) -> None:
    with capture_logs() as logs:
        node = await listen(alone.url("postgres"))
        heard: list[str] = []
        node.on_deliveries.append(lambda: heard.append("deliveries"))
        await asyncio.to_thread(alone.kill)
        await until(lambda: logs)
        node.tell()
        await asyncio.to_thread(alone.start_again)
        await until(lambda: heard)
        await node.close()
    assert [(line["log_level"], line["event"]) for line in logs] == [
        ("warning", "this node does not hear the others"),
        ("info", "this node hears the others again"),
    ]


@pytest.mark.usefixtures("soon")
async def test_a_node_starts_while_nobody_can_be_heard(alone: Cluster) -> None:
    await asyncio.to_thread(alone.stop)
    node = await listen(alone.url("postgres"))
    heard: list[str] = []
    node.on_deliveries.append(lambda: heard.append("deliveries"))
    await asyncio.to_thread(alone.start_again)
    await until(lambda: heard)
    await node.close()


@pytest.mark.usefixtures("soon")
async def test_a_connection_that_was_cut_without_a_word_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database_url(tmp_path, "postgres")
    monkeypatch.setattr(wakes, "CONNECT_SECONDS", 0.5)
    node = await listen(url)
    heard: list[str] = []
    node.on_deliveries.append(lambda: heard.append("deliveries"))
    sql = "SELECT pid FROM pg_stat_activity WHERE application_name = $1"
    [row] = execute(tmp_path, sql, wakes.NAME, store="postgres")
    os.kill(row["pid"], signal.SIGSTOP)
    try:
        await until(lambda: heard)
    finally:
        os.kill(row["pid"], signal.SIGCONT)
    await node.close()


async def test_one_that_is_closed_lets_go_of_its_connection(tmp_path: Path) -> None:
    url = database_url(tmp_path, "postgres")
    node: Wakes = await listen(url)
    await node.close()
    sql = "SELECT count(*) AS many FROM pg_stat_activity WHERE application_name = $1"
    async with asyncio.timeout(20):
        while execute(tmp_path, sql, wakes.NAME, store="postgres")[0]["many"]:
            await asyncio.sleep(0.01)
