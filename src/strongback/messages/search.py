"""The messages of a room that hold what somebody looks for."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from functools import partial

from strongback.accounts.caller import Caller
from strongback.documents.document import Stored
from strongback.listing import MATCHING_MS, Rules, Wanted, matching
from strongback.messages.read import ORDERS, named_for, room_of
from strongback.messages.search_text import asked
from strongback.messages.shown import clean
from strongback.storage.contract import Store, Timeline

FIRST_SLICE, LARGEST_SLICE = 200, 6_400
"""Each slice begins where the one before ended, which costs as much as reading that far: so they grow."""


async def search(
    store: Store,
    caller: Caller,
    rid: str,
    text: str,
    offset: int,
    count: int,
    *,
    matching_ms: int = MATCHING_MS,
) -> list[str] | None:
    """A page of the messages that a text asks for, newest first; None where the caller may not see the room.

    System messages and hidden ones are never found.
    """
    if await room_of(store, caller, rid) is None:
        return None
    what = asked(text, caller.id, caller.username)
    if not what.words and not what.filter:
        return []
    if not what.filter:
        found = [clean(row.text, caller.id) for row in await store.search(rid, what.words, offset, count)]
        return await named_for(store, caller, found)
    slices = _holding(store, rid, what.words) if what.words else _said(store, rid)
    rules = Rules(ORDERS, "newest", clean=partial(clean, user_id=caller.id))
    wanted = Wanted(offset, count, {"$and": [{"t": None}, what.filter]})
    return await named_for(store, caller, await matching(slices, wanted, rules, matching_ms=matching_ms))


async def _holding(store: Store, rid: str, words: Sequence[str]) -> AsyncGenerator[list[Stored], None]:
    """The messages that hold all words, newest first, in slices."""
    offset, size = 0, FIRST_SLICE
    while rows := await store.search(rid, words, offset, size):
        yield rows
        offset, size = offset + len(rows), min(size * 2, LARGEST_SLICE)


async def _said(store: Store, rid: str) -> AsyncGenerator[list[Stored], None]:
    """All messages of a room, newest first, in slices."""
    slices: AsyncIterator[list[Stored]] = store.scan(Timeline(rid), "newest")
    async for rows in slices:
        yield rows
