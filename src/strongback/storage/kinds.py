"""The kinds of documents, and the columns by which each may be found."""

from collections.abc import Mapping

KINDS = (
    "users",
    "rooms",
    "subscriptions",
    "messages",
    "settings",
    "permissions",
    "roles",
    "integrations",
    "history",
)

ACCESS_KINDS = frozenset({"settings", "permissions", "roles"})
"""A write to one of these raises the access revision, so that every cache of them reloads."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "users": ("username", "username_fold"),
    "rooms": ("name", "type", "prid", "is_default", "direct"),
    "subscriptions": ("rid", "user_id"),
    "messages": ("rid", "user_id", "thread"),
    "settings": (),
    "permissions": (),
    "roles": (),
    "integrations": ("user_id", "created_by"),
    "history": ("integration_id",),
}
"""By kind, the indexed columns that a guard, a removal or a selection may name.

`is_default` of a room is `yes` where new users join it, else nothing; `direct` holds the sorted user ids of a
conversation, joined by commas.
"""
