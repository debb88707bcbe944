"""A public channel that a sender joins by writing in it (spec/06 A6)."""

from collections.abc import Sequence
from dataclasses import replace

from strongback.clock import Clock
from strongback.errors import Failure
from strongback.groups.join import enter, join_code
from strongback.messages.place import Place
from strongback.messages.sender import Sender
from strongback.storage.changes import OnEvent
from strongback.storage.contract import Store


async def join(
    store: Store,
    clock: Clock,
    sender: Sender,
    place: Place,
    *,
    on_event: Sequence[OnEvent] = (),
    hops: int = 0,
) -> Place:
    """The channel with the sender as a member, who joins it with the message's commit."""
    if await join_code(store, place.room.id) and not sender.caller.may("join-without-join-code"):
        raise Failure("error-not-allowed")
    now = clock() - 1  # before the message, which is written in the same millisecond
    await enter(place.changes, place.room, sender.account, now, on_event=on_event, hops=hops)
    return replace(place, view=replace(place.view, subscribed=True))
