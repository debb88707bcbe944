"""What a message is made of: from the body of chat.postMessage, a hook or a reply to a draft (spec/06 A6).

Pure: whether the sender may post it, and where, is asked later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strongback.errors import Failure
from strongback.messages.attachments import check_avatar, checked
from strongback.messages.match import check_storable, expect, first, is_a, mismatch, scalar_text, type_name

BLANK = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What JavaScript's `trim` takes away."""

MOST_TARGETS = 100
"""So many places get one message at most."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a message gets that its body does not name: an integration's looks, and where it posts."""

    channel: str | Sequence[str] = ""
    alias: str = ""
    avatar: str = ""
    emoji: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as it is asked for: its shape is sound, its sender's rights are not checked yet.

    `members` are stored as they are. `previews` are the links that may be previewed, None for all. `id` and `at`
    (epoch milliseconds) are the server's choice unless they are given.
    """

    msg: str
    members: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    tmid: str | None = None
    parse_urls: bool = True
    previews: frozenset[str] | None = None
    id: str | None = None
    at: int | None = None


def draft(body: Mapping[str, Any], defaults: Defaults = Defaults()) -> Draft:
    """The message that a body asks for; raises nothing but Failure, whatever JSON the body is."""
    attachments = body.get("attachments")
    if not isinstance(attachments, list):
        attachments = []
    parse_urls = _flag(body, "parseUrls")
    if parse_urls is None:
        parse_urls = not attachments
    members = {
        **_looks(body, defaults),
        "bot": _marked(body.get("bot")),
        "groupable": _flag(body, "groupable") or False,
        "attachments": checked([_slack(attachment) for attachment in attachments]),
        "parseUrls": parse_urls,
        "customFields": body.get("customFields"),
    }
    expect(members["customFields"], "object", "customFields")
    expect(body.get("tmid"), "string", "tmid")
    made = Draft(
        _text(body, "text", "msg").strip(BLANK),
        {name: value for name, value in members.items() if value is not None},
        targets=_targets(body, defaults),
        tmid=body.get("tmid") or None,
        parse_urls=parse_urls,
    )
    check_storable((made.msg, made.members, made.targets, made.tmid))
    return made


def _targets(body: Mapping[str, Any], defaults: Defaults) -> tuple[str, ...]:
    """Where to post, each place once and in order."""
    given = first(body, "channel", "roomId")
    wanted = defaults.channel if given is None else given
    targets = [wanted] if isinstance(wanted, str) else wanted
    if not isinstance(targets, list | tuple) or not all(isinstance(target, str) for target in targets):
        raise Failure("The target of a message must be a text or a list of texts", "error-invalid-params")
    if len(targets) > MOST_TARGETS:
        raise Failure(f"A message has at most {MOST_TARGETS} targets", "error-invalid-params")
    return tuple(dict.fromkeys(targets))


def _looks(body: Mapping[str, Any], defaults: Defaults) -> dict[str, Any]:
    """The alias, and either an avatar or an emoji: the body's own before the defaults'."""
    alias = first(body, "username", "alias") or defaults.alias or None
    expect(alias, "string", "alias")
    avatar, emoji = _filled(body, "icon_url", "avatar"), _filled(body, "icon_emoji", "emoji")
    if avatar is None and emoji is None:
        avatar, emoji = defaults.avatar or None, defaults.emoji or None
    if avatar is not None:
        check_avatar(avatar)
        return {"alias": alias, "avatar": avatar}
    expect(emoji, "string", "emoji")
    return {"alias": alias, "emoji": emoji}


def _filled(body: Mapping[str, Any], *names: str) -> Any:
    """The first member that is a text, a list or an object, and not empty; None for none."""
    return next(
        (body[name] for name in names if isinstance(body.get(name), str | list | dict) and body[name]), None
    )


def _text(body: Mapping[str, Any], *names: str) -> str:
    value = first(body, *names)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise mismatch(f"Expected string, got {type_name(value)}", names[0])
    return scalar_text(value)


def _flag(body: Mapping[str, Any], name: str) -> bool | None:
    """A boolean, in a form the text `true` or `false`; None where it is absent or null."""
    value = body.get(name)
    value = {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
    expect(value, "boolean", name)
    return value


def _marked(value: Any) -> Any:
    """The mark of a bot: an object that says which, or true."""
    if value is not None and not is_a("object", value) and not is_a("boolean", value):
        raise mismatch(f"Expected object, got {type_name(value)}", "bot")
    return value or None


def _slack(attachment: Any) -> Any:
    """An attachment whose text Slack calls `msg` has it as `text`."""
    if not isinstance(attachment, dict) or not attachment.get("msg"):
        return attachment
    text = _text(attachment, "msg").strip(BLANK)
    return {**{name: value for name, value in attachment.items() if name != "msg"}, "text": text}
