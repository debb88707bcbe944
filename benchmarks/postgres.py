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
from get_integrations import comparable, one, request, resident, serving
from incoming import fsync_ms, load
from postgres_data import GROUPS
from postgres_server import Cluster, running

HERE = Path(__file__).parent
SIZES = (1_000, 200_000)
READERS = 5
"""The connections with which a node reads."""


async def same_answers(mine: int, bare: int, requests: list[bytes]) -> None:
    """Raise unless both servers send the same bytes."""
    for data in requests:
        (our_head, our_body), (head, body) = await one(mine, data), await one(bare, data)
        assert our_body == body, (our_body[:300], body[:300])
        assert comparable(our_head) == comparable(head), (our_head, head)
        assert body.count(b'"_id":"0') == 10


async def compare(urls: dict[int, str], parse_urls: dict[int, str], seconds: float, rounds: int) -> None:
    """Print requests per second of all sides, the ratios, and the processor time of a request."""
    print(
        f"{'integrations':>12} {'side':6} {'requests/s':>10} {'ours is':>8} {'us of CPU':>10}  (median of {rounds} rounds)"
    )
    asks = [request(n, GROUPS) for n in range(GROUPS)]
    for size, url in urls.items():
        with ExitStack() as started:
            ours = started.enter_context(serving(postgres_statements.serve(url), 0))
            if size == SIZES[0]:
                idle = resident(ours[1])
            bare = started.enter_context(serving([str(HERE / "postgres_bare.py"), url, str(READERS)], 0))
            await same_answers(ours[0], bare[0], asks)
            sides = {"bare": (bare, asks), "ours": (ours, asks)}
            if size in parse_urls:
                parse = started.enter_context(postgres_parse.parse_server(parse_urls[size]))
                sides["parse"] = parse, [postgres_parse.request(n) for n in range(GROUPS)]
                await postgres_parse.check(parse[0])
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
            for _ in range(rounds):
                for name, ((port, pid), requests) in sides.items():
                    following = cycle(requests)
                    found[name].append(
                        await load(port, pid, lambda following=following: next(following), seconds)
                    )
        for name, measured in found.items():
            rate, cost = (statistics.median(values) for values in zip(*measured, strict=True))
            ratio = statistics.median(a / b for (a, _), (b, _) in zip(found["ours"], measured, strict=True))
            print(f"{size:12,} {name:6} {rate:10.0f} {ratio:7.2f}x {cost:10.0f}")
    print(f"idle server: {idle:.0f} MB resident")


async def main(cluster: Cluster, seconds: float, rounds: int, rows: int) -> None:
    """Fill the databases, then measure and print."""
    urls, parse_urls = (
        {size: cluster.create(f"{name}_{size}") for size in SIZES} for name in ("ours", "parse")
    )
    if not postgres_parse.install():
        print("Parse Server is left out: npm is not installed")
        parse_urls = {}
    for size, url in urls.items():
        await postgres_data.fill(url, size)
    for size, url in parse_urls.items():
        await postgres_parse.fill(url, size)
    if shutil.which("taskset"):
        os.sched_setaffinity(0, {1})
    await compare(urls, parse_urls, seconds, rounds)
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
    print(json.dumps({"machine": f"{os.cpu_count()} cores", "date": time.strftime("%Y-%m-%d")}))
