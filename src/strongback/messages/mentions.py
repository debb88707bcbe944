"""Whom and which rooms a message mentions."""

from typing import Any

import msgspec

from strongback.errors import Failure
from strongback.messages.sender import Sender
from strongback.messages.text import names
from strongback.storage.contract import RoomView, Store

EVERYBODY = ("all", "here")


async def mentions(store: Store, sender: Sender, view: RoomView, text: str) -> list[dict[str, Any]]:
    """The accounts behind the `@names` of a text; Failure where the sender may not call everybody."""
    found: list[dict[str, Any]] = []
    for name in names("@", sender.caller.setting("UTF8_User_Names_Validation"), text):
        if name in EVERYBODY:
            if not sender.caller.may_in(f"mention-{name}", view.subscription_roles):
                raise _not_everybody(name)
            found.append({"_id": name, "username": name})
        elif (account := await _account(store, name)) is not None and account not in found:
            found.append(account)
    return found


async def channels(store: Store, sender: Sender, text: str) -> list[dict[str, Any]]:
    """The rooms behind the `#names` of a text, of those that the sender knows to exist."""
    found: list[dict[str, Any]] = []
    for name in names("#", sender.caller.setting("UTF8_Channel_Names_Validation"), text):
        view = await store.room_by_name(name, sender.id)
        if view is None and name.endswith("."):
            view = await store.room_by_name(name.rstrip("."), sender.id)
        if view is not None and (view.type == "c" or (view.type == "p" and view.subscribed)):
            found.append({"_id": view.id, "name": view.name})
    return found


async def _account(store: Store, name: str) -> dict[str, Any] | None:
    """The account of exactly this name, or of the name without the dot that ends a sentence."""
    for username in dict.fromkeys((name, name.rstrip("."))):
        stored = await store.user_by_name(username)
        body = {} if stored is None else msgspec.json.decode(stored.text)
        if body.get("username") == username:
            who = {member: body[member] for member in ("_id", "username", "name") if member in body}
            return {**who, "type": "user"}
    return None


def _not_everybody(name: str) -> Failure:
    action = f"Notify {name} in this room"
    return Failure(
        f"{action} not allowed",
        "error-action-not-allowed",
        details={"method": f"filterAT{name.title()}Tag", "action": action},
    )
