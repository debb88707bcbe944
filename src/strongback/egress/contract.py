"""What is asked of the door out, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["refused", "dns", "connect", "tls", "timeout", "reset", "protocol", "decode"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request; the bytes of `body` go out as they are, None is no body."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout_ms: int


@dataclass(frozen=True, slots=True)
class Response:
    """What was answered: header names in lower case, the body without its content coding.

    `truncated` tells that the answer was longer than what is read of one.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    truncated: bool


class EgressError(Exception):
    """There is no answer; the text is a sentence, `kind` says where it ended.

    `refused`: never tried, by policy or for its URL; `dns`: the name does not resolve; `connect`: nobody listens;
    `tls`: no trust; `timeout`: too late; `reset`: cut off; `protocol`: not HTTP; `decode`: broken content coding.
    """

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind: Kind = kind
