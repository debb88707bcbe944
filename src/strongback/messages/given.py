"""The message object of chat.sendMessage as a draft: its own keys stay, the server's do not (spec/07 section 3)."""

import re
from collections.abc import Mapping
from typing import Any

from strongback.errors import Failure
from strongback.messages.attachments import check_avatar, checked
from strongback.messages.build import Draft
from strongback.messages.match import check_storable, expect
from strongback.messages.moment import moment

FARTHEST_MS, NEAREST_MS = 60_000, 10_000
"""A time farther from the server's is refused; one that is farther than the second is replaced."""

KINDS: Mapping[str, str] = {
    "_id": "string",
    "rid": "string",
    "msg": "string",
    "text": "string",
    "alias": "string",
    "emoji": "string",
    "tmid": "string",
    "tshow": "boolean",
    "attachments": "array",
    "blocks": "array",
}
"""The keys that are checked, each with its type."""

OURS = frozenset(
    "_id rid msg ts u _updatedAt tmid tshow urls mentions channels md html pinned pinnedAt pinnedBy starred reactions"
    " editedAt editedBy _hidden parent replies tcount tlm dcount dlm file files".split()
)
"""The keys that a client does not choose, or that have a place of their own."""

SYSTEM = frozenset(
    "r au ru ul uj ut ult ujt wm rm rtc user-muted user-unmuted added-user-to-team removed-user-from-team videoconf"
    " discussion-created".split()
)
_SYSTEM = re.compile(
    r"(?:subscription-role-|room-|room_e2e_|room_changed_|message_pinned).*|user-.*-(?:team|channel).*",
    re.DOTALL,
)


def given(message: Mapping[str, Any], previews: frozenset[str] | None, now: int, *, threads: bool) -> Draft:
    """The message that a client sends whole; raises nothing but Failure, whatever JSON it is."""
    if is_system(message.get("t")):
        raise Failure("Cannot send system messages using 'chat.sendMessage'")
    tmid, shown = message.get("tmid") or None, message.get("tshow")
    if shown and not tmid:
        raise Failure("tshow provided but missing tmid", "invalid-params", details={"method": "sendMessage"})
    if tmid and not threads:
        raise Failure("not-allowed", "error-not-allowed", details={"method": "sendMessage"})
    at = _written_at(message.get("ts"), now)
    for name, kinds in KINDS.items():
        expect(message.get(name), kinds, name)
    check_avatar(message.get("avatar"))
    members = {name: value for name, value in message.items() if name not in OURS}
    if members.get("t") != "e2e":
        members.pop("t", None)
    if attachments := members.get("attachments"):
        members["attachments"] = checked(attachments)
    if shown:
        members["tshow"] = True
    made = Draft(
        message.get("msg") or "",
        members,
        tmid=tmid,
        previews=previews,
        id=message.get("_id") or None,
        at=at,
    )
    check_storable((made.msg, members, tmid, made.id))
    return made


def is_system(kind: Any) -> bool:
    """Whether a message of this type is the server's to write."""
    return isinstance(kind, str) and (kind in SYSTEM or _SYSTEM.fullmatch(kind) is not None)


def _written_at(value: Any, now: int) -> int:
    """When the message was written: the client's time where it is near the server's."""
    if not value:
        return now
    at = moment(value)
    if at is None or abs(at - now) > FARTHEST_MS:
        details = {"method": "sendMessage", "message_ts": value, "server_ts": now}
        raise Failure("Message timestamp is out of sync", "error-message-ts-out-of-sync", details=details)
    return now if abs(at - now) > NEAREST_MS else at
