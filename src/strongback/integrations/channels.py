"""The `channel` of an integration: what its entries mean, and what they are bound to (spec/05 sections 1 and 2)."""

from collections.abc import Mapping, Sequence

from strongback.accounts.caller import Caller
from strongback.errors import Failure
from strongback.storage.contract import Store
from strongback.storage.steps import Link

SCOPES = ("all_public_channels", "all_private_groups", "all_direct_messages")
NOT_EVERYBODYS = SCOPES[1:]
"""Scopes for which a caller needs the permission to manage every integration of the type."""


def split(text: str, *, drop_blank: bool) -> list[str]:
    """The trimmed entries of a comma-separated text."""
    entries = [entry.strip() for entry in text.split(",")]
    return [entry for entry in entries if entry] if drop_blank else entries


def check_prefixes(entries: Sequence[str], details: Mapping[str, str], *, scopes: bool) -> None:
    """Every entry starts with @ or #, or is a scope where scopes are allowed."""
    for entry in entries:
        if not (entry[:1] in ("@", "#") or (scopes and entry.lower() in SCOPES)):
            raise Failure(
                "Invalid channel. Start with @ or #",
                "error-invalid-channel-start-with-chars",
                details=details,
            )


async def bind(
    store: Store, caller: Caller, entries: Sequence[str], *, manage: str, details: Mapping[str, str]
) -> list[Link]:
    """Bind entries to what they name now; Failure for a target that is not there or not the caller's.

    `manage` is the permission for every integration of the type; its own-only sibling is `manage-own-...`. Holders
    of both may bind to anything, others to rooms in which they are.
    """
    links = []
    everything = caller.may(manage)
    anything = everything and caller.may(manage.replace("manage-", "manage-own-"))
    for entry in entries:
        if entry in SCOPES:
            if entry in NOT_EVERYBODYS and not everything:
                raise Failure("Invalid Channel", "error-invalid-channel", details=details)
            links.append(Link(entry, "scope", entry))
            continue
        link, subscribed = await _target(store, caller, entry)
        if link is None:
            raise Failure("Invalid room", "error-invalid-room", details=details)
        if not (anything or subscribed):
            raise Failure("Invalid Channel", "error-invalid-channel", details=details)
        links.append(link)
    return links


async def may_target(store: Store, caller: Caller, rid: str, kind: str) -> bool:
    """Whether the caller could bind an integration (`incoming` or `outgoing`) to a room now."""
    if caller.may(f"manage-{kind}-integrations") and caller.may(f"manage-own-{kind}-integrations"):
        return True
    room = await store.room_by_id(rid, caller.id)
    return room is not None and room.subscribed


async def _target(store: Store, caller: Caller, entry: str) -> tuple[Link | None, bool]:
    """What an entry names, and whether the caller is in it; a room or user given by id is shown by its name."""
    name = entry[1:]
    if entry.startswith("#"):
        room = await store.room_by_id(name, caller.id) or await store.room_by_name(name, caller.id)
        if room is None:
            return None, False
        return Link(f"#{room.name}" if room.name else entry, "room", room.id), room.subscribed
    if entry.startswith("@"):
        stored = await store.get("users", name) or await store.user_by_name(name)
        if stored is None:
            return None, False
        return Link(f"@{stored.decode().body['username']}", "user", stored.id), False
    return None, False
