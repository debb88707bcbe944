"""Which collections of a Rocket.Chat database hold what, and how a dump's files are named after them."""

from urllib.parse import unquote

ACCEPTED_NAMES: dict[str, tuple[str, ...]] = {
    "users": ("users",),
    "rooms": ("rocketchat_room",),
    "subscriptions": ("rocketchat_subscription",),
    "messages": ("rocketchat_message",),
    "settings": ("rocketchat_settings",),
    "permissions": ("rocketchat_permissions", "permissions"),
    "roles": ("rocketchat_roles", "roles"),
    "integrations": ("rocketchat_integrations",),
    "history": ("rocketchat_integration_history",),
}
"""What we import, and under which collection names it is accepted; the first one is preferred."""

_NOUNS = {name: noun for noun, names in ACCEPTED_NAMES.items() for name in names}
_JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
_IGNORED_FILES = {"oplog", "prelude"}


def noun_of(collection_name: str) -> str | None:
    """Return what a collection holds, such as `rooms` for `rocketchat_room`; None when we do not import it.

    A database in front of the name, as in `rocketchat.users`, is allowed.
    """
    return _NOUNS.get(without_database(collection_name))


def without_database(name: str) -> str:
    """Take a database's name off a collection's, when a collection that we import is left."""
    rest = name.partition(".")[2]
    return rest if rest in _NOUNS else name


def parse_file_name(file_name: str) -> tuple[str, str] | None:
    """Return the collection's name and the format, `bson` or `json`; None for a file without documents."""
    base = file_name.removesuffix(".gz")
    if base.endswith(".metadata.json"):
        return None
    for ending in (".bson", *_JSON_ENDINGS):
        name = unquote(base.removesuffix(ending))
        if base.endswith(ending) and name and name not in _IGNORED_FILES and not name.startswith("system."):
            return without_database(name), "bson" if ending == ".bson" else "json"
    return None
