"""What a script costs: through the pipe to a walled worker, against the same script in this process.

Run: python benchmarks/scripts.py. Prints medians in microseconds, and their ratio to the bare engine.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from strongback.scripts.contract import Limits, Script, no_fetch
from strongback.scripts.pool import Pool
from strongback.scripts.sandbox import Bounds, Sandbox, Texts

ROUNDS = 2000
SOURCE = """
class Script {
  process_incoming_request({ request }) {
    console.log('received', request.content.ref);
    return { content: { text: `${request.content.user} pushed ${request.content.commits.length} commits` } };
  }
}
"""
METHOD = "process_incoming_request"
ARGUMENT = {
    "request": {
        "url_raw": "https://chat.example/hooks/abc/def",
        "headers": {"content-type": "application/json", "user-agent": "GitHub-Hookshot/1"},
        "content": {
            "ref": "refs/heads/main",
            "user": "ada",
            "commits": [{"id": str(number) * 40, "message": "Say hello"} for number in range(3)],
        },
        "user": {"_id": "aobEdbYhXfu5hkeqG", "name": "Ada", "username": "ada"},
    }
}


def bare(rounds: int, *, fresh: bool) -> float:
    """The engine with our prelude, without wall or pipe."""
    limits = Limits()
    bounds = Bounds(limits.cpu, limits.heap, limits.stack, limits.result, limits.store, limits.fetches)
    texts = Texts()
    text = json.dumps(ARGUMENT)
    kept: Sandbox | None = None
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        if kept is None or fresh:
            kept = Sandbox(bounds, texts)
            kept.provide(["console"])
            kept.begin()
            assert kept.load(SOURCE) == ""
        kept.begin()
        assert kept.call(METHOD, text, None).startswith("R")
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


async def median(rounds: int, call: Callable[[int], Awaitable[object]]) -> float:
    times = []
    for number in range(rounds):
        start = time.perf_counter()
        await call(number)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


async def rate(pool: Pool, callers: int, seconds: float) -> float:
    """Kept calls a second, each caller with an integration of its own."""
    done = 0
    end = time.perf_counter() + seconds

    async def caller(number: int) -> None:
        nonlocal done
        script = Script(f"caller-{number}", "1", SOURCE)
        while time.perf_counter() < end:
            await pool.run(script, METHOD, ARGUMENT, no_fetch)
            done += 1

    await asyncio.gather(*(caller(number) for number in range(callers)))
    return done / seconds


def resident(pid: int) -> float:
    """Megabytes that a process has resident, where Linux tells."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def main() -> None:
    pool = Pool()
    script = Script("kept", "1", SOURCE)
    start = time.perf_counter()
    await pool.run(script, METHOD, ARGUMENT, no_fetch)
    started = time.perf_counter() - start
    while any(not process.contexts for process in pool.workers.processes):
        await asyncio.gather(
            *(pool.run(Script(f"warm-{n}", "1", SOURCE), METHOD, ARGUMENT, no_fetch) for n in (1, 2))
        )

    async def kept(_: int) -> object:
        return await pool.run(script, METHOD, ARGUMENT, no_fetch)

    async def fresh(number: int) -> object:
        return await pool.run(Script(f"fresh-{number}", "1", SOURCE), METHOD, ARGUMENT, no_fetch)

    rows = [
        ("kept context", await median(ROUNDS, kept), bare(ROUNDS, fresh=False)),
        ("fresh context", await median(ROUNDS // 4, fresh), bare(ROUNDS // 4, fresh=True)),
    ]
    print(f"{'':16}{'worker':>10}{'bare':>10}{'ratio':>8}")
    for name, ours, base in rows:
        print(f"{name:16}{ours:8.0f}us{base:8.0f}us{ours / base:8.1f}")
    print(f"{'calls a second':16}{await rate(pool, 1, 2):8.0f}   with one caller")
    print(f"{'':16}{await rate(pool, 4, 2):8.0f}   with four, {len(pool.workers.processes)} workers")
    print(f"{'first call':16}{started * 1000:8.0f}ms")
    print(
        f"{'resident':16}{max(resident(process.child.pid) for process in pool.workers.processes):8.1f}MB a worker"
    )
    await pool.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
