"""groups.getIntegrations on PostgreSQL, against the same work as one bare ASGI function and against Parse Server.

All sides ask one PostgreSQL server, durable and of this benchmark's own, and are measured in turn: each server is on one
core, the load on the other, PostgreSQL where there is room. The answers of the server and of the bare function are compared
byte for byte before anything is timed. Then the statements and locks of a request are counted with one node and with three,
and claims are timed with a million rows pending, 95 % of them behind one stuck origin.

    python benchmarks/postgres.py [--seconds 4] [--rounds 5] [--rows 1000000]
"""

import argparse
import json
import os
import shutil
import statistics
import time
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import postgres_claims
import postgres_data
import postgres_parse
import postgres_statements
import uvloop
from get_integrations import comparable, one, request, serving
from incoming import fsync_ms, load
from postgres_data import GROUPS
from postgres_server import running

from strongback.settings import Settings
from tests.postgres import Cluster

HERE = Path(__file__).parent
SIZES = (1_000, 200_000)
CONNECTIONS = Settings().database_connections
READERS = CONNECTIONS - CONNECTIONS // 2
"""The connections with which a node reads; the bare function has as many."""

Side = tuple[tuple[int, int], list[bytes]]
"""A server's port and process, and what it is asked."""


async def same_answers(mine: int, bare: int, requests: list[bytes]) -> None:
    """Raise unless both servers send the same bytes."""
    for data in requests:
        (our_head, our_body), (head, body) = await one(mine, data), await one(bare, data)
        assert our_body == body, (our_body[:300], body[:300])
        assert comparable(our_head) == comparable(head), (our_head, head)
        assert body.count(b'"_id":"0') == 10


async def compare(url: str, parse: tuple[str, list[str]] | None, seconds: float, rounds: int) -> list[str]:
    """Measure all sides in turn; answers a line for each: requests a second, the ratio, and the processor time."""
    asks = [request(n, GROUPS) for n in range(GROUPS)]
    with ExitStack() as started:
        ours = started.enter_context(serving(postgres_statements.serve(url), 0))
        sides: dict[str, Side] = {"ours": (ours, asks)}
        for name, more in (("bare", ()), ("bare, one statement", ("one",))):
            command = [str(HERE / "postgres_bare.py"), url, str(READERS), *more]
            bare = started.enter_context(serving(command, 0))
            await same_answers(ours[0], bare[0], asks)
            sides[name] = bare, asks
        if parse is not None:
            parse_url, sessions = parse
            server = started.enter_context(postgres_parse.parse_server(parse_url))
            sides["Parse Server"] = server, postgres_parse.requests(sessions)
            sides["the same, master key"] = server, postgres_parse.master_requests()
            for _, requests in (sides["Parse Server"], sides["the same, master key"]):
                await postgres_parse.check(server[0], requests)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
        for turn in range(rounds + 1):
            for name, ((port, pid), requests) in sides.items():
                following = cycle(requests)
                rate_and_cost = await load(port, pid, lambda: next(following), seconds)  # noqa: B023
                if turn > 0:  # before, everything becomes warm
                    found[name].append(rate_and_cost)
    lines = []
    for name, measured in found.items():
        rate, cost = (statistics.median(values) for values in zip(*measured, strict=True))
        ratio = statistics.median(a / b for (a, _), (b, _) in zip(found["ours"], measured, strict=True))
        lines.append(f"{name:22} {rate:10.0f} {ratio:7.2f}x {cost:10.0f}")
    return lines


async def main(cluster: Cluster, seconds: float, rounds: int, rows: int) -> None:
    """Fill the databases, then measure and print."""
    urls = {size: cluster.create(f"ours_{size}") for size in SIZES}
    parse: dict[int, tuple[str, list[str]]] = {}
    for size, url in urls.items():
        await postgres_data.fill(url, size)
    if postgres_parse.install():
        for size in SIZES:
            url = cluster.create(f"parse_{size}")
            parse[size] = url, await postgres_parse.fill(url, size)
    else:
        print("Parse Server is left out: npm is not installed")
    if shutil.which("taskset"):
        os.sched_setaffinity(0, {1})
    print(
        f"{'integrations':>12} {'':22} {'requests/s':>10} {'ours is':>8} {'us of CPU':>10}  ({rounds} rounds)"
    )
    for size, url in urls.items():
        for line in await compare(url, parse.get(size), seconds, rounds):
            print(f"{size:12,} {line}")
    await postgres_statements.compare(cluster, urls)
    await postgres_claims.compare(cluster, rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with running() as cluster:
        print(
            f"fsync {fsync_ms(cluster.folder):.2f} ms; load of the machine before: {os.getloadavg()[0]:.2f}\n"
        )
        uvloop.run(main(cluster, options.seconds, options.rounds, options.rows))
    print(f"\nload of the machine after: {os.getloadavg()[0]:.2f}")
    print(json.dumps({"machine": f"{os.cpu_count()} cores", "date": time.strftime("%Y-%m-%d")}))
