"""Requests per second of groups.getIntegrations, against the same work as one bare ASGI function.

Both servers read one SQLite file with the same statements, on one core; the load comes from the other core. The
answers are compared byte for byte before anything is timed. Prints ratios, the growth from 1,000 to 200,000
integrations, and the memory of an idle server.

    python benchmarks/get_integrations.py [--seconds 3] [--rounds 5]
"""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from urllib.parse import quote

import uvloop

from strongback.documents.document import Document
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.sqlite.store import open_store
from strongback.storage.steps import Link, Put, PutIntegration, PutToken, Token

HERE = Path(__file__).parent
CONNECTIONS = 16
MANAGE = [f"manage-{own}{kind}-integrations" for own in ("", "own-") for kind in ("incoming", "outgoing")]
QUERY = '&query={"enabled":true,"name":{"$regex":"^hook [0-4]"}}&sort={"name":-1}&fields={"name":1,"channel":1,"type":1}'


def token_hash(token: str) -> str:
    """The stored form of a token."""
    return base64.b64encode(hashlib.sha256(token.encode()).digest()).decode()


async def fill(path: Path, users: int, groups: int, integrations: int) -> None:
    """Write a database: ten integrations of 2 KB in group 0 to `groups`, the others outside every group."""
    store: Store = await open_store(path)
    await store.commit(Changes(steps=[grant(name) for name in MANAGE]))
    bypass = Document("api-bypass-rate-limit", {"_id": "api-bypass-rate-limit", "roles": ["bot"]})
    await store.commit(Changes(steps=[Put("permissions", bypass)]))
    steps: list[Put | PutIntegration | PutToken] = []
    for n in range(users):
        user = {"_id": f"user{n}", "username": f"user{n}", "active": True, "roles": ["user", "bot"]}
        hashed = token_hash(f"token{n}")
        steps += [
            Put("users", Document(f"user{n}", user)),
            PutToken(Token(f"user{n}", hashed, {"hashedToken": hashed})),
        ]
    for n in range(groups):
        steps.append(Put("rooms", Document(f"room{n}", {"_id": f"room{n}", "name": f"group{n}", "t": "p"})))
        for u in range(n % users, min(n % users + 2, users)):
            body = {"_id": f"s{n}-{u}", "rid": f"room{n}", "u": {"_id": f"user{u}"}, "roles": []}
            steps.append(Put("subscriptions", Document(f"s{n}-{u}", body)))
    for n in range(integrations):
        steps.append(integration(n, n // 10 if n < groups * 10 else None))
        if len(steps) > 2_000:
            await store.commit(Changes(steps=steps))
            steps = []
    await store.commit(Changes(steps=steps))
    await store.close()


def grant(name: str) -> Put:
    """Give a permission to administrators and bots."""
    return Put("permissions", Document(name, {"_id": name, "roles": ["admin", "bot"]}))


def integration(n: int, group: int | None) -> PutIntegration:
    """An integration of about 2 KB."""
    name = f"#group{group}" if group is not None else "@nobody"
    body = {
        "_id": f"{n:024x}",
        "type": "webhook-incoming" if n % 2 else "webhook-outgoing",
        "name": f"hook {n % 10} of {group}",
        "enabled": n % 3 > 0,
        "username": "rocket.cat",
        "userId": "rocket.cat",
        "channel": [name],
        "token": "t" * 48,
        "scriptEnabled": True,
        "script": "class Script { process_incoming_request() { return {} } }\n" + "// padding\n" * 140,
        "_createdBy": {"_id": "user0", "username": "user0"},
    }
    document = Document(str(body["_id"]), body)
    document.set_date("_createdAt", 1_700_000_000_000 + n)
    document.set_date("_updatedAt", 1_700_000_000_000 + n)
    link = Link(name, "room", f"room{group}") if group is not None else Link(name, "user", None)
    return PutIntegration(document, [link])


@contextmanager
def serving(command: list[str], core: int) -> Iterator[tuple[int, int]]:
    """Run a server on one core; yield its port and process id once it listens."""
    process = subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "http://127.0.0.1:" in line:
                yield int(line.split("http://127.0.0.1:")[1].split()[0].strip("/")), process.pid
                break
        else:
            raise SystemExit(f"{command} did not start")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def request(number: int, groups: int, extra: str = "") -> bytes:
    """One request of the load, as bytes."""
    group = number % groups
    path = f"/api/v1/groups.getIntegrations?roomId=room{group}" + quote(extra, safe="&=")
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-User-Id: user{group}\r\nX-Auth-Token: token{group}\r\n\r\n"
    return head.encode()


async def fetch(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes
) -> tuple[bytes, bytes]:
    """Send a request on an open connection and read the answer's head and body."""
    writer.write(data)
    head = await reader.readuntil(b"\r\n\r\n")
    at = head.lower().index(b"content-length:") + 15
    return head, await reader.readexactly(int(head[at : head.index(b"\r\n", at)]))


async def one(port: int, data: bytes) -> tuple[bytes, bytes]:
    """One request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await fetch(reader, writer, data)
    finally:
        writer.close()


class Lane(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, requests: list[bytes], start: int) -> None:
        self._requests = requests
        self._at = start
        self._buffer = bytearray()
        self.done = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._requests[self._at % len(self._requests)])

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._buffer.index(b"content-length: ") + 16
        if len(self._buffer) < head + 4 + int(self._buffer[at : self._buffer.index(b"\r\n", at)]):
            return
        self._buffer.clear()
        self.done += 1
        self._at += CONNECTIONS
        self._transport.write(self._requests[self._at % len(self._requests)])

    def close(self) -> None:
        self._transport.abort()


async def load(port: int, requests: list[bytes], seconds: float) -> float:
    """Requests per second over `CONNECTIONS` connections."""
    loop = asyncio.get_running_loop()
    lanes = [
        (await loop.create_connection(lambda n=n: Lane(requests, n), "127.0.0.1", port))[1]
        for n in range(CONNECTIONS)
    ]
    before, started = sum(lane.done for lane in lanes), time.perf_counter()
    await asyncio.sleep(seconds)
    rate = (sum(lane.done for lane in lanes) - before) / (time.perf_counter() - started)
    for lane in lanes:
        lane.close()
    return rate


async def latencies(port: int, requests: list[bytes], count: int, pause: float = 0.0) -> list[float]:
    """The times of single requests on one connection, in seconds, with pauses between them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    for n in range(count):
        started = time.perf_counter()
        await fetch(reader, writer, requests[n % len(requests)])
        times.append(time.perf_counter() - started)
        if pause:
            await asyncio.sleep(pause)
    writer.close()
    return times


async def latency(port: int, requests: list[bytes], count: int) -> float:
    """The median time of one request on one connection, in microseconds."""
    return statistics.median(await latencies(port, requests, count)) * 1e6


def resident(pid: int) -> float:
    """The resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def comparable(head: bytes) -> list[bytes]:
    """The header lines of an answer that must be equal on both sides."""
    return sorted(line for line in head.lower().split(b"\r\n") if not line.startswith(b"date:"))


async def compare(path: Path, seconds: float, rounds: int) -> None:
    """Print the ratios of both rows."""
    ours = ["-m", "strongback.cli.main", "serve", "--port", "0", "--database", f"sqlite:///{path}"]
    with (
        serving(ours, 0) as (our_port, pid),
        serving([str(HERE / "bare.py"), str(path)], 0) as (bare_port, _),
    ):
        print(f"idle server: {resident(pid):.1f} MB resident\n")
        print(f"{'work':34} {'bare/s':>8} {'ours/s':>8} {'ratio':>6}  (median of {rounds} rounds)")
        for name, extra in (("roomId", ""), ("roomId, query, sort, fields", QUERY)):
            requests = [request(n, 500, extra) for n in range(500)]
            for data in requests[:50]:
                (our_head, our_body), (head, body) = await one(our_port, data), await one(bare_port, data)
                assert our_body == body, (our_body[:300], body[:300])
                assert comparable(our_head) == comparable(head), (our_head, head)
                assert b'"integrations":[{' in body
            pairs = [
                (await load(bare_port, requests, seconds), await load(our_port, requests, seconds))
                for _ in range(rounds)
            ]
            bare, mine = (statistics.median(side) for side in zip(*pairs, strict=True))
            ratio = statistics.median(b / a for a, b in pairs)
            print(f"{name:34} {bare:8.0f} {mine:8.0f} {ratio:6.2f}")


async def growth(folder: Path) -> None:
    """Print the time of one request with 1,000 and with 200,000 integrations."""
    ports = {}
    for size in (1_000, 200_000):
        await fill(folder / f"{size}.db", 100, 100, size)
        ports[size] = [
            "-m",
            "strongback.cli.main",
            "serve",
            "--port",
            "0",
            "--database",
            f"sqlite:///{folder}/{size}.db",
        ]
    requests = [request(n, 100) for n in range(100)]
    with serving(ports[1_000], 0) as (small, _), serving(ports[200_000], 0) as (large, _):
        medians = [
            (await latency(small, requests, 1_000), await latency(large, requests, 1_000)) for _ in range(5)
        ]
        a, b = (statistics.median(side) for side in zip(*medians, strict=True))
        print(f"\none request: {a:.0f} us with 1,000 integrations, {b:.0f} us with 200,000: {b / a:.2f}x")


async def main() -> None:
    """Run it all in a folder that goes away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if shutil.which("taskset"):
        os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory() as folder:
        await fill(Path(folder) / "bench.db", 1_000, 500, 5_000)
        await compare(Path(folder) / "bench.db", options.seconds, options.rounds)
        await growth(Path(folder))
    print(json.dumps({"machine": f"{os.cpu_count()} cores", "date": time.strftime("%Y-%m-%d")}))


if __name__ == "__main__":
    uvloop.run(main())
