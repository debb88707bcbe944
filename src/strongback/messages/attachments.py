"""The attachments of a message: which types their members have, and where their links may lead (spec/06 A6)."""

import re
from collections.abc import Mapping
from typing import Any

from strongback.errors import Failure
from strongback.messages.match import expect, mismatch, scalar_text, type_name

UPLOADS = "/file-upload/"
DEEPEST = 8
"""Attachments inside attachments (quotes of quotes) beyond this depth are refused."""

TYPES: Mapping[str, str] = {
    "color": "string",
    "text": "string",
    "title": "string",
    "author_name": "string",
    "collapsed": "boolean",
    "ts": "string number",
    "fields": "array",
    "actions": "array",
    "attachments": "array",
}
"""The members that are checked, each with its types; all others are kept as they are."""

FIELD_TYPES: Mapping[str, str] = {"short": "boolean", "title": "string", "value": "string number boolean"}

LINKS = ("message_link", "author_link", "title_link")
MEDIA = ("thumb_url", "author_icon", "image_url", "audio_url", "video_url")

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)
_DATA = re.compile(r"data:(?:image|audio|video)/", re.IGNORECASE)
_RELATIVE = re.compile(r"/[^/\\].*|[^/\\]+/[^/\\].*")
_UNSEEN = re.compile(r"[\x00-\x20\x7f]")
"""Browsers drop some of these inside a link, which hides its scheme."""


def checked(attachments: list[Any], path: str = "attachments", depth: int = 0) -> list[dict[str, Any]]:
    """The attachments, with the values of their fields as text; Failure for a wrong type or a bad link."""
    if depth > DEEPEST:
        raise Failure("The attachments are nested too deeply")
    return [_attachment(one, f"{path}[{number}]", depth) for number, one in enumerate(attachments)]


def check_avatar(value: Any) -> None:
    """Raise Failure unless an avatar, null aside, is an absolute or a relative URL."""
    expect(value, "string", "avatar")
    if value is not None and not (_is_link(value, media=True) or _is_relative(value)):
        raise mismatch("Failed Match.Where validation", "avatar")


def _attachment(value: Any, path: str, depth: int) -> dict[str, Any]:
    attachment = _object(value, path)
    for name, kinds in TYPES.items():
        expect(attachment.get(name), kinds, f"{path}.{name}")
    _check_links(attachment, LINKS, path)
    _check_links(attachment, MEDIA, path, media=True)
    for number, action in enumerate(attachment.get("actions") or []):
        _check_links(_object(action, f"{path}.actions[{number}]"), ("url",), f"{path}.actions[{number}]")
        _check_links(action, ("image_url",), f"{path}.actions[{number}]", media=True)
    if fields := attachment.get("fields"):
        attachment["fields"] = [_field(one, f"{path}.fields[{number}]") for number, one in enumerate(fields)]
    if inner := attachment.get("attachments"):
        attachment["attachments"] = checked(inner, f"{path}.attachments", depth + 1)
    return attachment


def _field(value: Any, path: str) -> dict[str, Any]:
    field = _object(value, path)
    for name, kinds in FIELD_TYPES.items():
        expect(field.get(name), kinds, f"{path}.{name}")
    if field.get("value") is not None:
        field["value"] = scalar_text(field["value"])
    return field


def _object(value: Any, path: str) -> dict[str, Any]:
    """A copy of an object; Failure for any other value."""
    if not isinstance(value, dict):
        raise mismatch(f"Expected object, got {type_name(value)}", path)
    return dict(value)


def _check_links(
    holder: Mapping[str, Any], names: tuple[str, ...], path: str, *, media: bool = False
) -> None:
    for name in names:
        value = holder.get(name)
        if value is None:
            continue
        expect(value, "string", f"{path}.{name}")
        if not _is_link(value, media=media):
            raise mismatch("Failed Match.Where validation", f"{path}.{name}")


def _is_link(text: str, *, media: bool = False) -> bool:
    """Whether a text is an absolute web address or the path of an upload; `media` may be data, too."""
    if _WEB.match(text) or text.startswith(UPLOADS):
        return True
    return media and _DATA.match(text) is not None


def _is_relative(text: str) -> bool:
    return _UNSEEN.search(text) is None and not _SCHEME.match(text) and _RELATIVE.fullmatch(text) is not None
