"""Rooms of a dump; how many members one has is counted from its subscriptions."""

from strongback.importing.draft import Draft, Refused, Rival, described
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Put

PEOPLE = ("uids", "usernames")
"""Who is in a conversation, as lists."""


def room(draft: Draft) -> Changes:
    """Keep a room of any type; direct messages have no name."""
    draft.text("t")
    name = draft.body.get("name")
    if name is not None and not isinstance(name, str):
        raise Refused(f"its name is {described(name)}, not a text")
    for people in PEOPLE:
        if draft.body.get(people) is not None:
            draft.texts(people)
    return Changes(steps=[Put("rooms", draft.document)])


def alone(draft: Draft) -> object:
    """The name, which no other room may have."""
    name = draft.body.get("name")
    return None if name is None else ("name", name)


async def rival(draft: Draft, store: Store) -> Rival | None:
    """Find the other room that has the name."""
    name = draft.body.get("name")
    other = None if name is None else await store.room_by_name(name, "")
    if other is None or other.id == draft.id:
        return None
    return Rival(other.id, f"the name {name} belongs to the room {other.id}")
