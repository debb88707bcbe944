"""Nodes that start on an empty database: at once, or while another one is interrupted in making the tables."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from strongback.testing.receiver import Receiver
from tests.faults.hub import until
from tests.faults.nodes import DATABASE, Node, Nodes, end
from tests.faults.oracle import Verdict
from tests.faults.proxy import Proxy
from tests.faults.report import Report
from tests.postgres import Cluster
from tests.stores import needing_postgres

pytestmark = [pytest.mark.anyio, pytest.mark.faults, pytest.mark.timeout(180)]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server with an empty database."""
    with needing_postgres():
        running = Cluster.start(durable=True)
    try:
        running.create(DATABASE)
        yield running
    finally:
        running.remove()


@pytest.fixture
def nodes(cluster: Cluster, tmp_path: Path) -> Iterator[list[Node]]:
    """Ten nodes that have not been started."""
    with ExitStack() as stack:
        made = [Node(tmp_path / name, stack.enter_context(Proxy(cluster.port))) for name in "abcdefghij"]
        yield made
        for node in made:
            if hasattr(node, "process"):
                end(node)


def only_number(cluster: Cluster, sql: str) -> int:
    """The one number that a statement answers."""
    (row,) = cluster.execute(DATABASE, sql)
    (number,) = row.values()
    assert isinstance(number, int)
    return number


def says_and_hears(cluster: Cluster, nodes: list[Node], receiver: Receiver) -> Verdict:
    """Post once through each node, and judge what arrives."""
    first, *others = nodes
    first.settle()
    for other in others:
        other.like(first)
    hub = Nodes(cluster, nodes, receiver)
    hub.hook("/a")
    for number, _ in enumerate(nodes):
        assert hub.say(f"m{number}").status == 200
        hub.turn()
    assert set(hub.ended()) == {"delivered"}
    return hub.oracle.judge(receiver.requests, "/a")


def test_nodes_that_start_at_once_make_one_database(
    cluster: Cluster, nodes: list[Node], report: Report
) -> None:
    with ThreadPoolExecutor(len(nodes)) as threads:
        list(threads.map(Node.start, nodes))
    assert only_number(cluster, "SELECT count(*) FROM users WHERE username = 'admin'") == 1
    assert only_number(cluster, "SELECT count(*) FROM subscriptions WHERE rid = 'GENERAL'") == 1
    assert only_number(cluster, "SELECT number FROM version") == 1
    with Receiver() as receiver:
        report("ten nodes start at once", says_and_hears(cluster, nodes, receiver))


async def test_a_node_that_is_killed_while_it_makes_the_tables_leaves_none(
    cluster: Cluster, nodes: list[Node], report: Report
) -> None:
    first, second, *_ = nodes
    blocker = await asyncpg.connect(cluster.url(DATABASE))
    try:
        held = blocker.transaction()
        await held.start()
        # The node will wait here, with half of its tables made.
        await blocker.execute("CREATE TABLE messages (id integer)")
        start = asyncio.create_task(asyncio.to_thread(first.start))
        blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%TABLE users%'"
        await asyncio.to_thread(until, lambda: only_number(cluster, blocked) == 1, 60)
        first.process.kill()
        with pytest.raises(RuntimeError, match="did not listen"):
            await start
        await held.rollback()
    finally:
        await blocker.close()
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    await asyncio.to_thread(until, lambda: only_number(cluster, tables) == 0, 30)
    await asyncio.to_thread(second.start)
    assert only_number(cluster, "SELECT count(*) FROM users WHERE username = 'admin'") == 1
    with Receiver() as receiver:
        report("killed while it makes the tables", says_and_hears(cluster, [second], receiver))
