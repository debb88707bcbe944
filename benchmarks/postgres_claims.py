"""The time of a claim on PostgreSQL as the outbox grows, with 95 % of its rows behind one stuck origin."""

import statistics
import time

from postgres_server import connected, settle

from strongback.storage.contract import Store
from strongback.storage.deliveries import Wanted
from strongback.storage.postgres.store import open_store
from tests.postgres import Cluster

SMALL = 10_000
ORIGINS = 100
STUCK = "http://stuck:80"
CLAIMS, ROUNDS = 25, 5
TAKEN = 16

FILL = (
    "INSERT INTO events (id, kind, user_id, hops, body, created)"
    " SELECT n::text, 'sendMessage', 'u1', 0, '{\"text\":\"T-minus ten minutes and counting\"}', 0"
    " FROM generate_series(1, $1::bigint) n",
    "INSERT INTO origins (id, origin)"
    f" SELECT n, CASE n WHEN 0 THEN '{STUCK}' ELSE 'http://origin' || n || ':80' END FROM generate_series(0, {ORIGINS}) n",
    "INSERT INTO targets (id, integration, url, origin) SELECT id, 'i' || id, origin, id FROM origins",
    "INSERT INTO outbox (event, number, replay, target, origin, state, attempts, next_at, created, updated)"
    f" SELECT e.sequence, 0, 0, o, o, 'pending', 0, 0, 0, 0 FROM events e, LATERAL"
    f" (SELECT CASE WHEN e.sequence % 20 > 0 THEN 0 ELSE 1 + e.sequence / 20 % {ORIGINS} END AS o) q",
    "INSERT INTO queues (integration, open) SELECT t.integration, count(*) FROM outbox d JOIN targets t ON t.id = d.target"
    " GROUP BY t.integration",
)


async def fill(cluster: Cluster, rows: int) -> Store:
    """A store that owes so many deliveries."""
    url = cluster.create(f"claims_{rows}")
    store = await open_store(url)
    async with connected(url) as connection:
        await connection.execute("SET statement_timeout = 0")
        for number, statement in enumerate(FILL):
            await connection.execute(statement, *((rows,) if number == 0 else ()))
    await settle(url)
    return store


async def claims(store: Store) -> list[float]:
    """The milliseconds of some claims, each with its commit; what they took is given back afterwards."""
    times = []
    for n in range(CLAIMS):
        started = time.perf_counter()
        found = await store.claim("worker", n + 10, n + 70_000, Wanted(TAKEN, 8, {STUCK: 8}))
        times.append((time.perf_counter() - started) * 1000)
        assert len(found.taken) == TAKEN
        assert all(delivery.origin != STUCK for delivery, _ in found.taken)
    assert await store.reclaim(0, "worker") == CLAIMS * TAKEN
    return times


async def compare(cluster: Cluster, rows: int) -> None:
    """Print the median time of a claim with few and with many rows, measured in turn."""
    stores = {size: await fill(cluster, size) for size in (SMALL, rows)}
    times: dict[int, list[float]] = {size: [] for size in stores}
    for store in stores.values():
        await claims(store)
    for _ in range(ROUNDS):
        for size, store in stores.items():
            times[size] += await claims(store)
    for store in stores.values():
        await store.close()
    few, many = (statistics.median(found) for found in times.values())
    print(
        f"\na claim of {TAKEN} with {SMALL:,} and {rows:,} rows pending: {few:.2f} and {many:.2f} ms,"
        f" {many / few:.2f}x (asked: flat)"
    )
