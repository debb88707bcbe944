"""How much of an integration's token is shown."""

from collections.abc import Mapping
from typing import Any

import msgspec

SHOWN = 4


def masked(body: Mapping[str, Any]) -> dict[str, Any]:
    """The document with only the last four characters of its token; nothing of a token that short."""
    token = body.get("token")
    if not isinstance(token, str):
        return dict(body)
    return {**body, "token": "*" * max(len(token) - SHOWN, SHOWN) + token[SHOWN:][-SHOWN:]}


def masked_text(text: str) -> str:
    """The same, for a wire text."""
    return msgspec.json.encode(masked(msgspec.json.decode(text))).decode()


def masked_deep(text: str) -> str:
    """A wire text in which every `token`, however deep, shows only its last four characters."""
    return msgspec.json.encode(_deep(msgspec.json.decode(text))).decode()


def _deep(value: Any) -> Any:
    if isinstance(value, list):
        return [_deep(item) for item in value]
    if isinstance(value, dict):
        return masked({key: _deep(item) for key, item in value.items()})
    return value
