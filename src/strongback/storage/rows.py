"""What a document becomes in its table: the wire text, the paths of dates, the hidden members, the columns."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from strongback.documents.dates import parse_date
from strongback.documents.document import Document, Path, encode_paths, hidden_members

_encode = msgspec.json.encode

ROW = ("id", "revision", "text", "dates", "hidden")

COUNTED: Mapping[str, frozenset[str]] = {
    "rooms": frozenset({"usersCount", "msgs", "lm", "lastMessage"}),
    "subscriptions": frozenset({"ls", "open", "alert", "unread", "userMentions", "groupMentions"}),
}
"""Members that the store finds itself and adds on reading."""

COUNTED_DATES: Mapping[str, tuple[Path, ...]] = {
    "rooms": (("lm",), ("lastMessage", "ts"), ("lastMessage", "_updatedAt")),
    "subscriptions": (("ls",),),
}
"""Which of these are dates."""


def row(kind: str, document: Document, revision: int) -> tuple[str, int, str, str, str | None]:
    """The columns that every kind has."""
    apart, counted = hidden_members(kind), COUNTED.get(kind, frozenset())
    shown: dict[str, Any] = document.body
    hidden: dict[str, Any] = {}
    if not (counted.isdisjoint(shown) and apart.isdisjoint(shown)):
        shown = {k: v for k, v in document.body.items() if k not in apart and k not in counted}
        hidden = {k: v for k, v in document.body.items() if k in apart}
    return (
        document.id,
        revision,
        _encode(shown).decode(),
        encode_paths(_dates(kind, document.dates)),
        _encode(hidden).decode() if hidden else None,
    )


def _dates(kind: str, dates: tuple[Path, ...]) -> tuple[Path, ...]:
    found = COUNTED_DATES.get(kind, ())
    return (*dates, *(path for path in found if path not in dates)) if found else dates


def text(value: Any) -> str | None:
    """A string member, or None."""
    return value if isinstance(value, str) else None


def strings(value: Any) -> list[str]:
    """The strings of a list member, each once."""
    return list(dict.fromkeys(v for v in value if isinstance(v, str))) if isinstance(value, list) else []


def date(document: Document, name: str) -> int:
    """A date member in epoch milliseconds; 0 where it is missing or no date."""
    value = document.body.get(name)
    return (parse_date(value) or 0) if isinstance(value, str) and (name,) in document.dates else 0


def member(value: Any, name: str) -> str | None:
    """A string inside an object member, or None."""
    return text(value.get(name)) if isinstance(value, Mapping) else None


def roles_text(value: Any) -> str:
    """A list of role ids as the text of a column."""
    return _encode(strings(value)).decode()


def addresses(document: Document) -> list[str]:
    """The e-mail addresses of a user, in lower case."""
    emails = document.body.get("emails")
    found = [member(entry, "address") for entry in emails] if isinstance(emails, list) else []
    return list(dict.fromkeys(address.lower() for address in found if address))


def marked(document: Document, listed: str) -> list[tuple[str, str, int, str]]:
    """Whom a member of a message lists, each as (user id, room, moment, message); nobody for a hidden message."""
    body = document.body
    people = body.get(listed)
    if not isinstance(people, list) or body.get("_hidden") is True:
        return []
    ids = dict.fromkeys(id for one in people if (id := member(one, "_id")) is not None)
    return [(id, body["rid"], date(document, "ts"), document.id) for id in ids]


def _user(document: Document) -> tuple[Any, ...]:
    body = document.body
    username = text(body.get("username")) or ""
    return (
        username,
        username.casefold(),
        roles_text(body.get("roles")),
        body.get("active", True) is True,
        date(document, "createdAt"),
        text(body.get("statusConnection")),
    )


def _room(document: Document) -> tuple[Any, ...]:
    body = document.body
    return (
        text(body.get("name")),
        text(body.get("t")) or "",
        body.get("archived") is True,
        text(body.get("prid")),
        text(body.get("teamId")),
        "yes" if body.get("default") is True else None,
        ",".join(sorted(strings(body.get("uids")))) or None if body.get("t") == "d" else None,
        date(document, "ts"),
    )


def _subscription(document: Document) -> tuple[Any, ...]:
    body = document.body
    seen = date(document, "ls")
    fresh = (0, 0, 0, 0) if seen else tuple(_count(body.get(name)) for name in UNSEEN)
    who = body["rid"], member(body["u"], "_id"), roles_text(body.get("roles")), date(document, "ts")
    is_open = body.get("open") is not False
    return *who, text(body.get("t")) or "", closed(is_open, body.get("_updatedAt")), seen, *fresh


def closed(is_open: bool, updated: Any) -> int:
    """Since when a subscription has been closed, in epoch milliseconds; 0 for an open one."""
    return 0 if is_open else max(1, (parse_date(updated) or 0) if isinstance(updated, str) else 0)


UNSEEN = ("alert", "unread", "userMentions", "groupMentions")
"""What a subscription has not seen when it begins; what comes later is counted on reading."""


def _count(value: Any) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _message(document: Document) -> tuple[Any, ...]:
    body = document.body
    shown = body.get("_hidden") is not True
    in_room = body.get("tmid") is None or body.get("tshow") is True
    last = shown and in_room and body.get("t") is None
    where = body["rid"], member(body.get("u"), "_id") or "", date(document, "ts")
    thread = text(body.get("tmid")), date(document, "tlm") or None
    return *where, last, in_room, shown, date(document, "_updatedAt"), body.get("pinned") is True, *thread


def _integration(document: Document) -> tuple[Any, ...]:
    body = document.body
    return (
        body["type"],
        text(body.get("userId")),
        member(body.get("_createdBy"), "_id"),
        date(document, "_createdAt"),
    )


def _history(document: Document) -> tuple[Any, ...]:
    return member(document.body.get("integration"), "_id") or "", date(document, "_updatedAt")


def _nothing(_: Document) -> tuple[Any, ...]:
    return ()


COLUMNS: Mapping[str, tuple[tuple[str, ...], Callable[[Document], tuple[Any, ...]]]] = {
    "users": (("username", "username_fold", "roles", "active", "created", "status_connection"), _user),
    "rooms": (("name", "type", "archived", "prid", "team_id", "is_default", "direct", "created"), _room),
    "subscriptions": (
        (
            "rid",
            "user_id",
            "roles",
            "created",
            "type",
            "closed",
            "seen",
            "alert",
            "unread",
            "user_mentions",
            "group_mentions",
        ),
        _subscription,
    ),
    "messages": (
        (
            "rid",
            "user_id",
            "created",
            "last",
            "in_room",
            "shown",
            "updated",
            "pinned",
            "thread",
            "thread_updated",
        ),
        _message,
    ),
    "settings": ((), _nothing),
    "permissions": ((), _nothing),
    "roles": ((), _nothing),
    "integrations": (("type", "user_id", "created_by", "created"), _integration),
    "history": (("integration_id", "updated"), _history),
}
"""By kind, the indexed columns and the function that derives them from a document."""

KEPT: Mapping[str, frozenset[str]] = {
    "subscriptions": frozenset({"seen", "alert", "unread", "user_mentions", "group_mentions"})
}
"""Columns that a document gives only when it is new; a step of their own changes them later."""

SETTABLE: Mapping[str, Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Any]]]] = {
    "subscriptions": {
        "t": ("type", lambda members: members["t"]),
        "open": ("closed", lambda members: closed(members["open"], members.get("_updatedAt"))),
    }
}
"""By kind and member, the column that many rows get at once with the member, and how it follows from the members."""
