"""A star on a message, which nobody but who set it sees (spec/07 section 1)."""

from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.errors import Failure
from strongback.messages import stored
from strongback.messages.sender import Sender
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Member, Unchanged
from strongback.storage.steps import Put


async def star(store: Store, clock: Clock, sender: Sender, id: str, *, starred: bool) -> None:
    """Set the sender's star on a message, or take it away; nothing happens in a room that the sender is not in."""

    async def attempt() -> None:
        message = await stored.existing(store, id)
        if not sender.caller.setting("Message_AllowStarring"):
            details = {"method": "starMessage", "action": "Message_starring"}
            raise Failure("Message starring not allowed", "error-action-not-allowed", details=details)
        rid = message.body["rid"]
        if await store.subscription(rid, sender.id) is None:
            return
        stars = message.body.get("starred")
        found = stars if isinstance(stars, list) else []
        others = [one for one in found if not (isinstance(one, dict) and one.get("_id") == sender.id)]
        if (len(others) < len(found)) == starred:
            return
        message.set("starred", [*others, {"_id": sender.id}] if starred else others)
        message.set_date("_updatedAt", clock())
        changes = Changes([Member(rid, sender.id)], [Put("messages", message)])
        changes.guards.append(Unchanged("messages", id, message.revision))
        await store.commit(changes)

    await retry(attempt)
