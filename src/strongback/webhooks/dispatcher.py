"""The dispatcher: claims what is due, sends it, origin by origin, and never lets one origin hold up another."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from strongback import metrics
from strongback.clock import Clock, steady_clock
from strongback.errors import Conflict, Unavailable
from strongback.faults import reach
from strongback.ids import document_id
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Delivery, StoredEvent, Wanted
from strongback.storage.guards import Held
from strongback.storage.steps import SettleDelivery
from strongback.webhooks.breaker import Breaker
from strongback.webhooks.leases import LEASE_MS, Claimed, Leases

SENDING = 64
SENDING_TO_AN_ORIGIN = 4
AHEAD = 4
"""So many more of an origin are claimed before they can start: the next starts as soon as one is answered."""

CLAIMED = SENDING * (SENDING_TO_AN_ORIGIN + AHEAD) // SENDING_TO_AN_ORIGIN

RENEW_SECONDS = 20.0
AFTER_FAILURE_SECONDS = 1.0
CLOCK_JUMP_MS = 60_000

_log = structlog.get_logger("strongback.webhooks")


@dataclass(slots=True)
class Lane:
    """What is going on at one origin."""

    waiting: deque[Claimed] = field(default_factory=deque)
    sending: int = 0


class Slot:
    """A place among those that are being sent; the attempt frees it when the receiver has answered."""

    def __init__(self, free: Callable[[bool | None], None], held: Callable[[], bool]) -> None:
        self._free: Callable[[bool | None], None] | None = free
        self.held = held
        """Whether the delivery is still this worker's: nothing may be sent where it is not."""

    def free(self, *, healthy: bool | None = None) -> None:
        """Let the next one start; `healthy` says whether the origin works, None where nothing was learned."""
        if self._free is not None:
            self._free(healthy)
            self._free = None


Attempt = Callable[[Delivery, StoredEvent, Slot], Awaitable[None]]


class Dispatcher:
    """Runs until it is stopped; `wake` tells it that something has become due.

    What is due goes by the time of day; how long an origin is left alone goes by the steady clock.
    """

    def __init__(self, store: Store, clock: Clock, attempt: Attempt, steady: Clock = steady_clock) -> None:
        self.worker = document_id()
        self._store = store
        self._clock = clock
        self._steady = steady
        self._attempt = attempt
        self._breaker = Breaker()
        self._leases = Leases(steady)
        self._lanes: dict[str, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending = 0
        self._woken = asyncio.Event()
        self._stopping = False
        self._ended = asyncio.Event()
        self._ended.set()
        self._last_seen: int | None = None
        self.paused = False

    def wake(self) -> None:
        """Look again at once."""
        self._woken.set()

    async def run(self) -> None:
        """Claim and send until stopped."""
        renewing = asyncio.create_task(self._renew())
        self._ended.clear()
        try:
            while not self._stopping:
                self._woken.clear()
                wait = await self._turn()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._woken.wait()
        finally:
            renewing.cancel()
            self._ended.set()

    async def stop(self, seconds: float) -> None:
        """Claim no more, give what is being sent so much time, then let go of what is left."""
        self._stopping = True
        self._woken.set()
        for lane in self._lanes.values():
            lane.waiting.clear()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        with contextlib.suppress(TimeoutError):  # a claim that is under way could come after what lets go
            async with asyncio.timeout(1.0):
                await self._ended.wait()
        with contextlib.suppress(Unavailable):
            await self._store.reclaim(self._clock(), self.worker)

    async def _turn(self) -> float:
        """Claim and start what can start; answers for how many seconds there is nothing more to do."""
        try:
            await self._mind_the_clock()
            await self._let_go()
            wait = await self._claim()
        except Unavailable as error:
            metrics.UNAVAILABLE["deliveries"].inc()
            _log.warning("deliveries can not be claimed", reason=str(error))
            return AFTER_FAILURE_SECONDS
        if not self._stopping:
            self._start()
        return wait

    async def _let_go(self) -> None:
        """Give back what was claimed and must not start: its origin is left alone since, or its lease has ended."""
        resting = self._breaker.resting(self._steady())
        for origin, lane in list(self._lanes.items()):
            while one := self._stale(lane, rests=origin in resting):
                lane.waiting.remove(one)
                try:
                    await self._give_back(one)
                except Unavailable:
                    self._lanes.setdefault(origin, Lane()).waiting.append(one)
                    raise

    def _stale(self, lane: Lane, *, rests: bool) -> Claimed | None:
        return next((one for one in reversed(lane.waiting) if rests or not self._leases.holds(one)), None)

    async def _give_back(self, one: Claimed) -> None:
        """Make it pending as it was before its claim."""
        was = one.delivery
        step = SettleDelivery(was.id, "pending", was.reason, was.next_at, was.updated, attempted=False)
        with contextlib.suppress(Conflict):  # it was cancelled meanwhile, or another has taken it
            await self._store.commit(Changes([Held(was.id, self.worker)], [step]))
        self._leases.drop(one)

    async def _claim(self) -> float:
        now, steady = self._clock(), self._steady()
        resting = self._breaker.resting(steady)
        rest = min((until - steady for until in resting.values()), default=None)
        wait = self._store.look_again if rest is None else rest / 1000
        busy = {origin: lane.sending + len(lane.waiting) for origin, lane in self._lanes.items()}
        each = SENDING_TO_AN_ORIGIN + AHEAD
        busy |= {origin: busy.get(origin, 0) + each - 1 for origin in self._breaker.broken()}
        busy |= dict.fromkeys(resting, each)
        total = CLAIMED - len(self._tasks) - sum(len(lane.waiting) for lane in self._lanes.values())
        if self.paused:
            return wait
        if total <= 0:  # what is sent and can not be recorded would be sent again after a crash
            return min(wait, AFTER_FAILURE_SECONDS)
        claims = await self._store.claim(self.worker, now, now + LEASE_MS, Wanted(total, each, busy))
        if claims.taken:
            reach("after-claim")
        for one in self._leases.take(claims.taken, steady):
            self._lanes.setdefault(one.delivery.origin, Lane()).waiting.append(one)
        if claims.next_at is not None:
            wait = min(wait, max(claims.next_at - self._clock(), 0) / 1000)
        return max(wait, 0.001)

    def _start(self) -> None:
        now = self._steady()
        for origin, lane in list(self._lanes.items()):
            while (
                lane.waiting
                and lane.sending < SENDING_TO_AN_ORIGIN
                and self._sending < SENDING
                and self._breaker.allows(origin, now)
                and self._leases.holds(lane.waiting[0])
            ):
                self._breaker.started(origin)
                lane.sending += 1
                self._sending += 1
                task = asyncio.create_task(self._send(origin, lane, lane.waiting.popleft()))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            if not lane.waiting and not lane.sending:
                del self._lanes[origin]

    async def _send(self, origin: str, lane: Lane, one: Claimed) -> None:
        def free(healthy: bool | None) -> None:
            lane.sending -= 1
            self._sending -= 1
            if healthy is None:
                self._breaker.abandoned(origin)
            elif healthy:
                self._breaker.succeeded(origin)
            else:
                self._breaker.failed(origin, self._steady())
            if not self._stopping:
                self._start()
                self._woken.set()

        slot = Slot(free, lambda: self._leases.holds(one))
        try:
            await self._attempt(one.delivery, one.event, slot)
        except Exception:
            _log.exception("a delivery failed in a way that it should not", delivery=one.delivery.id)
        finally:
            self._leases.drop(one)
            slot.free()

    async def _renew(self) -> None:
        """Keep what is held, and take back what others did not get done, now and every so often."""
        while True:
            now, steady, ids = self._clock(), self._steady(), self._leases.ids
            pause = RENEW_SECONDS
            try:
                if ids:
                    held = await self._store.renew(self.worker, now + LEASE_MS, ids)
                    self._leases.renewed(ids, held, steady)
                await self._store.reclaim(now)
            except Unavailable as error:
                metrics.UNAVAILABLE["deliveries"].inc()
                _log.warning("leases can not be renewed", reason=str(error))
                pause = AFTER_FAILURE_SECONDS
            await asyncio.sleep(pause)

    async def _mind_the_clock(self) -> None:
        """Where the clock went back, now or while nothing ran, what waits would wait for too long."""
        now, last = self._clock(), self._last_seen
        behind = last is None or now < last - CLOCK_JUMP_MS
        if behind and (moved := await self._store.rebase(now)):
            _log.warning("the clock went back; what waits is due accordingly sooner", deliveries=moved)
        self._last_seen = now
