"""JSON values on their way to a script and back."""

import json
import re
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_LONE = re.compile(rb"\\(?:u[dD][89a-fA-F][0-9a-fA-F]{2}|.)", re.DOTALL)


def encode(value: Any) -> bytes:
    """A value as JSON text of one line; lone surrogates are escaped, as JavaScript knows them."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def decode(text: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Read what a script made; a lone surrogate, which no UTF-8 text can carry, becomes U+FFFD."""
    try:
        return decoder.decode(text)
    except msgspec.DecodeError:
        return decoder.decode(_LONE.sub(_replace, text))


def _replace(match: re.Match[bytes]) -> bytes:
    """JSON.stringify escapes a surrogate only where it stands alone."""
    return "\ufffd".encode() if len(match[0]) > 2 else match[0]
