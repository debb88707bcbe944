"""Posts, crashes, restarts, receivers and clocks in any order: what was accepted arrives, and nothing is stuck."""

import asyncio
import atexit
import shutil
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from strongback.egress.client import Client
from tests.faults.wire import MODES, Mode, Wire
from tests.faults.world import DAY, HOUR, MINUTE, OPEN, SECOND, World, until

PATHS = ("/a", "/b")
SPANS = (SECOND, 6 * SECOND, 31 * SECOND, 6 * MINUTE, HOUR)
ATTEMPTS = 8
LONGEST_WAIT = 12 * HOUR + 1


@cache
def template() -> tuple[World, tuple[str, ...]]:
    """A world that has ended, whose group has two integrations; each example begins with a copy of it."""

    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    atexit.register(shutil.rmtree, folder)

    async def make() -> tuple[World, tuple[str, ...]]:
        world = World(folder, cast("Client", Wire()))
        await world.start()
        ids = [await world.hook(f"http://receiver.example{path}") for path in PATHS]
        await world.stop()
        return world, tuple(ids)

    return asyncio.run(make())


class Faults(RuleBasedStateMachine):
    """The world, and what must be true of it."""

    def __init__(self) -> None:
        super().__init__()
        ended, self.ids = template()
        self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
        self.wire = Wire()
        self.world = ended.copy(self.folder, cast("Client", self.wire))
        self.texts = 0
        self.days = 0
        self.runner = asyncio.Runner()
        self.runner.run(self.world.start())

    @rule(count=st.integers(1, 6))
    def post(self, count: int) -> None:
        """Somebody posts."""
        self.runner.run(self._post(count))

    async def _post(self, count: int) -> None:
        for _ in range(count):
            self.texts += 1
            assert await self.world.say(f"m{self.texts}") == 200
        await breathe()

    @rule(path=st.sampled_from(PATHS), mode=st.sampled_from(MODES))
    def become(self, path: str, mode: Mode) -> None:
        """A receiver changes its mind."""
        self.wire.become(path, mode)
        self.runner.run(breathe())

    @rule(span=st.sampled_from(SPANS))
    def wait(self, span: int) -> None:
        """Time passes."""
        self.runner.run(self._wait(span))

    async def _wait(self, span: int) -> None:
        self.world.advance(span)
        await breathe()

    @rule(days=st.sampled_from((-1, 1)))
    def jump(self, days: int) -> None:
        """Somebody sets the clock."""
        if -1 <= self.days + days <= 1:
            self.days += days
            self.runner.run(self._jump(days))

    async def _jump(self, days: int) -> None:
        self.world.jump(days * DAY)
        await breathe()

    @rule(turns=st.integers(0, 40), count=st.integers(0, 4))
    def crash(self, turns: int, count: int) -> None:
        """The server dies while some post."""
        self.runner.run(self._crash(turns, count))

    async def _crash(self, turns: int, count: int) -> None:
        posters = []
        for _ in range(count):
            self.texts += 1
            posters.append(asyncio.create_task(self.world.say(f"m{self.texts}")))
        for _ in range(turns):
            await asyncio.sleep(0)
        for poster in posters:
            poster.cancel()
        await asyncio.gather(*posters, return_exceptions=True)
        await self.world.crash()
        await self._start()

    @rule()
    def restart(self) -> None:
        """The operator restarts the server."""
        self.runner.run(self._restart())

    async def _restart(self) -> None:
        await self.world.stop()
        await self._start()

    async def _start(self) -> None:
        self.wire.life += 1
        await self.world.start()
        await breathe()

    @invariant()
    def what_was_accepted_is_owed(self) -> None:
        """Every message has its event and both deliveries, whether its poster knows or not."""
        self.runner.run(self._owed())

    async def _owed(self) -> None:
        for id in self.ids:
            owed = await self.world.deliveries(id)
            texts = [(await self.world.text(one)) for one in owed]
            assert len(set(texts)) == len(texts)
            assert set(texts) >= set(self.world.oracle.accepted)
            for one in owed:
                assert (one.state == "sending") == (one.worker is not None)
                assert one.worker in {None, self.world.dispatcher.worker}
                assert one.attempts <= ATTEMPTS + self.wire.life

    def teardown(self) -> None:
        """All receivers work again, and time passes: everything ends."""
        try:
            self.runner.run(self._end())
        finally:
            self.runner.run(self.world.stop())
            self.runner.close()
            shutil.rmtree(self.folder)

    async def _end(self) -> None:
        for path in PATHS:
            self.wire.become(path, "works")
        for _ in range(3):
            self.world.advance(LONGEST_WAIT)
            await until(self._nothing_is_due)
        await self.world.ended(*self.ids)
        arrived = Counter((one.path, one.text) for one in self.wire.sent if one.answered)
        for id, path in zip(self.ids, PATHS, strict=True):
            for one in await self.world.deliveries(id):
                text = await self.world.text(one)
                if one.state == "failed":
                    assert one.attempts >= ATTEMPTS
                else:
                    assert one.state == "delivered"
                    assert arrived[path, text] >= 1
        self._judge_repeats()

    async def _nothing_is_due(self) -> bool:
        found = [one for id in self.ids for one in await self.world.deliveries(id) if one.state in OPEN]
        return all(one.state == "pending" and one.next_at > self.world.now for one in found)

    def _judge_repeats(self) -> None:
        """What was answered is sent again only by a server that was started since."""
        answered: dict[tuple[str, str], int] = {}
        ids: dict[tuple[str, str], str] = {}
        for one in self.wire.sent:
            key = one.path, one.text
            assert answered.get(key, -1) < one.life, f"{key} was sent again"
            assert ids.setdefault(key, one.id) == one.id
            if one.answered:
                answered[key] = one.life
        assert len(set(ids.values())) == len(ids)


async def breathe() -> None:
    """Let the server work a little."""
    for _ in range(8):
        await asyncio.sleep(0.001)


TestFaults = pytest.mark.faults(Faults.TestCase)
TestFaults.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
