"""Who is in a room: groups.members and channels.members (spec/04 section 3)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.accounts.user_listing import check_query
from strongback.documents.document import HIDDEN_OF_USERS
from strongback.errors import Failure
from strongback.listing import Listing, Rules, Wanted, listing
from strongback.storage.contract import RoomView, Store
from strongback.storage.selections import MembersOf

Given = msgspec.Raw | msgspec.UnsetType


class Member(msgspec.Struct, rename={"id": "_id", "avatar": "avatarETag", "updated": "_updatedAt"}):
    """What is shown of a member, undecoded."""

    id: msgspec.Raw
    username: Given = msgspec.UNSET
    name: Given = msgspec.UNSET
    nickname: Given = msgspec.UNSET
    status: Given = msgspec.UNSET
    avatar: Given = msgspec.UNSET
    updated: Given = msgspec.UNSET


SHOWN = Member.__struct_encode_fields__
QUERIED = (*SHOWN, *(f"{name}.*" for name in SHOWN))

_member = msgspec.json.Decoder(Member).decode
_encode = msgspec.json.Encoder().encode

BY_PRESENCE = (("statusConnection", -1), ("username", 1))
"""The order in which the store itself holds the members of a room."""

RULES = Rules({BY_PRESENCE: "members"}, "members", secret=HIDDEN_OF_USERS, hidden=HIDDEN_OF_USERS)


async def members(
    store: Store,
    caller: Caller,
    room: RoomView,
    wanted: Wanted,
    *,
    text: str = "",
    statuses: Sequence[str] | None = None,
    matching_ms: int,
) -> Listing:
    """A page of a room's active members by presence and username; `text` is searched for as the settings say."""
    stored = await store.get("rooms", room.id)
    closed = stored is not None and stored.decode().body.get("broadcast") is True
    if closed and not caller.may_in("view-broadcast-member-list", room.subscription_roles):
        raise Failure("unauthorized", status=403)
    clauses: list[Mapping[str, Any]] = []
    if wanted.filter:
        check_query(wanted.filter, [*QUERIED])
        clauses.append(wanted.filter)
    if text:
        clauses.append(_holding(caller, text))
    if statuses is not None:
        clauses.append({"status": {"$in": [*statuses]}})
    chosen = replace(
        wanted,
        filter={"$and": clauses} if clauses else None,
        sort=_order(caller, wanted.sort),
        fields=None,
    )
    found = await listing(store, MembersOf(room.id), chosen, RULES, matching_ms=matching_ms)
    return replace(found, texts=[_cut(text, wanted.fields or {}) for text in found.texts])


def _holding(caller: Caller, text: str) -> dict[str, Any]:
    """A filter for accounts that hold a text in one of the members that a setting lists."""
    names = [name.strip() for name in str(caller.setting("Accounts_SearchFields")).split(",")]
    pattern = {"$regex": re.escape(text), "$options": "i"}
    return {"$or": [{name: pattern} for name in names if name]}


def _order(caller: Caller, sort: Mapping[str, int] | None) -> dict[str, int]:
    """By presence, then by what the caller asks for, which is the username, up or down."""
    if sort and [*sort] != ["username"]:
        raise Failure(
            "Invalid sort parameter provided: members stand by presence and username", "error-invalid-sort"
        )
    if sort:
        return {"statusConnection": -1, **sort}
    return {
        "statusConnection": -1,
        **({"name": 1} if caller.setting("UI_Use_Real_Name") else {}),
        "username": 1,
    }


def _cut(text: str, fields: Mapping[str, int]) -> str:
    """What is shown of an account: every member of `SHOWN`, or of these the ones that the caller asks for."""
    shown = _encode(_member(text))
    if not fields:
        return shown.decode()
    asked_for = 1 in fields.values()
    kept = {
        name: value
        for name, value in msgspec.json.decode(shown).items()
        if name == "_id" or (fields.get(name) == 1 if asked_for else name not in fields)
    }
    return _encode(kept).decode()
