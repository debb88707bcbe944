"""Scripts compile to what Babel in Node makes of them (tests/data/babel), whatever the source does to the compiler."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from strongback.scripts import compile as compiling
from strongback.scripts.compile import Cache, Compiled, Compiler
from strongback.scripts.contract import ScriptError

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[1] / "data" / "babel"
SOURCES = sorted(path for path in FOLDER.glob("*.js") if path.name != "oracle.js")
SLOW = ";".join(f"var {{a{n},...r{n}}}=x" for n in range(150))  # seconds, in either engine
PATIENCE = 30


@pytest.fixture(scope="module")
async def compiler() -> AsyncIterator[Compiler]:
    """One compiler for the tests of this file."""
    made = Compiler()
    yield made
    await made.close()


def worker_of(compiler: Compiler) -> int | None:
    """The id of its worker's process."""
    return None if compiler._worker is None else compiler._worker.process.pid


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


async def gone(pid: int | None) -> bool:
    """Whether a process ends soon."""
    assert pid is not None
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return True
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
async def test_as_babel_in_node(compiler: Compiler, path: Path) -> None:
    with path.open(newline="") as file:
        compiled = await compiler.compile(file.read())
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    if "error" in expected:
        error = expected["error"]
        assert compiled == Compiled(None, error | {"stack": f"{error['name']}: {error['message']}"})
    else:
        assert compiled == Compiled(expected["code"])


def test_the_judge_has_seen_enough() -> None:
    assert len(SOURCES) >= 40
    assert sum(path.name.startswith("error_") for path in SOURCES) >= 10


async def test_the_issue_says_where_the_error_is(compiler: Compiler) -> None:
    compiled = await compiler.compile("class A { ")
    assert compiled.error is not None
    assert compiled.error["name"] == "SyntaxError"
    assert compiled.error["message"].startswith("unknown: Unexpected token (1:10)\n\n> 1 | class A {")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x" * (1024 * 1024 + 1), "The script is longer than 1048576 bytes."),
        ("ü" * (512 * 1024 + 1), "The script is longer than 1048576 bytes."),
        ("'\ud800'", "The script holds half of a surrogate pair."),
        ("x=" + "(" * 20_000 + "1" + ")" * 20_000, "Maximum call stack size exceeded"),
    ],
    ids=["long", "long in bytes", "surrogate", "deep"],
)
async def test_sources_that_are_too_much(compiler: Compiler, source: str, text: str) -> None:
    compiled = await compiler.compile(source)
    assert compiled.code is None
    assert compiled.error is not None
    assert compiled.error["message"] == text
    assert compiled.error["stack"] == f"{compiled.error['name']}: {text}"
    assert await compiler.compile("let a = 1") == Compiled("var a=1;")


async def test_as_much_as_is_allowed(compiler: Compiler) -> None:
    source = "x='" + "a" * (1024 * 1024 - 4) + "'"
    assert len(source) == 1024 * 1024
    assert (await compiler.compile(source)).error is None
    nested = "x=" + "(" * 1000 + "1" + ")" * 1000
    assert await compiler.compile(nested) == Compiled("x=1;")


@pytest.mark.slow
async def test_a_source_that_takes_too_much_memory() -> None:
    compiler = Compiler(seconds=100)
    try:
        compiled = await compiler.compile("x=[" + "1," * 300_000 + "]")
        assert compiled.error is not None
        assert compiled.error["message"] == "The script takes too much memory to compile."
        assert (await compiler.compile("let a = 1")).code == "var a=1;"
    finally:
        await compiler.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_the_worker_stands_behind_the_wall(compiler: Compiler) -> None:
    await compiler.compile("let wall = 1")
    folder = Path(f"/proc/{worker_of(compiler)}")
    status = dict(
        line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line
    )
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
    bounds = {
        line[:26].strip(): line[26:].split()[:2] for line in (folder / "limits").read_text().splitlines()
    }
    assert bounds["Max address space"] == [str(256 * 1024 * 1024)] * 2
    assert bounds["Max open files"] == ["8", "8"]
    assert bounds["Max file size"] == ["0", "0"]
    assert (folder / "environ").read_bytes() == b""


async def test_a_source_that_takes_too_long_is_given_up() -> None:
    compiler = Compiler(seconds=0.3)
    try:
        assert (await compiler.compile("let a = 1")).error is None
        before = worker_of(compiler)
        compiled = await compiler.compile(SLOW)
        assert compiled.error is not None
        assert compiled.error["message"] == "The script takes longer than 0.3 seconds to compile."
        assert (await compiler.compile("let b = 1")).code == "var b=1;"
        assert worker_of(compiler) != before
    finally:
        await compiler.close()


async def test_a_caller_who_leaves_stops_the_work() -> None:
    compiler = Compiler()
    try:
        await compiler.compile("let a = 1")
        pid = worker_of(compiler)
        task = asyncio.create_task(compiler.compile(SLOW))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert worker_of(compiler) is None
        assert await gone(pid)
        assert (await compiler.compile("let b = 1")).code == "var b=1;"
    finally:
        await compiler.close()


async def test_the_worker_starts_late_and_ends_early() -> None:
    compiler = Compiler(idle=0.05)
    assert worker_of(compiler) is None
    await compiler.compile("let a = 1")
    pid = worker_of(compiler)
    assert await gone(pid)
    assert (await compiler.compile("let a = 1")).code == "var a=1;"
    assert worker_of(compiler) is None  # it was known
    await compiler.close()


async def test_a_worker_that_died_is_replaced() -> None:
    compiler = Compiler()
    try:
        await compiler.compile("let a = 1")
        pid = worker_of(compiler)
        assert pid is not None
        os.kill(pid, 9)
        await until(lambda: compiler._worker is not None and compiler._worker.ended)
        assert (await compiler.compile("let b = 1")).code == "var b=1;"
    finally:
        await compiler.close()


@pytest.mark.parametrize("command", [["/nowhere"], ["/bin/false"]])
async def test_a_worker_that_does_not_start(monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    monkeypatch.setattr(compiling, "command", lambda: command)
    compiler = Compiler()
    with pytest.raises(ScriptError, match="does not start"):
        await compiler.compile("let a = 1")
    await compiler.close()


async def test_many_at_once_share_the_worker(compiler: Compiler) -> None:
    sources = [f"let a = {n % 3}" for n in range(12)]
    compiled = await asyncio.gather(*(compiler.compile(source) for source in sources))
    assert [one.code for one in compiled] == [f"var a={n % 3};" for n in range(12)]


async def test_a_script_is_only_read(compiler: Compiler) -> None:
    await compiler.compile("globalThis.Babel = null; while (true) {}")
    assert (await compiler.compile("let a = `${1}`")).code == 'var a=""+1;'


def test_the_cache_forgets_what_was_longest_unused() -> None:
    cache = Cache(characters=40)
    for key in (b"a", b"b"):
        cache.put(key, Compiled("x" * 10))  # 14 with the missing error, "null"
    assert cache.get(b"a") is not None
    cache.put(b"c", Compiled("y" * 10))
    assert [key for key in (b"a", b"b", b"c") if cache.get(key)] == [b"a", b"c"]
    cache.put(b"d", Compiled("z" * 100))
    assert [key for key in (b"a", b"b", b"c", b"d") if cache.get(key)] == []
    cache.put(b"e", Compiled("x" * 10))
    assert cache.get(b"e") is not None


def test_the_bundle_comes_with_its_licence() -> None:
    folder = Path(compiling.__file__).parent / "babel"
    assert "MIT License" in (folder / "LICENSE").read_text()
    assert re.search(r'"7\.29\.\d+"', (folder / "babel.min.js").read_text())
