"""Scripts become what the engine runs when they are saved: Babel, in a walled worker process of its own."""

import asyncio
import contextlib
import hashlib
import json
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from strongback.scripts.contract import ScriptError

SOURCE_BYTES = 1024 * 1024
SECONDS = 10.0
START_SECONDS = 10.0
IDLE_SECONDS = 30.0
CACHE_CHARACTERS = 8 * 1024 * 1024
LENGTH_BYTES = 4
WORKER = (sys.executable, "-I", "-m", "strongback.scripts.compile_worker")


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a source was compiled to, or else the `error` that it made: its name, message and stack."""

    code: str | None
    error: dict[str, Any] | None = None


Compile = Callable[[str], Awaitable[Compiled]]


def failed(message: str, name: str = "Error") -> Compiled:
    """A source that is not compiled, for a reason that Babel does not give."""
    return Compiled(None, {"name": name, "message": message, "stack": f"{name}: {message}"})


class Compiler:
    """Compiles one source at a time; its worker starts at the first and ends when nothing came for a while."""

    def __init__(self, *, seconds: float = SECONDS, idle: float = IDLE_SECONDS) -> None:
        self._seconds = seconds
        self._idle = idle
        self._turn = asyncio.Lock()
        self._known = Cache()
        self._worker: asyncio.subprocess.Process | None = None
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
        if worker is None or worker.returncode is not None:
            worker = await self._start()
        self._postpone_end()
        try:
            async with asyncio.timeout(self._seconds):
                answer = json.loads(await _exchange(worker, json.dumps(source).encode()))
        except TimeoutError:
            await self._end()
            return failed(f"The script takes longer than {self._seconds:g} seconds to compile.")
        except (asyncio.IncompleteReadError, ConnectionError):
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

    async def _start(self) -> asyncio.subprocess.Process:
        await self._end()
        try:
            self._worker = await asyncio.create_subprocess_exec(
                *WORKER,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={},
                start_new_session=True,
            )
            async with asyncio.timeout(START_SECONDS):
                await _receive(self._worker)  # an empty frame: Babel is loaded
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            await self._end()
            raise ScriptError("killed", "The compiler of scripts does not start.") from error
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
            with contextlib.suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()


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


async def _exchange(worker: asyncio.subprocess.Process, message: bytes) -> bytes:
    assert worker.stdin is not None
    worker.stdin.write(len(message).to_bytes(LENGTH_BYTES, "big") + message)
    await worker.stdin.drain()
    return await _receive(worker)


async def _receive(worker: asyncio.subprocess.Process) -> bytes:
    assert worker.stdout is not None
    length = int.from_bytes(await worker.stdout.readexactly(LENGTH_BYTES), "big")
    return await worker.stdout.readexactly(length)
