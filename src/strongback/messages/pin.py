"""A message that a room keeps in view (spec/07 section 1)."""

from urllib.parse import quote

from strongback import ids
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.message import system_message
from strongback.errors import Failure
from strongback.messages import stored
from strongback.messages.sender import Sender
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Member, Unchanged
from strongback.storage.steps import Put


async def pin(store: Store, clock: Clock, sender: Sender, id: str) -> Document:
    """Pin a message; answers the system message that says so."""

    async def attempt() -> Document:
        message, changes = await _prepare(store, sender, id, "pin")
        now = clock()
        told = _told(sender, message, now)
        _mark(changes, sender, message, now, pinned=True)
        changes.steps.append(Put("messages", told))
        await store.commit(changes)
        return told

    return await retry(attempt)


async def unpin(store: Store, clock: Clock, sender: Sender, id: str) -> None:
    """Unpin a message."""

    async def attempt() -> None:
        message, changes = await _prepare(store, sender, id, "unpin")
        _mark(changes, sender, message, clock(), pinned=False)
        await store.commit(changes)

    await retry(attempt)


async def _prepare(store: Store, sender: Sender, id: str, verb: str) -> tuple[Document, Changes]:
    """The message, and the guards under which the sender may pin or unpin it."""
    message = await stored.existing(store, id)
    details = {"method": f"{verb}Message", "action": "Message_pinning"}
    if not sender.caller.setting("Message_AllowPinning"):
        raise Failure("Message pinning not allowed", "error-action-not-allowed", details=details)
    view = await store.room_by_id(message.body["rid"], sender.id)
    if view is None or not view.subscribed:
        text = f"Message you are {verb}ning was not found"
        raise Failure(text, "error-invalid-message", details=details)
    if not sender.caller.may_in("pin-message", view.subscription_roles):
        raise Failure("Not Authorized", "not-authorized", details={"method": f"{verb}Message"})
    return message, Changes([Member(view.id, sender.id), Unchanged("messages", id, message.revision)])


def _mark(changes: Changes, sender: Sender, message: Document, now: int, *, pinned: bool) -> None:
    """Write who pinned or unpinned a message, and when; with a history, also how it was before."""
    if sender.caller.setting("Message_KeepHistory"):
        changes.steps.append(Put("messages", stored.hidden_copy(message, sender, now)))
    message.set("pinned", pinned)
    message.set_date("pinnedAt", now)
    message.set("pinnedBy", {"_id": sender.id, "username": sender.username})
    message.set_date("_updatedAt", now)
    changes.steps.append(Put("messages", message))


def _told(sender: Sender, message: Document, now: int) -> Document:
    """The system message that quotes a message which is being pinned."""
    body = message.body
    kind = "message_pinned_e2e" if body.get("t") == "e2e" else "message_pinned"
    author = body.get("u") or {}
    attachments = body.get("attachments")
    quoted = {
        "text": body.get("msg"),
        "author_name": author.get("username"),
        "author_icon": f"/avatar/{quote(author.get('username') or '', safe='')}",
        "ts": body.get("ts"),
        "attachments": attachments if isinstance(attachments, list) else [],
    }
    told = system_message(ids.ordered_id(now), kind, body["rid"], "", sender.author, now)
    told.set("attachments", [quoted])
    inner = [("attachments", 0, *path) for path in message.dates if path[0] in {"ts", "attachments"}]
    told.dates = (*told.dates, *inner)
    return told
