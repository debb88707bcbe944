"""A conversation: found by who is in it, or made (spec/06 A6)."""

from collections.abc import Sequence

from strongback import ids
from strongback.clock import Clock
from strongback.documents.document import Document, Stored
from strongback.documents.subscription import new_subscription
from strongback.errors import Failure
from strongback.messages.place import Place, place
from strongback.messages.sender import Sender, public
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from strongback.storage.guards import Absent, Present
from strongback.storage.selections import Having
from strongback.storage.steps import Put

MOST = 8
"""So many people are in one conversation at most."""


async def direct(store: Store, clock: Clock, sender: Sender, *others: Stored) -> Place:
    """The conversation of the sender with other accounts; a new one is made with the commit of the place's changes."""
    people = {one.id: one for one in (sender.account, *map(public, others))}
    key = ",".join(sorted(people))
    for stored in await store.select(Having("rooms", "direct", key)):
        found = await place(store, await store.room_by_id(stored.id, sender.id))
        if found is not None:
            return found
    if not sender.caller.may("create-d"):
        raise Failure("Not allowed", "error-not-allowed", details={"method": "createDirectMessage"})
    if len(people) > MOST:
        raise Failure(
            f"You cannot add more than {MOST} users, including yourself to a direct message",
            "error-direct-message-max-user-exceeded",
            details={"method": "createDirectRoom"},
        )
    # before the first message, which is written in the same millisecond
    return _new(clock() - 1, sender, [*people.values()], key)


def _new(now: int, sender: Sender, people: list[Document], key: str) -> Place:
    people.sort(key=lambda one: str(one.body.get("name") or one.body.get("username")).casefold())
    id = ids.document_id()
    body = {
        "_id": id,
        "t": "d",
        "usernames": [one.body.get("username") for one in people],
        "uids": sorted(one.id for one in people),
        "msgs": 0,
        "usersCount": len(people),
    }
    room = Document(id, body)
    room.set_date("ts", now)
    room.set_date("_updatedAt", now)
    changes = Changes([Absent("rooms", "direct", key)], [Put("rooms", room)])
    for one in people:
        mine = subscription(room, one, people, now)
        # of two, the other hears of it with the first message
        mine.set("open", one.id == sender.id or len(people) > 2)
        changes.guards.append(Present("users", one.id))
        changes.steps.append(Put("subscriptions", mine))
    view = RoomView(room.id, "", "d", False, None, None, True, frozenset())
    return Place(view, room, changes)


def subscription(room: Document, member: Document, people: Sequence[Document], now: int) -> Document:
    """The membership of one of the people in a conversation, which is named after the others."""
    others = [one for one in people if one.id != member.id] or [member]
    named = {
        **room.body,
        "name": ", ".join(str(one.body.get("username")) for one in others),
        "fname": ", ".join(str(one.body.get("name") or one.body.get("username")) for one in others),
    }
    return new_subscription(ids.document_id(), named, member.body, now)
