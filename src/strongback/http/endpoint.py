"""What an endpoint is, and the call its handler receives."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

import msgspec
from starlette.types import Scope

from strongback.errors import Failure
from strongback.http import qs
from strongback.http.body import Json
from strongback.http.envelope import Answer, Header
from strongback.http.qs import Param
from strongback.http.rate_limit import client_ip

LOGIN_TEXT = "You must be logged in to do this."


class Caller(Protocol):
    """The account behind a call, as far as HTTP needs to know it."""

    @property
    def id(self) -> str:
        """The user's id."""
        ...

    def may(self, permission: str) -> bool:
        """Tell whether the caller's global roles hold ``permission``."""
        ...


S = TypeVar("S")
C = TypeVar("C", bound=Caller)


@dataclass(frozen=True, slots=True)
class Limits:
    """The settings that HTTP itself obeys; a provider hands out the ones now in force."""

    body_bytes: int = 5 * 1024 * 1024
    query_bytes: int = 64 * 1024
    rate_enabled: bool = True
    rate_calls: int = 10
    rate_ms: int = 60_000
    register_calls: int = 1
    cors_enabled: bool = False
    cors_origin: str = "*"
    forwarded_count: int = 0


class Call(Generic[S, C]):
    """One request on its way to a handler."""

    __slots__ = (
        "_raw_headers",
        "body",
        "checked",
        "extra",
        "items",
        "limits",
        "path",
        "query",
        "raw_body",
        "route",
        "scope",
        "services",
        "session",
    )

    def __init__(self, scope: Scope, route: str, path: dict[str, str], services: S, limits: Limits) -> None:
        self.scope = scope
        self.route = route
        self.path = path
        self.services = services
        self.limits = limits
        self.session: C | None = None
        self._raw_headers: dict[bytes, bytes] = dict(scope["headers"])
        self.raw_body = b""
        self.body: dict[str, Json] = {}
        self.items: list[Json] | None = None  # the body, if it is an array and the endpoint welcomes one
        self.checked: dict[str, Json] = {}
        self.extra: tuple[Header, ...] = ()
        raw = scope["query_string"]
        if len(raw) > limits.query_bytes:
            raise Failure(
                f"The query string is longer than {limits.query_bytes} bytes", "error-invalid-params"
            )
        self.query: dict[str, Param] = qs.parse(raw) if raw else {}

    @property
    def caller(self) -> C:
        """The authenticated account; a call without one is a 401."""
        if self.session is None:
            raise Failure(LOGIN_TEXT, status=401)
        return self.session

    @property
    def client_ip(self) -> str:
        """The address that the call counts under (spec/01 §6)."""
        client = self.scope.get("client")
        peer = client[0] if client else ""
        count = self.limits.forwarded_count
        if count <= 0:
            return peer
        forwarded = [
            value.decode("latin-1") for name, value in self.scope["headers"] if name == b"x-forwarded-for"
        ]
        return client_ip(peer, forwarded, count)

    @property
    def headers(self) -> dict[str, str]:
        """The request's headers, names in lower case."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self._raw_headers.items()}

    @property
    def header_bytes(self) -> Mapping[bytes, bytes]:
        """The request's headers as they came, for the layers in front of the handler."""
        return self._raw_headers

    def header(self, name: str) -> str | None:
        """Return one header; ``name`` in lower case."""
        value = self._raw_headers.get(name.encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    def add_header(self, name: str, value: str) -> None:
        """Send one more header with the answer, whatever it will be."""
        self.extra += ((name.encode("latin-1"), value.encode("latin-1", "replace")),)

    def deprecate_parameter(self, name: str) -> None:
        """Send the three deprecation headers of a parameter (spec/01 §10)."""
        text = f'The parameter "{name}" in the endpoint "{self.route}" is deprecated'
        self.add_header("x-deprecation-type", "parameter-deprecation")
        self.add_header("x-deprecation-message", f"{text} and will be removed on version 7.0.0")
        self.add_header("x-deprecation-version", "7.0.0")

    def deprecate_endpoint(self, version: str) -> None:
        """Send the three deprecation headers of an endpoint that goes with a version (spec/01 §10)."""
        text = f'The endpoint "{self.route}" is deprecated and will be removed on version {version}'
        self.add_header("x-deprecation-type", "endpoint-deprecation")
        self.add_header("x-deprecation-message", text)
        self.add_header("x-deprecation-version", version)


Handler = Callable[[Call[S, C]], Awaitable[Answer]]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

Rate = tuple[int, int]
"""So many calls in so many milliseconds."""

UNLIMITED: Rate = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Endpoint(Generic[S, C]):
    """One verb on one path, with all that is checked before its handler runs.

    ``path`` is relative to ``/api/v1/`` unless it starts with a slash; its last segments may be ``{names}``,
    found in ``call.path``. ``aliases`` are further paths that behave the same.
    """

    method: Method
    path: str
    handler: Handler[S, C]
    answer: type
    summary: str
    auth: Literal["required", "optional", "none"] = "required"
    permissions: tuple[str, ...] = ()
    any_permission: bool = False
    query: type[msgspec.Struct] | None = None
    room: bool = False  # of a GET: the query's `roomId` or `roomName` is read with the token
    everywhere: str | None = None  # with `room`: the scope whose integrations are read with it
    body: type[msgspec.Struct] | None = None
    validate: bool = False  # check by `schema`, or by the Struct, with Ajv's messages, before permissions
    schema: Mapping[str, object] | None = None
    rate: Rate | Callable[[Limits], Rate] | None = None  # None: the settings' default; UNLIMITED: never
    aliases: tuple[str, ...] = ()
    array_body: bool = False  # a top-level array is welcome: `call.items`
    raw_body: bool = False  # leave `call.raw_body` undecoded, whatever its content type
    body_bytes: int | None = None  # a limit of its own, such as an upload's
    status: int = 200  # of a request that is granted
    plain_answer: bool = False  # the 200 body carries no `success` (login)

    def __post_init__(self) -> None:
        """Refuse a combination that would answer wrongly."""
        if self.room and self.method != "GET":
            raise ValueError(f"{self.method} {self.path} may change the room that it would read early")

    @property
    def paths(self) -> tuple[str, ...]:
        """Every absolute path of the endpoint."""
        return tuple(
            path if path.startswith("/") else f"/api/v1/{path}" for path in (self.path, *self.aliases)
        )


Authenticate = Callable[[Call[S, C], Endpoint[S, C]], Awaitable[C | None]]
