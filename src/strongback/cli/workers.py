"""Several processes behind one port: this one holds the port, starts them, and starts again what dies.

Not uvicorn's `Multiprocess`: it does not tell when all are ready, starts at once what dies at once, waits without end
for what does not stop, and leaves its processes behind when it is killed.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import structlog
from prometheus_client.multiprocess import mark_process_dead

from strongback.cli.demo import Credentials
from strongback.cli.signals import stop_signals
from strongback.errors import Unavailable
from strongback.metrics import SHARED
from strongback.settings import Settings, sources

COMMAND = (sys.executable, "-P", "-m", "strongback.cli.worker")
STOP_SECONDS = 18.0
"""A worker ends itself before that, if it can."""

STEADY_SECONDS = 30.0
"""A worker that was up for so long did not die at once."""

LONGEST_PAUSE = 30

Ready: TypeAlias = Callable[[Credentials | None], None]
"""Hears that requests are welcome, and of the demo where one was asked for."""

Environ: TypeAlias = Mapping[str, str]
Hello: TypeAlias = "asyncio.Future[Credentials | None]"
Process: TypeAlias = asyncio.subprocess.Process

_log = structlog.get_logger("strongback.cli")


async def run(
    settings: Settings, flags: Mapping[str, Any], listener: socket.socket, ready: Ready, *, demo: bool
) -> None:
    """Keep the workers running until told to stop; raises Unavailable where one can not start in the beginning."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in stop_signals():
        loop.add_signal_handler(number, told.set)
    hellos: list[Hello] = [loop.create_future() for _ in range(settings.workers)]
    try:
        with _environment(settings, flags) as environ:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(_tell(hellos, ready))]
                for worker, hello in enumerate(hellos):
                    tasks.append(
                        group.create_task(_keep(environ, listener, hello, demo=demo and worker == 0))
                    )
                await told.wait()
                listener.close()
                for task in tasks:
                    task.cancel()
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


@contextmanager
def _environment(settings: Settings, flags: Mapping[str, Any]) -> Iterator[Environ]:
    """What workers find: flags as the variables that they stand before, and a folder to add up metrics in."""
    given = {sources()[name].env: str(value) for name, value in flags.items() if value is not None}
    if not settings.metrics:
        yield os.environ | given
        return
    with tempfile.TemporaryDirectory(prefix="strongback-metrics-") as folder:
        yield os.environ | given | {SHARED: folder}


async def _tell(hellos: list[Hello], ready: Ready) -> None:
    first, *_ = await asyncio.gather(*hellos)
    ready(first)


async def _keep(environ: Environ, listener: socket.socket, hello: Hello, *, demo: bool) -> None:
    """Run one worker after the other until cancelled; `hello` gets what the first one says."""
    loop = asyncio.get_running_loop()
    deaths = 0
    while True:
        since = loop.time()
        reason = await _live(environ, listener, hello, demo=demo and not hello.done())
        if not hello.done():
            raise Unavailable(reason)
        deaths = 1 if loop.time() - since > STEADY_SECONDS else deaths + 1
        _log.warning("a worker is started again", reason=reason, seconds=pause(deaths))
        await asyncio.sleep(pause(deaths))


def pause(deaths: int) -> int:
    """For how many seconds a worker is left dead that has died so often in a row."""
    return 0 if deaths == 1 else min(2 ** (deaths - 2), LONGEST_PAUSE)


async def _live(environ: Environ, listener: socket.socket, hello: Hello, *, demo: bool) -> str:
    """Start a worker and wait for its end; answers why it ended."""
    descriptor = listener.fileno()
    try:
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            str(descriptor),
            *(["--demo"] if demo else []),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=[descriptor],
            env=environ,
            start_new_session=True,  # Ctrl-C is for the parent
        )
    except OSError as error:
        return f"no process can be started: {error.strerror}"
    try:
        said = await _hear(process)
        if "demo" in said and not hello.done():
            hello.set_result(said["demo"] and Credentials(**said["demo"]))
        await process.wait()
    finally:
        await _end(process)
        if SHARED in environ:
            mark_process_dead(process.pid, environ[SHARED])
    return said.get("failed") or _ended(process)


async def _hear(process: Process) -> dict[str, Any]:
    """What a worker says when it is ready, or can not be; nothing where it ends without a word."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    said: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
    return said


async def _end(process: Process) -> None:
    """Have a worker finish what it does; what it can not finish in time, others take over."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        _log.warning("a worker did not stop in time and is killed", pid=process.pid)
        process.kill()
        await process.wait()


def _ended(process: Process) -> str:
    code = process.returncode or 0
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return f"the worker {process.pid} ended with {how}"
