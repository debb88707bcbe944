"""Subscriptions of a dump: who is a member of which room."""

from strongback.importing.draft import Draft, Refused, Rival, described
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Present
from strongback.storage.steps import Put


def subscription(draft: Draft) -> Changes:
    """Keep a subscription whose room and user exist."""
    rid, user_id = draft.text("rid"), member_id(draft)
    if "roles" in draft.body:
        draft.texts("roles")
    return Changes([Present("rooms", rid), Present("users", user_id)], [Put("subscriptions", draft.document)])


def member_id(draft: Draft) -> str:
    """The id of the user who is subscribed."""
    user = draft.body.get("u")
    id = user.get("_id") if isinstance(user, dict) else None
    if not isinstance(id, str) or not id:
        raise Refused(f"its u._id is {described(id)}, not a text")
    return id


def alone(draft: Draft) -> object:
    """Room and user, who may have no other subscription to it."""
    return draft.text("rid"), member_id(draft)


async def rival(draft: Draft, store: Store) -> Rival | None:
    """Find out whether the user is a member already, by another subscription."""
    rid, user_id = draft.text("rid"), member_id(draft)
    room = await store.room_by_id(rid, user_id)
    if room is None or not room.subscribed:
        return None
    return Rival(None, f"the user {user_id} is subscribed to the room {rid} already, by another subscription")
