"""The messages of a room that are pinned, that the caller has starred, or that mention the caller."""

from typing import Literal

from strongback.accounts.caller import Caller
from strongback.errors import Failure
from strongback.listing import MATCHING_MS, Listing, Wanted
from strongback.messages.read import page, room_of
from strongback.storage.contract import Store
from strongback.storage.selections import Marked

Mark = Literal["pinned", "starred", "mentions"]


async def marked(
    store: Store,
    caller: Caller,
    rid: str,
    how: Mark,
    wanted: Wanted,
    *,
    matching_ms: int = MATCHING_MS,
) -> Listing:
    """A page of these messages, newest first; Failure where the caller may not see the room."""
    if await room_of(store, caller, rid) is None:
        if how == "pinned":
            raise Failure("Not allowed", "error-not-allowed")
        raise Failure("error-not-allowed")
    return await page(store, caller, Marked(rid, how, caller.id), wanted, matching_ms)
