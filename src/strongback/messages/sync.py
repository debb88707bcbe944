"""What changed in a room, and what went, since a client last asked."""

from typing import NamedTuple

from strongback.accounts.caller import Caller
from strongback.errors import Failure
from strongback.listing import MATCHING_MS, Wanted
from strongback.messages.read import page, room_of
from strongback.storage.contract import Store
from strongback.storage.selections import Marked


class Deletion(NamedTuple):
    """A message that is gone, and since when (epoch milliseconds)."""

    id: str
    at: int


async def changed(
    store: Store, caller: Caller, rid: str, since: int, *, matching_ms: int = MATCHING_MS
) -> list[str]:
    """The messages of a room that were written or changed after a moment, newest first."""
    await _check(store, caller, rid)
    return (await page(store, caller, Marked(rid, "changed", after=since), Wanted(0, 0), matching_ms)).texts


async def deleted(store: Store, caller: Caller, rid: str, since: int) -> list[Deletion]:
    """The messages of a room that were deleted after a moment, first gone first."""
    await _check(store, caller, rid)
    return [Deletion(*one) for one in await store.deleted(rid, since)]


async def _check(store: Store, caller: Caller, rid: str) -> None:
    if await room_of(store, caller, rid) is None:
        raise Failure("Not allowed", "error-not-allowed", details={"method": "messages/get"})
