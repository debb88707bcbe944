"""However calls and exchanges mix, the limit holds but for what nodes had not yet told each other."""

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from strongback.errors import Unavailable
from tests.http.nodes import MINUTE, Node, Table

NODES = 3
MOST_STEPS = 30
LONGEST_STEP = MINUTE // MOST_STEPS - 1
"""All steps together stay within one window."""

Step = tuple[int, int, int, str, list[int]]
HITS = st.integers(0, 2)
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.tuples(
        st.integers(0, NODES - 1),
        st.integers(0, LONGEST_STEP),
        HITS,
        st.sampled_from(["exchange", "exchange", "fail", "call only"]),
        st.lists(HITS, min_size=NODES, max_size=NODES),
    ),
    min_size=MOST_STEPS // 2,
    max_size=MOST_STEPS,
)


class World:
    """Some nodes on one table; `pieces` holds what each let through from one exchange to the end of the next."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.table = Table()
        self.nodes = [Node(self.table, limit) for _ in range(NODES)]
        self.pieces: list[list[int]] = [[0] for _ in range(NODES)]
        self.called = 0
        self.passed = 0

    def call(self, number: int, hits: int) -> int:
        passed = self.nodes[number].let_through(hits)
        self.called += hits
        self.passed += passed
        self.pieces[number][-1] += passed
        if passed < hits:
            assert self.passed >= self.limit, "a call was refused although the limit was not reached"
        return passed

    async def exchange(self, number: int, meanwhile: list[int]) -> None:
        during = 0

        def others_call() -> None:
            nonlocal during
            passed = [self.call(other, hits) for other, hits in enumerate(meanwhile)]
            during = passed[number]

        self.table.meanwhile = others_call
        if await self.nodes[number].exchange():
            self.pieces[number].append(during)

    async def step(self, step: Step) -> None:
        number, milliseconds, hits, what, meanwhile = step
        for node in self.nodes:
            node.now += milliseconds
        self.call(number, hits)
        if what != "call only":
            self.table.away = what == "fail"
            with suppress(Unavailable):
                await self.exchange(number, meanwhile)

    async def play(self, steps: list[Step]) -> None:
        for step in steps:
            await self.step(step)
        self.table.away = False
        for number in range(NODES):
            await self.exchange(number, [0] * NODES)


@given(st.integers(1, 8), STEPS)
def test_nothing_is_counted_twice_or_lost_and_the_excess_is_what_came_between_exchanges(
    limit: int, steps: list[Step]
) -> None:
    world = World(limit)
    asyncio.run(world.play(steps))
    assert sum(row.calls for row in world.table.rows.values()) == world.passed
    # Once the table has reached the limit, each node lets through no more than it does until it has asked again.
    assert world.passed <= limit - 1 + sum(max(pieces) for pieces in world.pieces)


@settings(max_examples=30)
@given(st.integers(1, 8), STEPS)
def test_one_node_lets_through_exactly_what_it_may(limit: int, steps: list[Step]) -> None:
    world = World(limit)
    alone = [(0, wait, hits, what, [during[0], 0, 0]) for _, wait, hits, what, during in steps]
    asyncio.run(world.play(alone))
    assert world.passed == min(limit, world.called)
