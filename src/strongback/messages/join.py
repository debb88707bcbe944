"""A public channel that a sender joins by writing in it (spec/06 A6)."""

from collections.abc import Sequence
from dataclasses import replace

from strongback import ids
from strongback.clock import Clock
from strongback.documents.event import Event
from strongback.documents.message import system_message
from strongback.documents.subscription import new_subscription
from strongback.errors import Failure
from strongback.messages.place import Place
from strongback.messages.sender import Sender
from strongback.storage.changes import OnEvent, Present, Put
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
    if await _has_code(store, place) and not sender.caller.may("join-without-join-code"):
        raise Failure("error-not-allowed")
    now = clock() - 1  # before the message, which is written in the same millisecond
    room, changes = place.room, place.changes
    subscription = new_subscription(ids.document_id(), room.body, sender.account.body, now, alerted=True)
    joined = system_message(ids.document_id(), "uj", room.id, sender.username, sender.author, now)
    changes.guards.append(Present("users", sender.id))
    changes.steps += [Put("subscriptions", subscription), Put("messages", joined)]
    for hook in on_event:
        await hook(changes, Event("roomJoined", room, sender.account, None, None, now, hops))
    return replace(place, view=replace(place.view, subscribed=True))


async def _has_code(store: Store, place: Place) -> bool:
    stored = await store.get("rooms", place.room.id)
    return stored is not None and bool(stored.decode().body.get("joinCode"))
