"""The body of a hook's call: senders of every kind write it in every form (spec/06 A3)."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

from strongback.errors import Failure
from strongback.http import qs
from strongback.http.body import Json, document

FORM = "application/x-www-form-urlencoded"
JSON = frozenset({"", "application/json", "text/json", "text/plain"})
CHARSETS: Mapping[str, str] = {
    "": "utf-8-sig",
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "us-ascii": "utf-8-sig",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
}
NAME = "The request body"

_CHARSET = re.compile(r"""(?:^|[\s;])charset\s*=\s*["']?([^\s;"']*)""")


def read(raw: bytes, content_type: str | None) -> tuple[str | None, dict[str, Json] | list[Json]]:
    """The body as text and as what it says; no body says `{}`. Raises Failure for a body that can not be read."""
    if not raw:
        return None, {}
    text = decode(raw, content_type)
    return text, parse(text, content_type)


def decode(raw: bytes, content_type: str | None) -> str:
    """The body as text, by its charset; a byte order mark goes. Raises Failure for what is not in that charset."""
    charset = _form(content_type)[1]
    codec = CHARSETS.get(charset)
    if codec is None:
        raise Failure(f'The charset "{charset}" is not supported', status=415)
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        raise Failure(f"{NAME} is not valid {charset or 'UTF-8'}") from None


def parse(text: str, content_type: str | None) -> dict[str, Json] | list[Json]:
    """What the body says: JSON, a form, a form whose only member `payload` is JSON, or JSON that calls itself a form."""
    kind = _form(content_type)[0]
    raw = text.encode()
    if kind in JSON or kind.endswith("+json"):
        return document(raw, NAME)
    if kind != FORM:
        raise Failure(f'The content type "{kind}" is not supported', status=415)
    if text.lstrip().startswith("{"):  # `curl -d '{...}'` names no type of its own
        return document(raw, NAME)
    form = cast("dict[str, Json]", qs.parse(raw))
    payload = form.get("payload")
    if len(form) == 1 and isinstance(payload, str) and payload:
        return document(payload.encode("utf-8", "surrogatepass"), 'The parameter "payload"')
    return form


@lru_cache(maxsize=256)
def _form(content_type: str | None) -> tuple[str, str]:
    """The type and the charset of a header, in lower case."""
    kind, _, parameters = ("" if content_type is None else content_type).lower().partition(";")
    charset = _CHARSET.search(parameters)
    return kind.strip(), "" if charset is None else charset[1]
