"""Nodes add up what they have counted."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from structlog.testing import capture_logs

from strongback.errors import Unavailable
from strongback.http import rate_sync
from strongback.http.rate_limit import RateLimiter
from strongback.http.rate_sync import exchange, run, tally_key
from strongback.storage.tallies import Tally
from tests.http.nodes import KEY, MINUTE, Node, Table

pytestmark = pytest.mark.anyio
STORED = tally_key("api", KEY, MINUTE)


def nodes(count: int, calls: int) -> tuple[Table, list[Node]]:
    table = Table()
    return table, [Node(table, calls) for _ in range(count)]


async def test_a_node_takes_over_what_all_have_counted_and_when_the_window_ends() -> None:
    table, (ann, bob) = nodes(2, calls=6)
    bob.now = 1_400
    assert ann.let_through(2) == 2
    assert bob.let_through(3) == 3
    assert [await ann.exchange(), await bob.exchange()] == [True, True]
    assert table.rows == {STORED: Tally(STORED, 61_000, 5)}
    window = bob.hit()
    assert (window.remaining, window.reset, window.exceeded) == (0, 61_000, False)
    assert bob.hit().exceeded
    assert ann.hit().remaining == 3  # it asks again only once it has something to tell
    assert [await ann.exchange(), await bob.exchange()] == [True, True]
    assert ann.hit().remaining == 0
    assert ann.let_through(5) == 0
    ann.now = bob.now = 61_000
    assert [ann.hit().remaining, bob.hit().remaining] == [5, 5]


async def test_what_is_refused_or_known_is_not_told() -> None:
    table, (node,) = nodes(1, calls=2)
    assert not await node.exchange()
    assert node.let_through(9) == 2
    assert await node.exchange()
    assert node.let_through(9) == 0
    assert not await node.exchange()
    assert table.statements == [[Tally(STORED, 61_000, 2)]]


async def test_what_could_not_be_told_is_told_the_next_time() -> None:
    table, (node,) = nodes(1, calls=9)
    table.away = True
    for _ in range(2):
        node.let_through(2)
        with pytest.raises(Unavailable):
            await node.exchange()
    assert node.hit().remaining == 4
    table.away = False
    assert await node.exchange()
    assert not await node.exchange()
    assert table.rows[STORED].calls == 5
    assert node.hit().remaining == 3


async def test_calls_while_the_statement_is_under_way_are_told_the_next_time() -> None:
    table, (ann, bob) = nodes(2, calls=9)
    bob.let_through(3)
    await bob.exchange()
    ann.let_through(1)
    table.meanwhile = ann.hit
    await ann.exchange()
    table.meanwhile = lambda: None
    assert ann.hit().remaining == 3
    await ann.exchange()
    assert table.rows[STORED].calls == 6


async def test_calls_of_a_window_that_has_ended_are_not_told() -> None:
    table, (ann, bob) = nodes(2, calls=9)
    ann.let_through(2)
    await ann.exchange()
    ann.let_through(4)
    ann.now = bob.now = 61_000
    assert not await ann.exchange()
    bob.let_through(1)
    await bob.exchange()
    assert table.rows == {STORED: Tally(STORED, 121_000, 1)}


async def test_a_window_that_ends_while_the_statement_is_under_way_stays_ended() -> None:
    table, (node,) = nodes(1, calls=9)

    def next_window() -> None:
        node.now = 61_000
        node.let_through(2)

    node.let_through(5)
    table.meanwhile = next_window
    await node.exchange()
    assert (node.hit().remaining, node.hit().reset) == (6, 121_000)


async def test_a_node_remembers_what_a_crash_of_the_database_has_lost() -> None:
    table, (node,) = nodes(1, calls=5)
    node.let_through(3)
    await node.exchange()
    table.rows.clear()
    node.let_through(1)
    await node.exchange()
    assert table.rows[STORED].calls == 1
    assert node.let_through(9) == 1


async def test_the_total_of_a_later_window_is_smaller() -> None:
    _, (ahead, behind) = nodes(2, calls=5)
    behind.let_through(3)
    await behind.exchange()
    ahead.now, behind.now = 61_000, 60_000
    ahead.let_through(1)
    await ahead.exchange()
    assert behind.hit().remaining == 1
    await behind.exchange()
    window = behind.hit()
    assert (window.remaining, window.reset) == (2, 120_000)  # a minute by its own clock


async def test_a_clock_that_is_ahead_does_not_open_windows_without_end() -> None:
    _, (ahead, behind) = nodes(2, calls=5)
    ahead.now = behind.now + 2_500
    ahead.let_through(4)
    await ahead.exchange()
    behind.let_through(1)
    await behind.exchange()
    assert behind.let_through(5) == 0


async def test_many_keys_go_in_several_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_sync, "BATCH", 3)
    table, limiters = Table(), {"api": RateLimiter(), "hooks": RateLimiter()}
    for number in range(4):
        for limiter in limiters.values():
            limiter.hit((str(number), "", ""), 9, MINUTE, 0)

    def break_down() -> None:
        table.away = len(table.statements) > 2

    table.meanwhile = break_down
    with pytest.raises(Unavailable):
        await exchange(limiters, table.share, lambda: 1)
    table.meanwhile()
    table.away, table.meanwhile = False, lambda: None
    assert await exchange(limiters, table.share, lambda: 1)
    assert [len(statement) for statement in table.statements] == [3, 3, 2, 2]
    assert [row.calls for row in table.rows.values()] == [1] * 8


def test_keys_are_short_and_differ() -> None:
    assert STORED == "8b7efd1f1d7a45d5facd7d966f3b0eb6892555c8e06984fcccad60e620c937dd"
    different = [
        STORED,
        tally_key("hooks", KEY, MINUTE),
        tally_key("api", KEY, 1),
        tally_key("api", ("1.1.1.1/api/v1/me", "", "GET"), MINUTE),
        tally_key("api", ("1.1.1.1', '", "/api/v1/me", "GET"), MINUTE),
        tally_key("api", ("\0", "\udc80", "ä" * 100_000), MINUTE),
    ]
    assert len(set(different)) == len(different)
    assert {len(key) for key in different} == {64}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_it_runs_every_second_and_says_once_that_the_database_is_away_and_once_that_it_is_back() -> (
    None
):
    table, (node,) = nodes(1, calls=1_000)
    table.meanwhile = node.hit
    ended = [2, 1, 0]
    removals: list[int] = []

    async def remove(now: int) -> int:
        removals.append(now)
        return ended.pop(0)

    with capture_logs() as logs:
        task = asyncio.create_task(run({"api": node.limiter}, table.share, remove, lambda: 1_000))
        await until(lambda: not ended)
        assert removals == [1_000, 1_000, 1_000]
        node.hit()
        await until(lambda: len(table.statements) == 2)
        assert logs == []
        table.away = True
        await until(lambda: len(table.statements) == 4)
        table.away = False
        await until(lambda: len(table.statements) == 6)
        task.cancel()
        await asyncio.wait([task])
    assert [(log["log_level"], log["event"]) for log in logs] == [
        ("warning", "rate limits hold for this node alone"),
        ("warning", "rate limits hold over all nodes again"),
    ]
    assert logs[0]["reason"] == "the database is away"
    assert len(removals) == 3


async def test_a_second_in_which_nothing_was_asked_does_not_tell_that_the_database_is_back() -> None:
    table, (node,) = nodes(1, calls=9)
    rounds: list[int] = []

    def clock() -> int:
        rounds.append(1)
        return 1_000

    async def remove(now: int) -> int:
        raise Unavailable("the database is away")

    with capture_logs() as logs:
        task = asyncio.create_task(run({"api": node.limiter}, table.share, remove, clock))
        await until(lambda: len(rounds) >= 4)
        assert [log["event"] for log in logs] == ["rate limits hold for this node alone"]
        node.hit()
        await until(lambda: len(logs) == 2)
        task.cancel()
        await asyncio.wait([task])
    assert logs[1]["event"] == "rate limits hold over all nodes again"


async def test_a_database_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_sync, "ANSWER_SECONDS", 0.01)
    _, (node,) = nodes(1, calls=9)
    node.hit()

    async def hang(now: int, counted: Sequence[Tally]) -> list[Tally]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Unavailable, match=r"did not answer for 0\.01 seconds"):
        await exchange({"api": node.limiter}, hang, lambda: 1_000)
    assert [count.unshared for _, count in node.limiter.unshared(1_000)] == [1]
