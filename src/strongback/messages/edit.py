"""A message gets another text (spec/07 sections 1 and 3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.event import Event
from strongback.errors import Failure
from strongback.messages import stored
from strongback.messages.match import check_storable
from strongback.messages.place import Place, admit, place_by_id
from strongback.messages.post import check_size, named
from strongback.messages.sender import Sender
from strongback.storage.changes import OnEvent
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put


async def edit(
    store: Store,
    clock: Clock,
    sender: Sender,
    rid: str,
    id: str,
    text: str,
    *,
    custom_fields: Mapping[str, Any] | None = None,
    previews: frozenset[str] | None = None,
    on_event: Sequence[OnEvent] = (),
) -> Document:
    """Give a message another text; an unchanged one is left as it is. Answers the message."""
    check_storable((text, custom_fields))

    async def attempt() -> Document:
        message = await stored.find(store, rid, id)
        place = await place_by_id(store, rid, sender.id)
        await admit(store, sender, place)
        if _text(message) == text and custom_fields is None and previews is None:
            return message
        now, changes = clock(), place.changes
        _check(sender, place, message, now)
        check_size(sender.caller, text)
        changes.guards.append(Unchanged("messages", id, message.revision))
        if sender.caller.setting("Message_KeepHistory"):
            changes.steps.append(Put("messages", stored.hidden_copy(message, sender, now)))
        _write(message, text)
        for name, value in (
            await named(store, sender, place, message.body["msg"], previews=previews)
        ).items():
            message.set(name, value)
        if custom_fields is not None:
            message.set("customFields", dict(custom_fields))
        message.drop("md")
        stored.mark_edited(message, sender, now)
        changes.steps.append(Put("messages", message))
        for hook in on_event:
            await hook(changes, Event("sendMessage", place.room, sender.account, message, None, now))
        await store.commit(changes)
        return message

    return await retry(attempt)


def _check(sender: Sender, place: Place, message: Document, now: int) -> None:
    """Raise Failure unless the sender may edit this message now."""
    caller = sender.caller
    own = stored.author_id(message) == sender.id and caller.setting("Message_AllowEditing")
    may = own or caller.may_in("edit-message", place.view.subscription_roles)
    if not may or message.body.get("t") not in {None, "e2e"}:
        details = {"method": "updateMessage", "action": "Message_editing"}
        raise Failure("Message editing not allowed", "error-action-not-allowed", details=details)
    if stored.is_late(caller, place.view, message, "Message_AllowEditing_BlockEditInMinutes", now):
        raise Failure(
            "Message editing is blocked", "error-message-editing-blocked", details={"method": "updateMessage"}
        )


def _described(message: Document) -> dict[str, Any] | None:
    """The first attachment where it has a description: that is what an edit changes, as of an uploaded file."""
    attachments = message.body.get("attachments")
    head = attachments[0] if isinstance(attachments, list) and attachments else None
    return head if isinstance(head, dict) and head.get("description") is not None else None


def _text(message: Document) -> Any:
    head = _described(message)
    return message.body.get("msg") if head is None else head["description"]


def _write(message: Document, text: str) -> None:
    head = _described(message)
    if head is None:
        message.set("msg", text)
    else:
        head["description"] = text
