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
