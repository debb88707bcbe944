"""Retention: what is old goes, a little at a time, so that nobody waits for it."""

import asyncio

import structlog

from strongback.clock import Clock
from strongback.errors import Unavailable
from strongback.storage.contract import Store
from strongback.storage.deliveries import Old

DAY_MS = 86_400_000
KEYS_MS = DAY_MS
"""How long a call with a key is remembered."""

PENDING_DAYS = 7
"""What could not be sent in so many days expires."""

BATCH = 500
EVERY_SECONDS = 3_600.0
BETWEEN_BATCHES_SECONDS = 0.05

_log = structlog.get_logger("strongback.webhooks")


async def sweep(store: Store, now: int, days: int, keep: int) -> int:
    """Remove everything that is old now, in batches between which others write; answers how many rows went."""
    old = Old(
        now=now,
        before=now - days * DAY_MS,
        pending_before=now - PENDING_DAYS * DAY_MS,
        keys_before=now - KEYS_MS,
        expired=f"it could not be sent for {PENDING_DAYS} days",
        keep=keep,
        batch=BATCH,
    )
    gone = 0
    while count := await store.retire(old):
        gone += count
        await asyncio.sleep(BETWEEN_BATCHES_SECONDS)
    return gone


async def run(store: Store, clock: Clock, days: int, keep: int) -> None:
    """Sweep now and every hour, until cancelled."""
    while True:
        try:
            gone = await sweep(store, clock(), days, keep)
            if gone:
                _log.info("removed what is old", rows=gone)
        except Unavailable as error:
            _log.warning("what is old can not be removed now", reason=str(error))
        await asyncio.sleep(EVERY_SECONDS)
