"""What an incoming integration may be made of: the checks that need no database (spec/05 sections 2a and 3)."""

from collections.abc import Mapping
from typing import Any

from strongback.errors import Failure
from strongback.integrations.channels import check_prefixes, split

OPTIONAL = ("alias", "avatar", "emoji", "script", "overrideDestinationChannelEnabled")


def channel_entries(given: Mapping[str, Any], details: Mapping[str, str]) -> list[str]:
    """The entries of the sent channel, each starting with @ or #."""
    text = given["channel"]
    if not text.strip():
        raise Failure("Invalid channel", "error-invalid-channel", details=details)
    entries = split(text, drop_blank=False)
    check_prefixes(entries, details, scopes=False)
    return entries


def check_username(given: Mapping[str, Any], details: Mapping[str, str]) -> str:
    """The username that was sent, not blank."""
    username: str = given["username"]
    if not username.strip():
        raise Failure("Invalid username", "error-invalid-username", details=details)
    return username


def members(given: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a caller may set, as they are stored; null is as good as not sent."""
    chosen = {"enabled": given["enabled"], "name": given["name"], "scriptEnabled": given["scriptEnabled"]}
    return chosen | {name: given[name] for name in OPTIONAL if given.get(name) is not None}
