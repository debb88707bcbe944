"""A stored message that somebody wants to change, and the room that it is in."""

from dataclasses import replace

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.documents.dates import parse_date
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages.sender import Sender
from strongback.storage.contract import RoomView, Store

MINUTE_MS = 60_000


async def by_id(store: Store, id: str) -> Document | None:
    """The message with this id; None for none, and for one that has been hidden."""
    stored = await store.get("messages", id)
    message = None if stored is None else stored.decode()
    return None if message is None or message.body.get("_hidden") is True else message


async def existing(store: Store, id: str) -> Document:
    """The message that is to be marked; Failure for none."""
    message = await by_id(store, id)
    if message is None:
        raise Failure(
            'The provided "messageId" does not match any existing message.', "error-message-not-found"
        )
    return message


async def find(store: Store, rid: str, id: str) -> Document:
    """The message with this id in this room; Failure for none, and for one that has been hidden."""
    message = await by_id(store, id)
    if message is None:
        raise Failure(f'No message found with the id of "{id}".')
    if message.body.get("rid") != rid:
        raise Failure("The room id provided does not match where the message is from.")
    return message


def author_id(message: Document) -> str | None:
    """Whose message it is; None where an import did not say."""
    author = message.body.get("u")
    return author.get("_id") if isinstance(author, dict) else None


def is_late(caller: Caller, view: RoomView, message: Document, setting: str, now: int) -> bool:
    """Whether the message is older than a setting in minutes allows; 0 is no limit."""
    minutes = caller.setting(setting)
    if minutes <= 0 or caller.may_in("bypass-time-limit-edit-and-delete", view.subscription_roles):
        return False
    sent = message.body.get("ts")
    at = parse_date(sent) if isinstance(sent, str) else None
    return at is None or now - at >= minutes * MINUTE_MS


def hidden_copy(message: Document, editor: Sender, now: int) -> Document:
    """The message as it was, kept where nobody sees it."""
    copy = replace(message, id=ids.document_id(), body=dict(message.body))
    copy.body |= {"_id": copy.id, "_hidden": True, "parent": message.id}
    mark_edited(copy, editor, now)
    return copy


def mark_edited(message: Document, editor: Sender, now: int) -> None:
    """Say who changed a message, and when."""
    message.set_date("editedAt", now)
    message.set("editedBy", {"_id": editor.id, "username": editor.username})
    message.set_date("_updatedAt", now)
