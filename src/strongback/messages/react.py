"""A reaction to a message, given and taken back (spec/07 section 1)."""

from typing import Any

from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages import stored
from strongback.messages.place import Place, access, names, place
from strongback.messages.sender import Sender
from strongback.messages.shortnames import is_standard, shortname
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put

DETAILS = {"method": "setReaction"}


async def react(
    store: Store, clock: Clock, sender: Sender, id: str, emoji: str, wanted: bool | None = None
) -> None:
    """Let the sender react to a message with an emoji, or no longer; `wanted` of None asks for the other of the two."""
    name = shortname(emoji)

    async def attempt() -> None:
        message = await stored.existing(store, id)
        if not emoji:
            raise Failure('The required "emoji" param is missing.', "error-emoji-param-not-provided")
        found = await place(store, await store.room_by_id(message.body["rid"], sender.id))
        guards = None if found is None else await access(store, sender.caller, found.view)
        if found is None or guards is None:
            raise Failure("Not Authorized", "not-authorized", details=DETAILS)
        _check(sender, found, name)
        reactions = _reactions(message)
        given = sender.username in reactions.get(name, [])
        if given == wanted:
            return
        if given:
            reactions[name].remove(sender.username)
        else:
            reactions.setdefault(name, []).append(sender.username)
        _write(message, reactions)
        message.set_date("_updatedAt", clock())
        changes = found.changes
        changes.guards += [*guards, Unchanged("messages", id, message.revision)]
        changes.steps.append(Put("messages", message))
        await store.commit(changes)

    await retry(attempt)


def _check(sender: Sender, place: Place, name: str) -> None:
    """Raise Failure for what is no emoji, and for a sender who may not react here."""
    room = place.room.body
    if not is_standard(name):
        raise Failure("Invalid emoji provided.", "error-not-allowed", details=DETAILS)
    may_write = (
        room.get("ro") is not True
        or room.get("reactWhenReadOnly") is True
        or sender.caller.may_in("post-readonly", place.view.subscription_roles)
    )
    if not may_write and not names(room.get("unmuted"), sender):
        raise Failure("You can't send messages because the room is readonly.")
    if names(room.get("muted"), sender):
        text = "You have been muted and cannot speak in this room"
        raise Failure(text, "error-not-allowed", details={"rid": place.room.id})


def _reactions(message: Document) -> dict[str, list[str]]:
    """Who has reacted, by emoji."""
    stored = message.body.get("reactions")
    found: dict[str, list[str]] = {}
    for name, reaction in stored.items() if isinstance(stored, dict) else ():
        usernames = reaction.get("usernames") if isinstance(reaction, dict) else None
        found[name] = (
            [one for one in usernames if isinstance(one, str)] if isinstance(usernames, list) else []
        )
    return found


def _write(message: Document, reactions: dict[str, list[str]]) -> None:
    """Set who has reacted; a reaction that nobody gives any more goes, the last one with the member."""
    left: dict[str, Any] = {
        name: {"usernames": usernames} for name, usernames in reactions.items() if usernames
    }
    if left:
        message.set("reactions", left)
    else:
        message.drop("reactions")
