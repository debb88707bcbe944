"""The worker processes: started with the first script, replaced when they end, more while all are busy."""

import asyncio
import json
from collections import deque

import structlog

from strongback.scripts import frames
from strongback.scripts.contract import Limits, ScriptError
from strongback.scripts.process import Process

START_SECONDS = 10.0
GROW_AFTER = 0.05
"""Seconds for which no worker was idle before one more is started."""
SHRINK_AFTER = 60.0
NO_START = "No script worker starts; the server's log says why."
STOPPING = "The server is stopping."

_log = structlog.get_logger("strongback.scripts")


class Attendant:
    """Listens to a worker that runs nothing: while it starts, and while it is idle."""

    def __init__(self, workers: "Workers") -> None:
        self._workers = workers
        self.process: Process | None = None
        self.ready = False

    def received(self, tag: int, body: bytes) -> None:
        """Take the greeting; nothing else is expected."""
        assert self.process is not None
        if tag == frames.HELLO and not self.ready:
            self.ready = True
            self._workers.greeted(self.process, json.loads(body))
        else:
            self.process.kill("it spoke out of turn")

    def ended(self, reason: str) -> None:
        """Have it replaced; one that never greeted is not, or it would be forever."""
        assert self.process is not None
        self._workers.lost(self.process, started=self.ready)


class Workers:
    """Hands out idle workers, those first that know the integration."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._all: dict[Process, Attendant] = {}
        self._idle: list[Process] = []
        self._waiting: deque[asyncio.Future[Process]] = deque()
        self._grow_timer: asyncio.TimerHandle | None = None
        self._shrink_timer: asyncio.TimerHandle | None = None
        self._ending: list[Process] = []
        self._warned = False
        self._closed = False

    @property
    def processes(self) -> list[Process]:
        """Those that are alive, starting ones included."""
        return list(self._all)

    @property
    def idle(self) -> bool:
        """Whether `take` would not wait."""
        return bool(self._idle)

    async def take(self, integration_id: str) -> Process:
        """Wait for an idle worker; to be followed by `give`."""
        if self._idle:
            return self._pick(integration_id)
        self._staff()
        if not self._all:
            raise ScriptError("killed", STOPPING if self._closed else NO_START)
        ready: asyncio.Future[Process] = asyncio.get_running_loop().create_future()
        self._waiting.append(ready)
        self._watch()
        try:
            return await ready
        except asyncio.CancelledError:
            if ready.done() and not ready.cancelled() and ready.exception() is None:
                self.give(ready.result())
            raise

    def give(self, process: Process) -> None:
        """Take a worker back, idle or dead."""
        if not process.alive:
            self.lost(process, started=True)
            return
        process.listener = self._all[process]
        process.integration_id = None
        while self._waiting:
            ready = self._waiting.popleft()
            if not ready.done():
                ready.set_result(process)
                return
        self._idle.append(process)

    def greeted(self, process: Process, gaps: list[str]) -> None:
        """A worker has started."""
        if gaps and not self._warned:
            self._warned = True
            _log.warning("scripts run behind an incomplete wall", gaps=gaps)
        self.give(process)
        self._watch()

    def lost(self, process: Process, *, started: bool) -> None:
        """Forget a worker that has ended, and replace it."""
        self._all.pop(process, None)
        if process in self._idle:
            self._idle.remove(process)
        self._ending = [ended for ended in [*self._ending, process] if not ended.reaped]
        if started:
            self._staff()
        if not self._all:
            self._fail_waiting(NO_START)

    async def close(self) -> None:
        """End all workers at once."""
        self._closed = True
        for timer in (self._grow_timer, self._shrink_timer):
            if timer is not None:
                timer.cancel()
        self._fail_waiting(STOPPING)
        ending = [*self._ending, *self._all]
        for process in ending:
            process.kill("the server is stopping", quiet=True)
        while not all(process.reaped for process in ending):
            await asyncio.sleep(0.001)

    def _pick(self, integration_id: str) -> Process:
        """The idle worker that knows the integration, else the one that knows the fewest."""
        for process in self._idle:
            if integration_id in process.contexts:
                break
        else:
            process = min(self._idle, key=lambda idle: len(idle.contexts))
        self._idle.remove(process)
        self._watch()
        return process

    def _fail_waiting(self, text: str) -> None:
        while self._waiting:
            ready = self._waiting.popleft()
            if not ready.done():
                ready.set_exception(ScriptError("killed", text))

    def _staff(self) -> None:
        """Start the workers that should always be there."""
        while len(self._all) < self._limits.workers and self._start():
            pass

    def _start(self) -> bool:
        if self._closed:
            return False
        attendant = Attendant(self)
        try:
            attendant.process = process = Process(self._limits, attendant)
        except OSError as error:
            _log.error("no script worker starts", error=str(error))
            return False
        self._all[process] = attendant
        asyncio.get_running_loop().call_later(START_SECONDS, self._check_start, process, attendant)
        return True

    def _check_start(self, process: Process, attendant: Attendant) -> None:
        if not attendant.ready:
            process.kill(f"it did not start within {START_SECONDS:.0f} s")

    def _watch(self) -> None:
        """Grow soon, unless a worker becomes idle meanwhile."""
        if not self._idle and self._grow_timer is None and len(self._all) < self._limits.most_workers:
            self._grow_timer = asyncio.get_running_loop().call_later(GROW_AFTER, self._grow)

    def _grow(self) -> None:
        self._grow_timer = None
        starting = sum(not attendant.ready for attendant in self._all.values())
        wanted = max(1, len(self._waiting)) - starting
        room = self._limits.most_workers - len(self._all)
        if self._idle or min(wanted, room) <= 0:
            return
        for _ in range(min(wanted, room)):
            self._start()
        if self._shrink_timer is None:
            self._shrink_timer = asyncio.get_running_loop().call_later(SHRINK_AFTER, self._shrink)

    def _shrink(self) -> None:
        """End one idle worker too many, and look again later."""
        self._shrink_timer = None
        if len(self._all) <= self._limits.workers:
            return
        if self._idle:
            self._idle[0].kill("it has nothing to do", quiet=True)
        self._shrink_timer = asyncio.get_running_loop().call_later(SHRINK_AFTER, self._shrink)
