"""A conversation of two: found, or made with its first message (spec/06 A6)."""

from strongback import ids
from strongback.clock import Clock
from strongback.documents.document import Document, Stored
from strongback.documents.subscription import new_subscription
from strongback.errors import Failure
from strongback.messages.place import Place, place
from strongback.messages.sender import Sender, public
from strongback.storage.changes import Absent, Changes, Present, Put
from strongback.storage.contract import Having, RoomView, Store


async def direct(store: Store, clock: Clock, sender: Sender, other: Stored) -> Place:
    """The conversation of the sender with an account; a new one is made with the message's commit."""
    key = ",".join(sorted({sender.id, other.id}))
    for stored in await store.select(Having("rooms", "direct", key)):
        found = await place(store, await store.room_by_id(stored.id, sender.id))
        if found is not None:
            return found
    if not sender.caller.may("create-d"):
        raise Failure("Not allowed", "error-not-allowed", details={"method": "createDirectMessage"})
    return _new(clock(), sender, public(other), key)


def _new(now: int, sender: Sender, other: Document, key: str) -> Place:
    people = [sender.account] if other.id == sender.id else [sender.account, other]
    id = ids.document_id()
    body = {
        "_id": id,
        "t": "d",
        "usernames": [one.body.get("username") for one in people],
        "uids": [one.id for one in people],
        "msgs": 0,
        "usersCount": len(people),
    }
    room = Document(id, body)
    room.set_date("ts", now)
    room.set_date("_updatedAt", now)
    changes = Changes([Absent("rooms", "direct", key)], [Put("rooms", room)])
    for one, partner in zip(people, reversed(people), strict=True):
        named = {**body, "name": partner.body.get("username"), "fname": partner.body.get("name")}
        subscription = new_subscription(ids.document_id(), named, one.body, now, alerted=one is not people[0])
        changes.guards.append(Present("users", one.id))
        changes.steps.append(Put("subscriptions", subscription))
    view = RoomView(room.id, "", "d", False, None, None, True, frozenset())
    return Place(view, room, changes)
