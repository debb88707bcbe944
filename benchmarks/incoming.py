"""Hook calls per second, durable, with idempotency keys and history, against groups.getIntegrations of the same server.

The server runs on one core, the load comes from the other over 32 connections; with a script, its workers share both.
Prints the disk's fsync time, how many calls share a commit, what a request costs the server's own process, and the
ratio of the rates.

    python benchmarks/incoming.py [--seconds 4] [--rounds 5]
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import count, cycle
from pathlib import Path
from typing import cast

import uvloop
from get_integrations import fill, request, serving

from strongback import app
from strongback.cli.serve import Server
from strongback.documents.document import Document
from strongback.settings import Settings
from strongback.storage.changes import Changes
from strongback.storage.sqlite.store import open_store
from strongback.storage.steps import Link, PutIntegration

CONNECTIONS = 32
GROUPS = 100
BODY = json.dumps(
    {
        "text": "Build 4711 of main passed in 3 min 12 s",
        "attachments": [{"title": "main", "text": "12 commits by 3 people", "color": "#00ff00"}],
    }
)
SCRIPT = """
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text, attachments: request.content.attachments } };
  }
}
"""


def hook(n: int, script: str | None) -> PutIntegration:
    """An incoming integration that posts into group n as a member of it."""
    kind = "plain" if script is None else "script"
    body = {
        "_id": f"{kind}{n}",
        "type": "webhook-incoming",
        "name": f"hook {n}",
        "enabled": True,
        "username": f"user{n}",
        "userId": f"user{n}",
        "channel": [f"#group{n}"],
        "token": "T" * 48,
        "scriptEnabled": script is not None,
        "_createdBy": {"_id": "user0", "username": "user0"},
    }
    if script is not None:
        body |= {"script": script, "scriptCompiled": script}
    return PutIntegration(Document(f"{kind}{n}", body), [Link(f"#group{n}", "room", f"room{n}")])


async def serve(path: str, port: int) -> None:
    """Serve like `strongback serve`; at the end, print how many transactions were committed."""
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    settings = Settings.load({"database": f"sqlite:///{path}"}, os.environ)
    store = await open_store(settings.database_path)
    services = await app.prepare(store, settings)
    url = f"listening on http://127.0.0.1:{listener.getsockname()[1]}"
    async with app.running(services):
        await Server(app.build(services), lambda: print(url, flush=True), services.stopping).serve(
            sockets=[listener]
        )
    Path(f"{path}.commits").write_text(str(store.commits))
    await store.close()


def call(kind: str, numbers: "count[int]") -> bytes:
    """One call of a hook, with a key of its own."""
    n = next(numbers)
    head = (
        f"POST /hooks/{kind}{n % GROUPS}/{'T' * 48} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {os.getpid()}-{kind}-{n}\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    return (head + BODY).encode()


class Lane(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, following: Callable[[], bytes]) -> None:
        self._following = following
        self._buffer = bytearray()
        self.done = 0
        self.refused = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._following())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._buffer.index(b"content-length: ") + 16
        if len(self._buffer) < head + 4 + int(self._buffer[at : self._buffer.index(b"\r\n", at)]):
            return
        if b" 200 " not in self._buffer[:16]:
            self.refused = bytes(self._buffer)
        self._buffer.clear()
        self.done += 1
        self._transport.write(self._following())

    def close(self) -> None:
        self._transport.abort()


def cpu_seconds(pid: int) -> float:
    """How long a process and its threads have run."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def release(pid: int) -> None:
    """Let a process and what it will start use every core."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), range(os.cpu_count() or 1))


async def load(port: int, pid: int, following: Callable[[], bytes], seconds: float) -> tuple[float, float]:
    """Requests per second, and the microseconds that one costs the server; a refused one ends the benchmark."""
    loop = asyncio.get_running_loop()
    lanes = [
        (await loop.create_connection(lambda: Lane(following), "127.0.0.1", port))[1]
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(0.3)
    before, started, cpu = sum(lane.done for lane in lanes), time.perf_counter(), cpu_seconds(pid)
    await asyncio.sleep(seconds)
    took, done = time.perf_counter() - started, sum(lane.done for lane in lanes) - before
    cost = (cpu_seconds(pid) - cpu) / max(done, 1) * 1e6
    for lane in lanes:
        lane.close()
        assert not lane.refused, lane.refused
    return done / took, cost


def fsync_ms(folder: Path) -> float:
    """The median time that the folder's disk takes for a page."""
    times = []
    with (folder / "probe").open("wb") as file:
        for _ in range(100):
            file.write(bytes(4096))
            file.flush()
            started = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


async def compare(path: Path, seconds: float, rounds: int) -> None:
    """Print the ratios."""
    reads = cycle([request(n, GROUPS) for n in range(GROUPS)])
    numbers = count()
    print(
        f"{'':8} {'getIntegrations/s':>18} {'hooks/s':>8} {'ratio':>6} {'us of CPU':>16}  (median of {rounds} rounds)"
    )
    answered = 0.0
    with serving([__file__, "--serve", str(path)], 0) as (port, pid):
        for kind in ("plain", "script"):
            if kind == "script":
                release(pid)
            measured = []
            for _ in range(rounds):
                read = await load(port, pid, lambda: next(reads), seconds)
                post = await load(port, pid, lambda kind=kind: call(kind, numbers), seconds)
                measured.append((*read, *post, post[0] / read[0]))
                answered += post[0] * (seconds + 0.3)
            read, read_cpu, post, post_cpu, ratio = map(statistics.median, zip(*measured, strict=True))
            print(f"{kind:8} {read:18.0f} {post:8.0f} {ratio:6.2f} {read_cpu:7.0f} {post_cpu:8.0f}")
    commits = int(Path(f"{path}.commits").read_text())
    print(f"\nfsync {fsync_ms(path.parent):.2f} ms; {answered / commits:.1f} calls a commit")


async def main() -> None:
    """Run it all in a folder that goes away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve")
    options = parser.parse_args()
    if options.serve:
        await serve(options.serve, 0)
        return
    if shutil.which("taskset"):
        os.sched_setaffinity(0, {1})
    os.environ["STRONGBACK_HOOKS_RATE"] = "0"
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        path = Path(folder) / "bench.db"
        await fill(path, GROUPS, GROUPS, GROUPS * 10)
        store = await open_store(path)
        for script in (None, SCRIPT):
            await store.commit(Changes(steps=[hook(n, script) for n in range(GROUPS)]))
        await store.close()
        await compare(path, options.seconds, options.rounds)
    print(json.dumps({"machine": f"{os.cpu_count()} cores", "date": time.strftime("%Y-%m-%d")}))


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
