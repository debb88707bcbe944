"""What one account is told about another: users.info (spec/08 section 2)."""

from typing import Any

from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.storage.contract import Store
from strongback.storage.selections import Everything, Having

PUBLIC = (
    "_id",
    "name",
    "username",
    "nickname",
    "status",
    "utcOffset",
    "type",
    "active",
    "bio",
    "reason",
    "statusText",
    "avatarETag",
    "extension",
    "federated",
    "statusLivechat",
)
PRIVATE = (
    "emails",
    "phone",
    "statusConnection",
    "createdAt",
    "lastLogin",
    "requirePasswordChange",
    "requirePasswordChangeReason",
    "roles",
    "customFields",
)
"""What only the account itself and holders of `view-full-other-user-info` see."""

ROOM_MEMBERS = ("rid", "name", "t", "roles", "unread")


async def find(
    store: Store, *, user_id: str | None = None, username: str | None = None, import_id: str | None = None
) -> Document | None:
    """An account by its id, by its username (an id will do), or by the id that it had where it was imported from."""
    if import_id is not None:
        return await _imported(store, import_id)
    stored = None
    if username is not None:
        stored = await store.user_by_name(username) or await store.get("users", username)
    elif user_id is not None:
        stored = await store.get("users", user_id)
    return None if stored is None else stored.decode()


async def _imported(store: Store, import_id: str) -> Document | None:
    async for rows in store.scan(Everything("users"), "id"):
        for row in rows:
            if row.hidden is not None and "importIds" in row.hidden:
                user = row.decode()
                ids = user.body.get("importIds")
                if isinstance(ids, list) and import_id in ids:
                    return user
    return None


def describe(user: Document, caller: Caller) -> dict[str, Any]:
    """An account as a caller may see it; never any hash, also of the caller's own."""
    everything = user.id == caller.id or caller.may("view-full-other-user-info")
    names = (*PUBLIC, *PRIVATE) if everything else PUBLIC
    shown = {name: user.body[name] for name in names if name in user.body}
    return {**shown, "canViewAllInfo": everything}


async def rooms(store: Store, user: Document, caller: Caller) -> list[dict[str, Any]] | None:
    """The rooms that an account is in, by type and name; None for a caller who may not know."""
    if user.id != caller.id and not caller.may("view-other-user-channels"):
        return None
    mine = await store.select(Having("subscriptions", "user_id", user.id))
    bodies = [stored.decode().body for stored in mine]
    bodies.sort(key=lambda body: (str(body.get("t", "")), str(body.get("name", ""))))
    return [{name: body[name] for name in ROOM_MEMBERS if name in body} for body in bodies]
