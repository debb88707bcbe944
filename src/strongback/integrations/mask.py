"""An integration's token in what is kept of its calls: never more than its last four characters."""

from typing import Any
from urllib.parse import quote

import msgspec

from strongback.integrations.reveal import masked

SHORTEST = 8
"""Shorter tokens are masked only where a member is named `token`: within other texts they may be any word."""


class Mask:
    """Hides tokens in JSON values: as a member `token`, and wherever a text holds one."""

    def __init__(self, *tokens: object) -> None:
        self._forms: dict[str, str] = {}
        self._plain = True
        for token in tokens:
            if isinstance(token, str) and len(token) >= SHORTEST:
                self._plain = self._plain and token.isascii() and token.isalnum()
                escaped = msgspec.json.encode(token).decode()[1:-1]
                shown: str = masked({"token": token})["token"]
                self._forms |= dict.fromkeys((token, escaped, quote(token, safe="")), shown)

    def __call__(self, value: Any) -> Any:
        """The value without the tokens; it is walked only where a member `token` holds something else."""
        if not self._plain or not isinstance(value, dict | list):
            return self._hidden(value)
        text = msgspec.json.encode(value).decode()
        hidden = text
        for form, shown in self._forms.items():
            hidden = hidden.replace(form, shown)
        known = sum(text.count(f'"token":"{form}"') for form in self._forms)
        # What looks like a token may begin within an escape, which must stay whole.
        if text.count('"token":') != known or (hidden != text and "\\" in text):
            return self._hidden(value)
        return value if hidden == text else msgspec.json.decode(hidden)

    def _hidden(self, value: Any) -> Any:
        if isinstance(value, str):
            for form, shown in self._forms.items():
                value = value.replace(form, shown)
            return value
        if isinstance(value, dict):
            return masked({self._hidden(name): self._hidden(item) for name, item in value.items()})
        if isinstance(value, list):
            return [self._hidden(item) for item in value]
        return value


def masked_copy(text: str) -> str:
    """The wire text of an integration as the records of its calls show it, without the token in URLs and scripts too."""
    body = msgspec.json.decode(text)
    return msgspec.json.encode(Mask(body.get("token"))(body)).decode()


def masked_record(text: str) -> str:
    """The wire text of a call's record without the token: upstream's hold it whole, in what was sent and in URLs too."""
    body = msgspec.json.decode(text)
    parts = (body.get("integration"), body.get("data"))
    mask = Mask(*(part.get("token") for part in parts if isinstance(part, dict)))
    return msgspec.json.encode(mask(body)).decode()
