"""Rate limits over many nodes: each counts for itself, and once a second they add up what they have counted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from itertools import islice
from typing import TypeVar

import structlog

from strongback.clock import Clock
from strongback.errors import Unavailable
from strongback.http.rate_limit import Count, Key, RateLimiter
from strongback.storage.tallies import Tally

EVERY_SECONDS = 1.0
ANSWER_SECONDS = 5.0
"""How long the database may take; then the limits go on per node until the next second."""

REMOVE_EVERY_SECONDS = 60.0
BATCH = 5_000
"""So many keys go in one statement at most; more come together only after the database was away."""

Share = Callable[[int, list[Tally]], Awaitable[list[Tally]]]
"""Adds to the counts of all nodes at a time (epoch ms), and answers the totals."""

Remove = Callable[[int], Awaitable[int]]
"""Removes some windows that have ended, and answers how many."""

T = TypeVar("T")

_log = structlog.get_logger("strongback.http")


def tally_key(limiter: str, key: Key, milliseconds: int) -> str:
    """Return what a key is called among nodes: short, and without an address that could be read.

    Windows of another length, after a change of the setting, are other windows.
    """
    return sha256(ascii((limiter, milliseconds, *key)).encode()).hexdigest()


async def exchange(limiters: Mapping[str, RateLimiter], share: Share, clock: Clock) -> bool:
    """Hand over what was counted since the last time and take over the totals; tells whether there was anything.

    What could not be handed over stays what it was, and goes with the next exchange.
    """
    now = clock()
    counts = iter(
        [(name, key, count) for name, limiter in limiters.items() for key, count in limiter.unshared(now)]
    )
    some = False
    while batch := {
        tally_key(name, key, count.milliseconds): count for name, key, count in islice(counts, BATCH)
    }:
        await _exchange_batch(batch, share, clock)
        some = True
    return some


async def _exchange_batch(batch: Mapping[str, Count], share: Share, clock: Clock) -> None:
    handed = {key: Tally(key, count.reset, count.unshared) for key, count in batch.items()}
    totals = await _in_time(share(clock(), list(handed.values())))
    now = clock()
    for total in totals:
        batch[total.key].adopt(handed[total.key], total, now)


async def _in_time(answer: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await answer
    except TimeoutError:
        raise Unavailable(f"the database did not answer for {ANSWER_SECONDS:g} seconds") from None


async def run(limiters: Mapping[str, RateLimiter], share: Share, remove: Remove, clock: Clock) -> None:
    """Exchange every second and remove every minute, until cancelled; without the database, limits are per node."""
    loop = asyncio.get_running_loop()
    failing, next_removal = False, loop.time()
    while True:
        started = loop.time()
        try:
            asked = await exchange(limiters, share, clock)
            if started >= next_removal:
                next_removal = started + REMOVE_EVERY_SECONDS
                asked = True
                while await _in_time(remove(clock())):
                    pass
        except Unavailable as error:
            if not failing:
                _log.warning("rate limits hold for this node alone", reason=str(error))
            failing = True
        else:
            if failing and asked:
                _log.warning("rate limits hold over all nodes again")
                failing = False
        await asyncio.sleep(max(0.0, started + EVERY_SECONDS - loop.time()))
