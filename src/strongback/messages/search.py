"""The messages of a room that hold what somebody looks for."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial

from strongback.accounts.caller import Caller
from strongback.documents.document import Stored
from strongback.errors import Failure
from strongback.listing import MATCHING_MS, Rules, Wanted, matching
from strongback.messages.read import ORDERS, named_for, room_of
from strongback.messages.search_text import Condition, asked
from strongback.messages.shown import clean
from strongback.storage.contract import Store
from strongback.storage.selections import Marked, Selection, Timeline

MOST_HOLDING, MOST_SAID = 5_000, 20_000
"""So many messages are looked at for what a search asks beside its words: of those that hold them, or of all."""

FIRST = 200


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
    if not what.words and not what.conditions:
        return []
    if not what.conditions:
        found = [clean(row.text, caller.id) for row in await store.search(rid, what.words, offset, count)]
        return await named_for(store, caller, found)
    slices = _holding(store, rid, what.words) if what.words else _said(store, narrowed(rid, what.conditions))
    rules = Rules(ORDERS, "newest", clean=partial(clean, user_id=caller.id))
    wanted = Wanted(offset, count, {"$and": [{"t": None}, *what.conditions]})
    return await named_for(store, caller, await matching(slices, wanted, rules, matching_ms=matching_ms))


def narrowed(rid: str, conditions: Sequence[Condition]) -> Selection:
    """What the store itself can leave out of a room under these conditions."""
    for one in conditions:
        if "pinned" in one:
            return Marked(rid, "pinned")
        if "starred._id" in one:
            return Marked(rid, "starred", one["starred._id"])
    times = [one["ts"] for one in conditions if "ts" in one]
    begins = [time["$gte"]["$date"] for time in times if "$gte" in time]
    ends = [time["$lt"]["$date"] for time in times if "$lt" in time]
    return Timeline(rid, max(begins) - 1 if begins else None, min(ends, default=None))


async def _holding(store: Store, rid: str, words: Sequence[str]) -> AsyncGenerator[list[Stored], None]:
    """The messages that hold all words, newest first, in slices; Failure behind the last that is looked at."""
    offset = 0
    for size in (FIRST, MOST_HOLDING + 1 - FIRST):
        rows = await store.search(rid, words, offset, size)
        yield rows
        if len(rows) < size:
            return
        offset += size
    raise _too_many(f"More than {MOST_HOLDING} messages hold these words")


async def _said(store: Store, selection: Selection) -> AsyncGenerator[list[Stored], None]:
    """Messages, newest first, in slices; Failure behind the last that is looked at."""
    seen = 0
    async with aclosing(store.scan(selection, "newest")) as slices:
        async for rows in slices:
            yield rows
            seen += len(rows)
            if seen > MOST_SAID:
                raise _too_many(f"There are more than {MOST_SAID} messages to look at")


def _too_many(text: str) -> Failure:
    return Failure(f"{text}: narrow the search", "error-query-too-expensive")
