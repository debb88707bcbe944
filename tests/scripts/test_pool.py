"""The pool: who runs where and when, what is killed, and what is left behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from strongback.scripts import frames, process
from strongback.scripts.contract import Fetch, Fetched, Limits, Run, Script, ScriptError, no_fetch
from strongback.scripts.pool import Pool
from strongback.scripts.process import command
from tests.scripts.conftest import script

pytestmark = pytest.mark.anyio

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
COUNTS = "go() { return this.n = (this.n ?? 0) + 1; }"
BURNS = "go() { return new Array(2 ** 32 - 1).join('x'); }"
FETCHES = "async go() { return (await fetch('u')).status; }"


@asynccontextmanager
async def open_pool(**limits: Any) -> AsyncIterator[Pool]:
    pool = Pool(limits=Limits(**limits))
    try:
        yield pool
    finally:
        await pool.close()


async def go(pool: Pool, body: str, integration_id: str | None = None, fetch: Any = no_fetch) -> Run:
    return await pool.run(script(body, integration_id), "go", None, fetch)


async def kind(pool: Pool, body: str, integration_id: str | None = None, fetch: Any = no_fetch) -> str:
    with pytest.raises(ScriptError) as caught:
        await go(pool, body, integration_id, fetch)
    return caught.value.kind


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def pids(pool: Pool) -> set[int]:
    return {worker.child.pid for worker in pool.workers.processes}


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended but was not waited for by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Gate:
    """A fetch that waits until it is opened, and counts who waits."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.waiting = 0

    async def fetch(self, _: Fetch) -> Fetched:
        self.waiting += 1
        try:
            await self.open.wait()
        finally:
            self.waiting -= 1
        return Fetched(200, {}, "")


async def staff(pool: Pool) -> set[int]:
    """Wait until both workers have started; their ids."""
    gate = Gate()
    tasks = [asyncio.create_task(go(pool, FETCHES, fetch=gate.fetch)) for _ in range(2)]
    await until(lambda: gate.waiting == 2)
    gate.open.set()
    await asyncio.gather(*tasks)
    return pids(pool)


async def test_workers_start_with_the_first_script() -> None:
    async with open_pool() as pool:
        assert pool.workers.processes == []
        assert (await go(pool, "go() { return 1; }")).value == 1
        assert len(pids(pool)) == 2


async def test_a_script_goes_where_its_context_is() -> None:
    async with open_pool() as pool:
        names = [f"n{number}" for number in range(6)]
        for expected in range(1, 5):
            for name in names:
                assert (await go(pool, COUNTS, name)).value == expected
        assert sum(len(worker.contexts) for worker in pool.workers.processes) == len(names)


async def test_runs_of_one_integration_follow_each_other() -> None:
    async with open_pool() as pool:
        running, order = 0, []

        async def fetch(request: Fetch) -> Fetched:
            nonlocal running
            running += 1
            assert running == 1
            await asyncio.sleep(0)
            running -= 1
            order.append(request.url)
            return Fetched(200, {}, "")

        one = script("async go(n) { await fetch(`${n}`); }", "one")
        await asyncio.gather(*(pool.run(one, "go", number, fetch) for number in range(20)))
        assert order == [str(number) for number in range(20)]


async def test_waiting_scripts_let_the_pool_grow_to_eight() -> None:
    async with open_pool(queue=3) as pool:
        gate = Gate()
        waiting = [asyncio.create_task(go(pool, FETCHES, fetch=gate.fetch)) for _ in range(8)]
        await until(lambda: gate.waiting == 8 or any(task.done() for task in waiting))
        assert len(pids(pool)) == 8
        with pytest.raises(ScriptError, match=r"No script worker was free within 3 s\.") as caught:
            await go(pool, "go() {}")
        assert caught.value.kind == "busy"
        gate.open.set()
        assert [(await task).value for task in waiting] == [200] * 8
        assert (await go(pool, "go() { return 1; }")).value == 1


async def test_an_integration_that_waits_blocks_only_itself() -> None:
    async with open_pool(queue=0.5) as pool:
        gate = Gate()
        first = asyncio.create_task(go(pool, FETCHES, "slow", gate.fetch))
        await until(lambda: gate.waiting == 1)
        assert (await go(pool, "go() { return 1; }")).value == 1
        assert await kind(pool, FETCHES, "slow") == "busy"
        gate.open.set()
        assert (await first).value == 200
        assert (await go(pool, FETCHES, "slow", gate.fetch)).value == 200


async def test_a_cancelled_wait_passes_its_turn_on() -> None:
    async with open_pool(workers=1, most_workers=1) as pool:
        gate = Gate()
        first = asyncio.create_task(go(pool, FETCHES, "one", gate.fetch))
        await until(lambda: gate.waiting == 1)
        others = [asyncio.create_task(go(pool, COUNTS, name)) for name in ("one", "one", "two", "two")]
        await asyncio.sleep(0)
        for task in others[::2]:
            task.cancel()
        gate.open.set()
        assert (await first).value == 200
        assert [(await task).value for task in others[1::2]] == [1, 1]


@pytest.mark.parametrize(
    "body",
    [
        BURNS,
        "go() { const a = []; a.length = 2 ** 32 - 1; a.reverse(); }",
        "go() { return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1); }",
        "go() { InternalError.prototype.toString = () => { while (true); }; while (true); }",
        "go() { const a = new Array(1e6).fill('x'.repeat(9)); while (true) a.sort(); }",
        "go() { return 'ab'.repeat(1e7).split('').length; }",
    ],
)
async def test_what_cannot_be_interrupted_is_killed(body: str) -> None:
    async with open_pool(cpu=0.3, wall=0.7) as pool:
        assert (await go(pool, "go() { return 1; }", "good")).value == 1
        before = pids(pool)
        assert await kind(pool, body) in {"timeout", "memory", "killed"}
        assert (await go(pool, "go() { return 1; }", "good")).value == 1
        await until(lambda: len(pids(pool)) == 2)
        if body == BURNS:
            assert len(pids(pool) - before) == 1


async def test_three_kills_in_a_row_make_an_integration_rest() -> None:
    now = 0.0
    pool = Pool(limits=Limits(wall=0.3, kills=3, rest=60), clock=lambda: now)
    try:
        for _ in range(2):
            assert await kind(pool, BURNS, "bad") == "timeout"
        assert (await go(pool, COUNTS, "bad")).value == 1
        for _ in range(3):
            assert await kind(pool, BURNS, "bad") == "timeout"
        now = 59.0
        with pytest.raises(
            ScriptError, match=r"The scripts of this integration rest for another 1 s\."
        ) as caught:
            await go(pool, COUNTS, "bad")
        assert caught.value.kind == "resting"
        assert (await go(pool, COUNTS, "good")).value == 1
        now = 60.0
        assert await kind(pool, BURNS, "bad") == "timeout"
        assert await kind(pool, COUNTS, "bad") == "resting"
        now = 120.0
        assert (await go(pool, COUNTS, "bad")).value == 1
    finally:
        await pool.close()


async def test_errors_that_need_no_kill_never_make_it_rest() -> None:
    async with open_pool(cpu=0.05, wall=15) as pool:
        for _ in range(5):
            assert await kind(pool, "go() { throw 1; }", "bad") == "running"
            assert await kind(pool, "go() { while (true); }", "bad") == "timeout"


async def test_a_kill_is_logged_without_the_script() -> None:
    with capture_logs() as logs:
        async with open_pool(wall=0.3) as pool:
            await kind(pool, "go() { return new Array(2 ** 32 - 1).join('secret'); }", "bad")
    assert logs == [
        {
            "event": "script worker killed",
            "log_level": "warning",
            "reason": "it ran too long",
            "integration": "bad",
            "code": -signal.SIGKILL,
        }
    ]


async def test_the_wall_clock_stands_still_while_a_script_waits() -> None:
    async with open_pool(wall=0.4) as pool:

        async def slow(_: Fetch) -> Fetched:
            await asyncio.sleep(0.25)
            return Fetched(200, {}, "")

        body = "async go() { await fetch('a'); await fetch('b'); return (await fetch('c')).status; }"
        assert (await go(pool, body, fetch=slow)).value == 200
        assert await kind(pool, f"async go() {{ await fetch('a'); {BURNS[7:]}", fetch=slow) == "timeout"


async def test_the_wall_clock_goes_on_where_it_stood() -> None:
    async with open_pool(cpu=10, wall=0.8) as pool:

        async def fetch(_: Fetch) -> Fetched:
            return Fetched(200, {}, "")

        turns = """async go() {
            for (let i = 0; i < %d; i++) {
                for (const end = Date.now() + 300; Date.now() < end;);
                await fetch('u');
            }
            return 1;
        }"""
        assert (await go(pool, turns % 2, fetch=fetch)).value == 1
        assert await kind(pool, turns % 4, fetch=fetch) == "timeout"


async def test_waiting_is_bounded_too_and_counts_as_no_kill() -> None:
    async with open_pool(total=0.2, kills=1) as pool:
        with pytest.raises(
            ScriptError, match=r"The script waited for more than 0\.2 s for its requests\."
        ) as caught:
            await go(pool, FETCHES, "slow", Gate().fetch)
        assert caught.value.kind == "timeout"
        assert (await go(pool, COUNTS, "slow")).value == 1


async def test_a_cancelled_run_leaves_nothing_dirty() -> None:
    async with open_pool(kills=1) as pool:
        gate = Gate()
        for body in (FETCHES, BURNS):
            task = asyncio.create_task(go(pool, body, "one", gate.fetch))
            await until(lambda: any(worker.integration_id == "one" for worker in pool.workers.processes))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await go(pool, COUNTS, "one")).value == 1
        assert gate.waiting == 0


async def test_a_worker_that_dies_fails_its_run_only() -> None:
    async with open_pool() as pool:
        gate = Gate()
        task = asyncio.create_task(go(pool, FETCHES, "one", gate.fetch))
        await until(lambda: gate.waiting == 1)
        busy = next(worker for worker in pool.workers.processes if worker.integration_id == "one")
        os.kill(busy.child.pid, signal.SIGKILL)
        with pytest.raises(
            ScriptError, match=r"The worker of the script was lost: it ended by itself\."
        ) as caught:
            await task
        assert caught.value.kind == "killed"
        assert (await go(pool, COUNTS, "one")).value == 1
        assert len(pids(pool)) == 2


async def test_an_idle_worker_that_dies_is_replaced() -> None:
    async with open_pool() as pool:
        before = await staff(pool)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        await until(lambda: len(pids(pool)) == 2 and not pids(pool) & before)
        assert (await go(pool, COUNTS)).value == 1


async def test_store_outlives_workers() -> None:
    async with open_pool() as pool:
        counts = "go() { Store.set('n', (Store.get('n') ?? 0) + 1); return Store.get('n'); }"
        for expected in (1, 2, 3):
            assert (await go(pool, counts, "one")).value == expected
            before = await staff(pool)
            for worker in pool.workers.processes:
                worker.kill("for the test", quiet=True)
            assert not pids(pool) & before


async def test_each_worker_sees_what_another_has_stored() -> None:
    async with open_pool(most_workers=2) as pool:
        gate = Gate()
        counts = "go() { Store.set('n', (Store.get('n') ?? 0) + 1); return Store.get('n'); }"

        async def blocked_by(names: list[str], expected: int | None) -> None:
            gate.open.clear()
            tasks = [asyncio.create_task(go(pool, FETCHES, name, gate.fetch)) for name in names]
            await until(lambda: gate.waiting == len(names))
            if expected is not None:
                assert (await go(pool, counts, "one")).value == expected
            gate.open.set()
            await asyncio.gather(*tasks)

        await blocked_by(["left", "right"], None)  # from here on each blocks the worker that knows it
        for expected in range(1, 6):
            await blocked_by(["left" if expected % 2 else "right"], expected)
        assert all("one" in worker.contexts for worker in pool.workers.processes)


async def test_the_least_recently_used_context_goes() -> None:
    async with open_pool(workers=1, most_workers=1, contexts=2) as pool:
        assert [(await go(pool, COUNTS, name)).value for name in "aabbacaabb"] == [
            1,
            2,
            1,
            2,
            3,
            1,
            4,
            5,
            1,
            2,
        ]


async def test_contexts_that_are_too_large_together_go() -> None:
    async with open_pool(workers=1, most_workers=1) as pool:
        fills = "go() { this.kept ??= new Uint8Array(30e6).fill(1); return this.n = (this.n ?? 0) + 1; }"
        assert [(await go(pool, fills, name)).value for name in "abcde"] == [1] * 5
        assert (await go(pool, fills, "e")).value == 2
        assert (await go(pool, fills, "a")).value == 1


async def test_failed_runs_leave_nothing_in_their_worker() -> None:
    async with open_pool(workers=1, most_workers=1) as pool:
        await go(pool, COUNTS)
        before = pids(pool)
        for _ in range(20):
            assert (
                await kind(pool, "go() { global.kept = new Uint8Array(30e6).fill(1); throw 1; }") == "running"
            )
        assert pids(pool) == before


async def test_a_worker_that_once_grew_too_large_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strongback.scripts.pool.MOST_PEAK", -1)
    async with open_pool() as pool:
        assert (await go(pool, COUNTS, "a")).value == 1
        assert (await go(pool, COUNTS, "a")).value == 1


async def test_the_memory_of_the_server_is_not_held_against_its_workers() -> None:
    ballast = bytes(1) * (300 * 1024 * 1024)  # what Linux hands down as the peak of a new process
    async with open_pool() as pool:
        assert (await go(pool, COUNTS, "a")).value == 1
        assert (await go(pool, COUNTS, "a")).value == 2
    assert ballast


@LINUX
async def test_close_ends_all_workers_at_once() -> None:
    pool = Pool()
    task = asyncio.create_task(go(pool, BURNS))
    await until(lambda: any(worker.integration_id for worker in pool.workers.processes))
    ended = pids(pool)
    start = time.monotonic()
    await pool.close()
    assert time.monotonic() - start < 1
    assert len(ended) == 2
    assert not any(alive(pid) for pid in ended)
    with pytest.raises(ScriptError, match="The worker of the script was lost: the server is stopping"):
        await task
    with pytest.raises(ScriptError, match="The server is stopping"):
        await go(pool, COUNTS)


@LINUX
@pytest.mark.parametrize("body", [COUNTS, BURNS])
async def test_workers_end_with_a_parent_that_is_killed(body: str) -> None:
    code = f"""
import asyncio
from strongback.scripts.contract import *
from strongback.scripts.pool import Pool
async def main():
    pool = Pool(limits=Limits(wall=600))
    await pool.run(Script("a", "1", "class Script {{ {COUNTS} }}"), "go", None, no_fetch)
    task = asyncio.create_task(pool.run(Script("b", "1", "class Script {{ {body} }}"), "go", None, no_fetch))
    await asyncio.sleep(0.2)
    print(*(worker.child.pid for worker in pool.workers.processes), flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)  # noqa: ASYNC220
    assert parent.stdout is not None
    workers = [int(pid) for pid in (await asyncio.to_thread(parent.stdout.readline)).split()]
    assert len(workers) == 2
    assert all(alive(pid) for pid in workers)
    parent.kill()
    await asyncio.to_thread(parent.communicate)
    await until(lambda: not any(alive(pid) for pid in workers))


async def test_a_worker_ends_with_its_input() -> None:
    worker = subprocess.Popen(command(Limits()), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})  # noqa: ASYNC220
    assert worker.stdout is not None
    tag, body = _first_frame(await asyncio.to_thread(worker.stdout.read, 7))
    assert (tag, json.loads(body)) == (frames.HELLO, [])
    await asyncio.to_thread(worker.communicate)
    assert worker.returncode == 0


def _first_frame(data: bytes) -> tuple[int, bytes]:
    inbox = frames.Inbox(1000)
    inbox.feed(data)
    frame = inbox.take()
    assert frame is not None
    return frame


@LINUX
async def test_a_worker_has_no_environment_and_little_else() -> None:
    async with open_pool() as pool:
        for pid in await staff(pool):
            assert Path(f"/proc/{pid}/environ").read_bytes() == b""
            assert len(list(Path(f"/proc/{pid}/fd").iterdir())) == 3
            status = Path(f"/proc/{pid}/status").read_text()
            assert "NoNewPrivs:\t1" in status
            assert "Seccomp:\t2" in status
            assert "Threads:\t1\n" in status


async def test_a_worker_imports_nothing_of_the_server() -> None:
    arguments = command(Limits())
    arguments[5] = (
        "import sys; sys.path += sys.argv[1:3]; import strongback.scripts.worker; print('\\n'.join(sys.modules))"
    )
    listed = await asyncio.to_thread(
        subprocess.run, arguments, capture_output=True, text=True, env={}, check=True
    )
    modules = set(listed.stdout.split())
    assert {name for name in modules if name.startswith("strongback")} == {
        "strongback",
        *(
            f"strongback.scripts{name}"
            for name in ("", ".frames", ".globals", ".sandbox", ".seccomp", ".wall", ".worker")
        ),
    }
    assert modules.isdisjoint({"asyncio", "socket", "subprocess", "threading", "site", "quickjs"})


async def test_a_worker_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "BOOT", "raise SystemExit(3)")
    async with open_pool() as pool:
        for _ in range(2):
            with pytest.raises(ScriptError, match="No script worker starts; the server's log says why"):
                await go(pool, COUNTS)
        monkeypatch.undo()
        assert (await go(pool, COUNTS)).value == 1


async def test_a_gap_in_the_wall_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    boot = process.BOOT.replace(
        "main()", "import strongback.scripts.wall as w; w.put_up = lambda _: ['a gap']; main()"
    )
    monkeypatch.setattr(process, "BOOT", boot)
    with capture_logs() as logs:
        async with open_pool() as pool:
            await asyncio.gather(go(pool, COUNTS), go(pool, COUNTS))
    assert logs == [
        {"event": "scripts run behind an incomplete wall", "log_level": "warning", "gaps": ["a gap"]}
    ]


HOSTILE = """
import os, sys
sys.path += sys.argv[1:3]
from strongback.scripts import frames
os.write(1, frames.frame(frames.HELLO, b"[]"))
os.read(0, 65536)
{act}
os.read(0, 65536)
"""
GOOD = b'1 1 1\n{"value":1,"absent":false,"store":null,"console":[]}'


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (f"os.write(1, frames.frame(frames.RESULT, {GOOD!r}))", None),
        ("os.write(1, frames._HEAD.pack(2**31, frames.RESULT))", "killed"),
        (f"os.write(1, frames.frame(frames.RESULT, {GOOD.replace(b'1 1 1', b'1 x 1')!r}))", "result"),
        (f"os.write(1, frames.frame(frames.RESULT, {GOOD[:-1]!r}))", "result"),
        (f"os.write(1, frames.frame(frames.RESULT, {GOOD.replace(b'false', b'5')!r}))", "result"),
        ("os.write(1, frames.frame(frames.RESULT, b'1 1 1\\n{\"value\":1,\"absent\":false,\"console\":[],\"store\":\"'"
         " + b'x' * 65537 + b'\"}'))", "result"),
        ("os.write(1, frames.frame(frames.FAILURE, b'1 1 1\\n{\"kind\":\"mine\",\"text\":\"\",\"console\":[]}'))", "result"),
        ("os.write(1, frames.frame(frames.REQUESTS, b'[[1,{\"url\":5}]]'))", "killed"),
        ("os.write(1, frames.frame(frames.REQUESTS, b'[' + b','.join([b'[1,{\"url\":\"u\"}]'] * 11) + b']'))", "killed"),
        ("os.write(1, frames.frame(frames.REQUESTS, b'[]') * 2)", "killed"),
        ("os._exit(0)", "killed"),
        ("os.close(1)", "killed"),
        ("os.write(1, b'half')", "timeout"),
    ],
)  # fmt: skip
async def test_a_worker_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch, act: str, expected: str | None
) -> None:
    """Whoever breaks out of the engine has a process that speaks as it likes."""
    monkeypatch.setattr(process, "BOOT", HOSTILE.replace("{act}", act))
    async with open_pool(wall=1.0) as pool:
        seen: list[Fetch] = []

        async def fetch(request: Fetch) -> Fetched:
            seen.append(request)
            return Fetched(200, {}, "")

        if expected is None:
            assert (await go(pool, COUNTS)).value == 1
        else:
            assert await kind(pool, COUNTS, "one", fetch) == expected
            assert seen == []
        monkeypatch.undo()


async def test_large_arguments_and_sources_pass_the_pipe() -> None:
    async with open_pool() as pool:
        source = "class Script { go(value) { return value.length; } } // " + "x" * 1_000_000
        answer = await pool.run(Script("a", "1", source), "go", "é" * 1_000_000, no_fetch)
        assert answer.value == 1_000_000
        echo = "class Script { go(value) { return value; } }"
        text = "é" * 1_000_000
        assert (await pool.run(Script("b", "1", echo), "go", text, no_fetch)).value == text
