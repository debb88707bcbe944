"""Scripts become what the engine runs when they are saved: Babel, in a walled worker process of its own."""

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import os
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from strongback.scripts import frames
from strongback.scripts.contract import ScriptError

SOURCE_BYTES = 1024 * 1024
SECONDS = 10.0
START_SECONDS = 10.0
IDLE_SECONDS = 30.0
CACHE_CHARACTERS = 8 * 1024 * 1024
LONGEST_ANSWER = 16 * 1024 * 1024
READ_SIZE = 1 << 16
BOOT = "import sys; sys.path += sys.argv[1:3]; from strongback.scripts.compile_worker import main; main()"

_log = structlog.get_logger("strongback.scripts")


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a source was compiled to, or else the `error` that it made: its name, message and stack."""

    code: str | None
    error: dict[str, Any] | None = None


Compile = Callable[[str], Awaitable[Compiled]]


def failed(message: str, name: str = "Error") -> Compiled:
    """A source that is not compiled, for a reason that Babel does not give."""
    return Compiled(None, {"name": name, "message": message, "stack": f"{name}: {message}"})


def command() -> list[str]:
    """How the worker is started: Python alone, with the two folders that hold its code."""
    engine = importlib.util.find_spec("_quickjs")
    assert engine is not None
    assert engine.origin is not None
    folders = (Path(__file__).parents[2], Path(engine.origin).parent)
    return [sys.executable, "-I", "-S", "-B", "-c", BOOT, *map(str, folders), str(os.getpid())]


class Compiler:
    """Compiles one source at a time; its worker starts at the first and ends when nothing came for a while."""

    def __init__(self, *, seconds: float = SECONDS, idle: float = IDLE_SECONDS) -> None:
        self._seconds = seconds
        self._idle = idle
        self._turn = asyncio.Lock()
        self._known = Cache()
        self._worker: Worker | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    async def compile(self, source: str) -> Compiled:
        """Compile a source; what is wrong with it is in the answer.

        Raises ScriptError only where the worker does not start.
        """
        try:
            encoded = source.encode()
        except UnicodeEncodeError:
            return failed("The script holds half of a surrogate pair.")
        if len(encoded) > SOURCE_BYTES:
            return failed(f"The script is longer than {SOURCE_BYTES} bytes.")
        key = hashlib.sha256(encoded).digest()
        async with self._turn:
            known = self._known.get(key)
            return known if known is not None else await self._compile(key, source)

    async def close(self) -> None:
        """End the worker, if there is one."""
        async with self._turn:
            await self._end()

    async def _compile(self, key: bytes, source: str) -> Compiled:
        worker = self._worker
        if worker is None or worker.ended:
            worker = await self._start()
        self._postpone_end()
        try:
            async with asyncio.timeout(self._seconds):
                answer = json.loads(await worker.ask(json.dumps(source).encode()))
        except TimeoutError:
            await self._end()
            return failed(f"The script takes longer than {self._seconds:g} seconds to compile.")
        except (EOFError, ConnectionError, frames.FrameTooLong):
            answer = {"broken": True}
        except BaseException:
            await self._end()  # it is at work for nobody
            raise
        if answer.get("broken"):
            await self._end()
            return failed("The script takes too much memory to compile.")
        compiled = Compiled(answer.get("code"), answer.get("error"))
        self._known.put(key, compiled)
        return compiled

    async def _start(self) -> "Worker":
        await self._end()
        try:
            process = await asyncio.create_subprocess_exec(
                *command(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={},
                start_new_session=True,
            )
            self._worker = Worker(process)
            async with asyncio.timeout(START_SECONDS):
                gaps = json.loads(await self._worker.receive())
        except (OSError, TimeoutError, EOFError) as error:
            await self._end()
            raise ScriptError("killed", "The compiler of scripts does not start.") from error
        if gaps:
            _log.warning("the wall around the compiler of scripts has gaps", gaps=gaps)
        return self._worker

    def _postpone_end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._idle, self._begin_end)

    def _begin_end(self) -> None:
        self._ending = asyncio.create_task(self.close())

    async def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.end()


class Worker:
    """The process in which Babel runs, as its parent holds it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._inbox = frames.Inbox(LONGEST_ANSWER)

    @property
    def ended(self) -> bool:
        return self.process.returncode is not None

    async def ask(self, question: bytes) -> bytes:
        """Send a frame and wait for the one that answers it."""
        assert self.process.stdin is not None
        self.process.stdin.write(frames.frame(frames.CALL, question))
        await self.process.stdin.drain()
        return await self.receive()

    async def receive(self) -> bytes:
        """Wait for a frame; EOFError where the process ends before it."""
        assert self.process.stdout is not None
        while (frame := self._inbox.take()) is None:
            if not (data := await self.process.stdout.read(READ_SIZE)):
                raise EOFError
            self._inbox.feed(data)
        return frame[1]

    async def end(self) -> None:
        """End the process at once, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


class Cache:
    """The latest results by key, as many as there is room for."""

    def __init__(self, characters: int = CACHE_CHARACTERS) -> None:
        self._room = characters
        self._results: OrderedDict[bytes, Compiled] = OrderedDict()

    def get(self, key: bytes) -> Compiled | None:
        """A result, if it is still known."""
        if key in self._results:
            self._results.move_to_end(key)
        return self._results.get(key)

    def put(self, key: bytes, result: Compiled) -> None:
        """Keep a result, and forget the ones longest unused where there is no room for all."""
        self._results[key] = result
        self._room -= _size(result)
        while self._room < 0:
            _, forgotten = self._results.popitem(last=False)
            self._room += _size(forgotten)


def _size(result: Compiled) -> int:
    return len(result.code or "") + len(json.dumps(result.error))
