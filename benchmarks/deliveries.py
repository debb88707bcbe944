"""How fast deliveries leave: over sixteen origins, to one slow origin, and from a queue with a million rows.

The dispatcher, the store on a real disk and the door out run in this process, the receivers in another. Prints the
disk's fsync time, deliveries per second, the part of the possible rate that one origin reaches, and the time of a
claim as the queue grows, with 95 % of the rows behind one stuck origin.

    python benchmarks/deliveries.py [--deliveries 6000] [--rows 1000000]
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import uvloop

from strongback.accounts.permissions import AccessCache
from strongback.clock import system_clock
from strongback.documents.document import Document
from strongback.egress.client import Client, Policy
from strongback.scripts.pool import Pool
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Wanted
from strongback.storage.sqlite.store import open_store
from strongback.storage.steps import PutDeliveries, PutEvent, PutIntegration, Target
from strongback.testing.receiver import Receiver
from strongback.webhooks.attempt import attempt
from strongback.webhooks.dispatcher import SENDING_TO_AN_ORIGIN, Dispatcher
from strongback.webhooks.outgoing import Parts
from strongback.webhooks.replies import Replies
from strongback.webhooks.secrets import Secrets

ORIGINS = 16
EVENT = (
    '{"channel_id":"room1","channel_name":"launch","message_id":"m1","timestamp":"2026-11-26T10:00:00.000Z",'
    '"user_id":"u1","user_name":"ann","text":"T-minus ten minutes and counting","siteUrl":"http://localhost:3000"}'
)


def receivers(count: int, delay: float) -> None:
    """Run receivers until stdin closes; prints their URLs."""
    with Receiver(origins=count, record=False) as receiver:
        receiver.answer(status=200, body=b"{}", headers={"Connection": "keep-alive"}, delay=delay)
        print(*receiver.urls, flush=True)
        sys.stdin.read()


@contextmanager
def receiving(count: int, delay: float = 0.0):  # type: ignore[no-untyped-def]
    """The URLs of receivers in a process of their own, on the other core."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--receivers", str(count), "--delay", str(delay)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield process.stdout.readline().split()
    finally:
        process.stdin.close()
        process.wait(10)


async def owe(store: Store, urls: Sequence[str], count: int, at: int = 0) -> None:
    """Owe so many deliveries, to the URLs in turn, by one integration each."""
    for n, url in enumerate(urls):
        body = {
            "_id": f"i{n}", "type": "webhook-outgoing", "name": f"hook {n}", "enabled": True, "event": "sendMessage",
            "urls": [url], "token": "secret-token-of-the-hook", "scriptEnabled": False, "username": "bot", "userId": "bot",
            "channel": ["#launch"],
        }  # fmt: skip
        await store.commit(Changes(steps=[PutIntegration(Document(f"i{n}", body), [])]))
    for start in range(0, count, 500):
        steps: list[PutEvent | PutDeliveries] = []
        for n in range(start, min(start + 500, count)):
            url, event = urls[n % len(urls)], f"{at:012d}{n:012d}"
            steps.append(PutEvent(event, "sendMessage", "room1", "m1", "u1", 0, EVENT, at))
            steps.append(PutDeliveries(event, [Target(f"i{n % len(urls)}", url, url)], at, 10_000_000))
        await store.commit(Changes(steps=list(steps)))


@asynccontextmanager
async def dispatching(store: Store) -> AsyncIterator[Dispatcher]:
    """A dispatcher with all its parts."""
    client = Client(Policy(loopback=True))
    scripts = Pool()
    access = await AccessCache.load(store)
    replies = Replies(store, system_clock, access, ())
    parts = Parts(store, system_clock, client, scripts, Secrets("", Path("secret.key")), replies)
    dispatcher = Dispatcher(store, system_clock, partial(attempt, parts))
    store.on_deliveries(dispatcher.wake)
    task = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        await dispatcher.stop(1)
        await task
        await scripts.close()
        await client.close()


async def drained(store: Store, integrations: int, count: int) -> None:
    """Wait until so many deliveries have been made."""
    while True:
        queues = [await store.queue(f"i{n}") for n in range(integrations)]
        if sum(queue.open for queue in queues) == 0:
            return
        await asyncio.sleep(0.02)


async def rate(urls: Sequence[str], count: int) -> float:
    """Deliveries per second."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        store = await open_store(Path(folder) / "store.db")
        await owe(store, urls, count)
        started = time.perf_counter()
        async with dispatching(store):
            await drained(store, len(urls), count)
            took = time.perf_counter() - started
        await store.close()
    return count / took


async def claims(rows: int) -> float:
    """The median milliseconds of a claim with so many rows pending, 95 % of them behind one stuck origin."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        store = await open_store(Path(folder) / "store.db")
        stuck = "http://stuck:80"
        await owe(store, [stuck], rows * 95 // 100)
        await owe(store, [f"http://origin{n}:80" for n in range(100)], rows * 5 // 100, at=1)
        times = []
        for n in range(100):
            started = time.perf_counter()
            found = await store.claim("w", n + 10, n + 70_000, Wanted(16, 8, {stuck: 8}))
            times.append(time.perf_counter() - started)
            assert len(found.taken) == 16
        await store.close()
    return statistics.median(times) * 1000


def fsync_ms() -> float:
    """The median time of writing a page and waiting for the disk."""
    with tempfile.NamedTemporaryFile(dir=os.environ.get("BENCH_FOLDER")) as file:
        times = []
        for _ in range(100):
            started = time.perf_counter()
            os.pwrite(file.fileno(), b"x" * 4096, 0)
            os.fsync(file.fileno())
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


async def main(count: int, rows: int) -> None:
    """Measure and print."""
    print(f"fsync of this folder: {fsync_ms():.2f} ms")
    with receiving(ORIGINS) as urls:
        print(f"{ORIGINS} origins: {await rate(urls, count):,.0f} deliveries a second (asked: 1,300)")
    for delay in (0.05, 0.02):
        with receiving(1, delay) as urls:
            possible = SENDING_TO_AN_ORIGIN / delay
            reached = await rate(urls, int(possible * 4))
            print(
                f"one origin that takes {delay * 1000:.0f} ms: {reached:,.0f} of {possible:,.0f} a second:"
                f" {reached / possible:.2f} (asked: 0.8)"
            )
    small, large = await claims(rows // 20), await claims(rows)
    print(
        f"a claim of 16 with {rows // 20:,} and {rows:,} rows pending: {small:.2f} and {large:.2f} ms,"
        f" {large / small:.2f}x (asked: under 1 ms, flat)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--deliveries", type=int, default=6_000)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--receivers", type=int)
    parser.add_argument("--delay", type=float, default=0.0)
    options = parser.parse_args()
    if options.receivers:
        receivers(options.receivers, options.delay)
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main(options.deliveries, options.rows))
