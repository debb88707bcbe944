"""One run on one worker: the call, the requests of the script, the answer, and the clocks that bound it."""

import asyncio

import msgspec
import structlog

from strongback.scripts import frames
from strongback.scripts.contract import Fetch, FetchCall, FetchError, Limits
from strongback.scripts.process import Process
from strongback.scripts.values import decode, encode

_log = structlog.get_logger("strongback.scripts")
_requests = msgspec.json.Decoder(list[tuple[int, Fetch]])


class WorkerEnded(Exception):
    """The worker was killed or died; `overran` says that the run took too long, `waiting` that requests did."""

    def __init__(self, reason: str, *, overran: bool = False, waiting: bool = False) -> None:
        super().__init__(reason)
        self.overran = overran
        self.waiting = waiting


class Conversation:
    """Listens to a worker until the run is over; cancelled, it kills the worker."""

    def __init__(self, process: Process, limits: Limits, fetch: FetchCall) -> None:
        self._process = process
        self._limits = limits
        self._fetch = fetch
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[tuple[int, bytes]] = self._loop.create_future()
        self._unanswered = 0
        self._left = limits.wall
        self._since = 0.0
        self._begun = self._loop.time()
        self._wall: asyncio.TimerHandle | None = None
        self._total: asyncio.TimerHandle | None = None
        self._fetches: set[asyncio.Task[None]] = set()
        self._asked = 0

    async def hold(self, call: bytes) -> tuple[int, bytes]:
        """Send the call; the tag and body of the frame that ends the run."""
        if not self._process.alive:
            raise WorkerEnded("it had ended already")
        self._process.listener = self
        try:
            self._send(frames.CALL, call)
            return await self._answer
        except asyncio.CancelledError:
            self._process.kill("the call was cancelled")
            raise
        finally:
            for timer in (self._wall, self._total):
                if timer is not None:
                    timer.cancel()
            for task in self._fetches:
                task.cancel()

    def received(self, tag: int, body: bytes) -> None:
        """Take a frame: each frame that was sent down is answered by one."""
        self._unanswered -= 1
        if self._unanswered < 0 or self._answer.done():
            self._process.kill("it spoke out of turn")
        elif tag == frames.REQUESTS:
            self._pause()
            self._start(body)
        else:
            self._answer.set_result((tag, body))

    def ended(self, reason: str) -> None:
        """Fail the run: its worker is gone."""
        self._fail(WorkerEnded(reason))

    def _fail(self, error: WorkerEnded) -> None:
        if not self._answer.done():
            self._answer.set_exception(error)

    def _send(self, tag: int, body: bytes) -> None:
        self._process.send(tag, body)
        if self._unanswered == 0:
            self._since = self._loop.time()
            self._wall = self._loop.call_later(self._left, self._overrun)
        self._unanswered += 1

    def _pause(self) -> None:
        """Stop the clock while the script only waits."""
        if self._unanswered == 0 and self._wall is not None:
            self._wall.cancel()
            self._left -= self._loop.time() - self._since

    def _overrun(self) -> None:
        self._process.read()  # the answer may lie in the pipe: this side may have been the slow one
        if self._unanswered and not self._answer.done():
            self._fail(WorkerEnded("it ran too long", overran=True))
            self._process.kill("it ran too long")

    def _give_up(self) -> None:
        self._process.read()
        self._fail(WorkerEnded("its requests took too long", waiting=True))
        self._process.kill("its requests took too long")

    def _start(self, body: bytes) -> None:
        """Begin the requests that the script asks for."""
        if self._total is None:
            self._total = self._loop.call_at(self._begun + self._limits.total, self._give_up)
        try:
            requests = decode(body, _requests)
        except msgspec.MsgspecError:
            self._process.kill("it sent a list of requests that cannot be read")
            return
        self._asked += len(requests)
        if self._asked > self._limits.fetches:
            self._process.kill("it asked for too many requests")
            return
        for number, request in requests:
            task = self._loop.create_task(self._request(number, request))
            self._fetches.add(task)
            task.add_done_callback(self._fetches.discard)

    async def _request(self, number: int, request: Fetch) -> None:
        try:
            fetched = await self._fetch(request)
            answer = encode([(number, fetched.status, fetched.headers, fetched.text)])
        except FetchError as error:
            answer = encode([(number, None, None, str(error))])
        except Exception as error:
            _log.exception("a script's request failed in an unexpected way", error=type(error).__name__)
            answer = encode([(number, None, None, "The request failed.")])
        if not self._answer.done():
            self._send(frames.SETTLE, answer)
