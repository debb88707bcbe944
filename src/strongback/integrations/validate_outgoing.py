"""What an outgoing integration may be made of: the checks that need no database (spec/05 section 2b)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strongback.accounts.caller import Caller
from strongback.errors import Failure
from strongback.integrations.channels import SCOPES, check_prefixes, split
from strongback.integrations.scope import MANAGE, OUTGOING

REQUIRED_FIELDS = "validateOutgoing._verifyRequiredFields"
PERMISSIONS = "validateOutgoing._verifyUserHasPermissionForChannels"
FUNCTION = "validateOutgoing"


@dataclass(frozen=True, slots=True)
class Event:
    """What an event needs of an integration."""

    channel: bool
    trigger_words: bool = False
    target_room: bool = False


EVENTS: Mapping[str, Event] = {
    "sendMessage": Event(channel=True, trigger_words=True),
    "fileUploaded": Event(channel=True),
    "roomArchived": Event(channel=False),
    "roomCreated": Event(channel=False),
    "roomJoined": Event(channel=True),
    "roomLeft": Event(channel=True),
    "userCreated": Event(channel=False, target_room=True),
}
"""Event name to what it needs; the table of spec/05 section 1."""

AS_SENT = (
    "alias",
    "avatar",
    "emoji",
    "script",
    "token",
    "triggerWordAnywhere",
    "impersonateUser",
    "targetRoom",
    "retryPolicy",
)
DEFAULT_RETRIES = 4
DEFAULT_DELAY = "powers-of-ten"


def check(given: Mapping[str, Any], caller: Caller) -> list[str]:
    """Every check up to the channel's entries, in upstream's order; answers the entries."""
    event = EVENTS.get(given["event"])
    if event is None:
        raise _failure("Invalid event type", "error-invalid-event-type")
    if not given["username"].strip():
        raise _failure("Invalid username", "error-invalid-username")
    if event.target_room and not (given.get("targetRoom") or "").strip():
        raise _failure("Invalid Target Room", "error-invalid-targetRoom")
    if not urls(given):
        raise _failure("Invalid URLs", "error-invalid-urls")
    if not event.channel:
        if not caller.may(MANAGE[OUTGOING]):
            raise Failure(
                "Invalid permission for required Integration creation.",
                "error-invalid-permissions",
                details={"function": FUNCTION},
            )
        return []
    entries = split(given["channel"], drop_blank=True)
    if not entries:  # upstream stores nothing for "," and then means all public channels
        raise _failure("Invalid Channel", "error-invalid-channel")
    check_prefixes(entries, {"function": REQUIRED_FIELDS}, scopes=True)
    return [entry.lower() if entry.lower() in SCOPES else entry for entry in entries]


def urls(given: Mapping[str, Any]) -> list[str]:
    """The URLs that are not blank."""
    return [url for url in given.get("urls") or [] if url.strip()]


def members(given: Mapping[str, Any]) -> dict[str, Any]:
    """The members that a caller may set, as they are stored; null is as good as not sent."""
    chosen: dict[str, Any] = {name: given[name] for name in ("enabled", "name", "event", "scriptEnabled")}
    chosen["urls"] = urls(given)
    chosen |= {name: given[name] for name in AS_SENT if given.get(name) is not None}
    if given.get("runOnEdits") is not None:
        chosen["runOnEdits"] = given["runOnEdits"]
    if EVENTS[given["event"]].trigger_words and given.get("triggerWords") is not None:
        chosen["triggerWords"] = [word for word in given["triggerWords"] if word.strip()]
    return chosen | _retries(given)


def _retries(given: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {
        name: given[name]
        for name in ("retryFailedCalls", "retryCount", "retryDelay")
        if given.get(name) is not None
    }
    if given.get("retryFailedCalls"):
        count = given.get("retryCount")
        chosen["retryCount"] = (
            int(count) if isinstance(count, int | float) and int(count) > 0 else DEFAULT_RETRIES
        )
        chosen["retryDelay"] = (given.get("retryDelay") or "").strip().lower() or DEFAULT_DELAY
    return chosen


def _failure(text: str, error: str) -> Failure:
    return Failure(text, error, details={"function": REQUIRED_FIELDS})
