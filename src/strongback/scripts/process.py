"""A worker process as the parent holds it: a pipe down and a pipe up."""

import asyncio
import importlib.util
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import structlog

from strongback.scripts import frames
from strongback.scripts.contexts import Contexts
from strongback.scripts.contract import Limits

READ_SIZE = 1 << 16
REAP_INTERVAL = 0.005
BOOT = "import sys; sys.path += sys.argv[1:3]; from strongback.scripts.worker import main; main()"

_log = structlog.get_logger("strongback.scripts")


class Listener(Protocol):
    """Who hears what a worker says."""

    def received(self, tag: int, body: bytes) -> None:
        """A frame has come."""

    def ended(self, reason: str) -> None:
        """The worker is no more."""


def command(limits: Limits) -> list[str]:
    """How a worker is started: Python alone, with the two folders that hold its code."""
    engine = importlib.util.find_spec("_quickjs")
    if engine is None or engine.origin is None:
        raise RuntimeError("The package quickjs-ng is not installed.")
    paths = (Path(__file__).parents[2], Path(engine.origin).parent)
    sizes = (limits.heap, limits.stack, limits.result, limits.store, limits.fetches)
    operands = (*paths, os.getpid(), limits.address_space, limits.cpu, *sizes)
    return [sys.executable, "-I", "-S", "-B", "-c", BOOT, *map(str, operands)]


class Process:
    """A worker, started when this is made; `listener` hears its frames and its end."""

    def __init__(self, limits: Limits, listener: Listener) -> None:
        self.listener = listener
        self.contexts = Contexts(limits.contexts)
        self.alive = True
        self.reaped = False
        self.integration_id: str | None = None
        self._unsent = b""
        self._inbox = frames.Inbox(8 * limits.result + 8 * limits.store)
        self._loop = asyncio.get_running_loop()
        self.child = subprocess.Popen(  # noqa: S603 the command is this Python and its own code
            command(limits),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={},
            start_new_session=True,
        )
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self._down, self._up = self.child.stdin.fileno(), self.child.stdout.fileno()
        os.set_blocking(self._down, False)
        os.set_blocking(self._up, False)
        self._loop.add_reader(self._up, self.read)

    def send(self, tag: int, body: bytes) -> None:
        """Write a frame, now or as the pipe empties."""
        if not self.alive:
            return
        data = frames.frame(tag, body)
        if self._unsent:
            self._unsent += data
            return
        self._unsent = data[self._write(data) :]
        if self._unsent:
            self._loop.add_writer(self._down, self._flush)

    def _write(self, data: bytes) -> int:
        """Write what the pipe takes; that it is broken is told by the pipe up."""
        try:
            return os.write(self._down, data)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            return len(data)

    def _flush(self) -> None:
        self._unsent = self._unsent[self._write(self._unsent) :]
        if not self._unsent:
            self._loop.remove_writer(self._down)

    def read(self) -> None:
        """Hand on the frames that have come."""
        if not self.alive:
            return
        try:
            data = os.read(self._up, READ_SIZE)
        except BlockingIOError:
            return
        if not data:
            self.kill("it ended by itself")
            return
        self._inbox.feed(data)
        try:
            while self.alive and (received := self._inbox.take()):
                self.listener.received(*received)
        except frames.FrameTooLong as error:
            self.kill(f"it sent {error}")

    def kill(self, reason: str, *, quiet: bool = False) -> None:
        """End the worker at once, whatever it does; say why in the log unless that is nobody's business."""
        if not self.alive:
            return
        self._close()
        self._reap(None if quiet else reason)
        self.listener.ended(reason)

    def _close(self) -> None:
        self.alive = False
        self._loop.remove_reader(self._up)
        self._loop.remove_writer(self._down)
        self.child.kill()
        for pipe in (self.child.stdin, self.child.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()

    def _reap(self, reason: str | None) -> None:
        code = self.child.poll()
        if code is None:
            self._loop.call_later(REAP_INTERVAL, self._reap, reason)
            return
        self.reaped = True
        if reason is not None:
            _log.warning("script worker killed", reason=reason, integration=self.integration_id, code=code)
