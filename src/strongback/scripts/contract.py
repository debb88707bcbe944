"""What the caller of a script hands in and gets back."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

ErrorKind = Literal["evaluating", "running", "timeout", "memory", "killed", "busy", "resting", "result"]


@dataclass(frozen=True, slots=True)
class Script:
    """A compiled script of one integration; a new `revision` begins with a fresh context."""

    integration_id: str
    revision: str
    source: str


@dataclass(frozen=True, slots=True)
class Fetch:
    """An HTTP request that a script asks for; the parent decides whether and how it is made."""

    url: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The answer to a script's request; header names are in lower case."""

    status: int
    headers: dict[str, str]
    text: str


class FetchError(Exception):
    """A request of a script failed; the text reaches the script as the message of an Error."""


FetchCall = Callable[[Fetch], Awaitable[Fetched]]


@dataclass(frozen=True, slots=True)
class Run:
    """What a method of a script answered; `absent` says that the script has no such method.

    `value` is a JSON value, None for undefined. `cpu_ms` and `memory` (bytes of the script's heap) are what it cost.
    """

    value: Any
    absent: bool = False
    console: tuple[str, ...] = ()
    cpu_ms: float = 0.0
    memory: int = 0


class ScriptError(Exception):
    """A run that gave no answer; `kind` says why, the text is a sentence, `console` what was printed before."""

    def __init__(self, kind: ErrorKind, text: str, console: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.kind: ErrorKind = kind
        self.console = console


@dataclass(frozen=True, slots=True)
class Limits:
    """How much scripts may use; times in seconds, sizes in bytes.

    `cpu`, `heap`, `stack`, `result`, `fetches` hold for a run, `store` for an integration (`result` and `store` in
    characters of JSON). `wall` is how long a worker
    may run before it is killed, waiting for requests not counted; `total` includes them; `queue` is the wait before.
    `address_space` bounds a worker process.
    """

    cpu: float = 0.5
    wall: float = 1.5
    total: float = 20.0
    queue: float = 20.0
    heap: int = 32 * 1024 * 1024
    stack: int = 512 * 1024
    result: int = 1024 * 1024
    store: int = 64 * 1024
    fetches: int = 10
    contexts: int = 32
    address_space: int = 512 * 1024 * 1024
    workers: int = 2
    most_workers: int = 8
    kills: int = 3
    rest: float = 60.0


async def no_fetch(_: Fetch) -> Fetched:
    """Refuse every request: the fetch of a caller that offers none."""
    raise FetchError("This script may not make requests here.")
