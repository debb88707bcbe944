"""Posting in a group with twenty outgoing integrations, against posting in a group with none.

The server runs on one core, the load comes from the other over 32 connections. First the dispatcher is paused, so that
only what a post itself costs is compared. Then it runs, and the rate of posts is looked for at which what is owed does
not grow; the p99 of groups.getIntegrations meanwhile and the memory over all posts are printed.

    python benchmarks/posting.py [--seconds 4] [--rounds 5]
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count, cycle
from pathlib import Path

import uvloop
from get_integrations import fill, latencies, request, resident, serving
from incoming import load

from strongback import app
from strongback.cli.serve import Server
from strongback.documents.document import Document
from strongback.settings import Settings
from strongback.storage.changes import Changes
from strongback.storage.sqlite.store import open_store
from strongback.storage.steps import Link, PutIntegration

GROUPS = 20
LOUD = range(10)
"""These groups have outgoing integrations, the others have none."""
INTEGRATIONS = 20
ORIGINS = 16


def hook(group: int, n: int, url: str) -> PutIntegration:
    """An outgoing integration of a group."""
    body = {
        "_id": f"out{group}-{n}",
        "type": "webhook-outgoing",
        "name": f"hook {n}",
        "enabled": True,
        "event": "sendMessage",
        "username": f"user{group}",
        "userId": f"user{group}",
        "channel": [f"#group{group}"],
        "urls": [url],
        "token": "T" * 24,
        "scriptEnabled": False,
        "_createdBy": {"_id": "user0", "username": "user0"},
    }
    return PutIntegration(Document(body["_id"], body), [Link(f"#group{group}", "room", f"room{group}")])


async def serve(path: str, *, paused: bool) -> None:
    """Serve like `strongback serve --dev`, with or without a dispatcher."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    settings = Settings.load({"database": f"sqlite:///{path}", "dev": True}, os.environ)
    store = await open_store(settings.database_path)
    services = await app.prepare(store, settings)
    url = f"listening on http://127.0.0.1:{listener.getsockname()[1]}"
    server = Server(app.build(services), lambda: print(url, flush=True), services.stopping)
    if paused:
        await server.serve(sockets=[listener])
    else:
        async with app.running(services):
            await server.serve(sockets=[listener])
    await store.close()


def post(group: int) -> bytes:
    """One post in a group, by a member of it."""
    body = json.dumps({"roomId": f"room{group}", "text": "T-minus ten minutes and counting"})
    return (
        f"POST /api/v1/chat.postMessage HTTP/1.1\r\nHost: 127.0.0.1\r\nX-User-Id: user{group}\r\n"
        f"X-Auth-Token: token{group}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def posting(groups: range) -> Callable[[], bytes]:
    """Posts in these groups in turn."""
    texts = cycle([post(group) for group in groups])
    return lambda: next(texts)


async def compare(path: Path, seconds: float, rounds: int) -> None:
    """Print what the integrations add to a post."""
    with serving([__file__, "--serve", str(path), "--paused"], 0) as (port, pid):
        pairs = []
        for _ in range(rounds):
            quiet = await load(port, pid, posting(range(LOUD.stop, GROUPS)), seconds)
            loud = await load(port, pid, posting(LOUD), seconds)
            pairs.append((*quiet, *loud))
    quiet, cheap, loud, dear = (statistics.median(side) for side in zip(*pairs, strict=True))
    slower = statistics.median(pair[0] / pair[2] for pair in pairs)
    dearer = statistics.median(pair[3] / pair[1] for pair in pairs)
    print(
        f"posts a second: {quiet:.0f} with no integration, {loud:.0f} with {INTEGRATIONS}: {slower:.2f}x the time"
    )
    print(f"processor time of a post: {cheap:.0f} and {dear:.0f} us: {dearer:.2f}x (asked: 1.5x)")


async def steady(path: Path, seconds: float) -> None:
    """Print the rate of posts that the dispatcher keeps up with."""
    with serving([__file__, "--serve", str(path)], 0) as (port, pid):
        before, posts = resident(pid), 0
        low, high, level = 0.0, 200.0, 0.0
        reads = [request(n, GROUPS) for n in range(GROUPS)]
        slowest = 0.0
        for _ in range(6):
            rate = (low + high) / 2
            task = asyncio.create_task(latencies(port, reads, int(seconds * 40), 0.02))
            sent = await at_rate(port, rate, seconds)
            posts += sent
            owed = pending(path)
            slowest = max(slowest, statistics.quantiles(await task, n=100)[98])
            if owed <= sent * INTEGRATIONS * 0.05:
                low, level = rate, sent / seconds
            else:
                high = rate
            while pending(path):
                await asyncio.sleep(0.05)
        print(
            f"the backlog stays level up to {level:.0f} posts, {level * INTEGRATIONS:.0f} deliveries a second"
        )
        print(f"p99 of groups.getIntegrations meanwhile: {slowest * 1000:.1f} ms")
        while posts < 10_000:
            posts += await at_rate(port, low, 10)
        print(f"memory: {before:.0f} MB at the start, {resident(pid):.0f} MB after {posts} posts")


async def at_rate(port: int, rate: float, seconds: float) -> int:
    """Post so often a second, for so long; answers how many posts that were."""
    numbers, started, sent = count(), time.perf_counter(), 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (passed := time.perf_counter() - started) < seconds:
        if sent < passed * rate:
            writer.write(post(LOUD[next(numbers) % len(LOUD)]))
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head[:16], head
            await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
            sent += 1
        else:
            await asyncio.sleep(0.001)
    writer.close()
    return sent


def pending(path: Path) -> int:
    """How many deliveries are open."""
    connection = sqlite3.connect(path)
    found: int = connection.execute("SELECT coalesce(sum(open), 0) FROM queues").fetchone()[0]
    connection.close()
    return found


async def main() -> None:
    """Run it all in a folder that goes away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve")
    parser.add_argument("--paused", action="store_true")
    options = parser.parse_args()
    if options.serve:
        await serve(options.serve, paused=options.paused)
        return
    if shutil.which("taskset"):
        os.sched_setaffinity(0, {1})
    receiving = subprocess.Popen(  # noqa: ASYNC220 - nothing else waits for the loop
        [sys.executable, str(Path(__file__).with_name("deliveries.py")), "--receivers", str(ORIGINS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert receiving.stdout is not None
    assert receiving.stdin is not None
    urls = cycle(receiving.stdout.readline().split())
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        path = Path(folder) / "bench.db"
        await fill(path, GROUPS, GROUPS, GROUPS)
        store = await open_store(path)
        steps = [hook(group, n, next(urls)) for group in LOUD for n in range(INTEGRATIONS)]
        await store.commit(Changes(steps=list(steps)))
        await store.close()
        copy = path.with_name("paused.db")
        shutil.copy(path, copy)
        await compare(copy, options.seconds, options.rounds)
        await steady(path, options.seconds)
    receiving.stdin.close()
    receiving.wait(10)
    print(json.dumps({"machine": f"{os.cpu_count()} cores", "date": time.strftime("%Y-%m-%d")}))


if __name__ == "__main__":
    uvloop.run(main())
