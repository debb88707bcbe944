"""From a scope to an answer: routing, and the checks in front of a handler in their order (spec/01 §3)."""

from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from traceback import format_exc
from typing import Any, Generic, cast

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from strongback import metrics
from strongback.errors import Conflict, Failure, Unavailable
from strongback.http import body, cors, envelope, traffic
from strongback.http.endpoint import Authenticate, C, Call, Endpoint, Limits, S
from strongback.http.envelope import Header, Raw, Response
from strongback.http.rate_limit import RateLimiter
from strongback.http.schema import Validator, struct_schema

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
BYPASS_RATE_LIMIT = "api-bypass-rate-limit"
CONTENT_TYPE = (b"content-type", b"application/json")
MAX_TAIL = 3

_log = structlog.get_logger("strongback.http")


def always(hooks: bool) -> list[Header]:
    """Return the headers of every answer, Content-Type and Content-Length aside (spec/01 §1)."""
    return [(b"cache-control", b"no-store"), (b"pragma", b"no-cache"), *cors.always(hooks)]


_API_HEADERS = [CONTENT_TYPE, *always(hooks=False)]
_HOOK_HEADERS = [CONTENT_TYPE, *always(hooks=True)]
_BARE_HEADERS = [CONTENT_TYPE, *always(hooks=False)[:2]]


class Resource(Generic[S, C]):
    """All verbs of one path."""

    __slots__ = ("allow", "headers", "hooks", "methods", "names", "path")

    def __init__(self, path: str, names: tuple[str, ...]) -> None:
        self.path = path
        self.names = names
        self.methods: dict[str, tuple[Endpoint[S, C], Validator | None]] = {}
        self.hooks = path.startswith("/hooks/")
        self.headers = _HOOK_HEADERS if self.hooks else _API_HEADERS
        self.allow = b""

    def add(self, endpoint: Endpoint[S, C]) -> None:
        """Add a verb; the same verb twice is a programming error."""
        if endpoint.method in self.methods:
            raise ValueError(f"{endpoint.method} {self.path} is defined twice")
        self.methods[endpoint.method] = (endpoint, _validator(endpoint))
        self.allow = ", ".join(verb for verb in VERBS if verb in self.methods or verb == "OPTIONS").encode()


def _validator(endpoint: Endpoint[Any, Any]) -> Validator | None:
    if not endpoint.validate:
        return None
    reads_query = endpoint.method == "GET"
    struct = endpoint.query if reads_query else endpoint.body
    if endpoint.schema is not None:
        return Validator(endpoint.schema, coerce=reads_query)
    if struct is None:
        raise ValueError(f"{endpoint.method} {endpoint.path} is to be validated but has no schema")
    return Validator(struct_schema(struct), coerce=reads_query)


class Table(Generic[S, C]):
    """Finds the resource of a path: by the whole path, else by the path without its last segments."""

    def __init__(self, endpoints: Iterable[Endpoint[S, C]]) -> None:
        self._exact: dict[str, Resource[S, C]] = {}
        self._tails: dict[tuple[str, int], Resource[S, C]] = {}
        for endpoint in endpoints:
            for path in endpoint.paths:
                self._resource(path).add(endpoint)

    def _resource(self, path: str) -> Resource[S, C]:
        head, *tail = path.split("/{")
        names = tuple(name.removesuffix("}") for name in tail)
        if any("/" in name or "{" in name for name in names) or len(names) > MAX_TAIL or "}" in head:
            raise ValueError(f"{path}: only the last {MAX_TAIL} segments may be parameters")
        if not names:
            return self._exact.setdefault(path, Resource(path, names))
        found = self._tails.setdefault((head, len(names)), Resource(path, names))
        if found.names != names:
            raise ValueError(f"{path} and {found.path} differ in the names of their parameters")
        return found

    def find(self, path: str) -> tuple[Resource[S, C], dict[str, str]] | None:
        """Return the resource of ``path`` and its path parameters."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        head, values = path, list[str]()
        for count in range(1, MAX_TAIL + 1):
            head, _, last = head.rpartition("/")
            if not head or not last:
                return None
            values.insert(0, last)
            found = self._tails.get((head, count))
            if found is not None:
                return found, dict(zip(found.names, values, strict=True))
        return None


class Dispatcher(Generic[S, C]):
    """Answers every request under ``/api/`` and ``/hooks/``."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint[S, C]],
        *,
        services: S,
        authenticate: Authenticate[S, C],
        limits: Callable[[], Limits],
        now: Callable[[], int],
        limiter: RateLimiter,
    ) -> None:
        self._table = Table(endpoints)
        self._services = services
        self._authenticate = authenticate
        self._limits = limits
        self._now = now
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request; nothing but a cancellation gets out."""
        since, method = perf_counter(), scope["method"]
        found = self._table.find(scope["path"])
        if found is None:
            traffic.answered(traffic.UNKNOWN, method, envelope.NOT_FOUND.status, since)
            await _send(send, envelope.NOT_FOUND, _API_HEADERS, method == "HEAD")
            return
        resource, path = found
        entry = resource.methods.get("GET" if method == "HEAD" else method)
        if entry is None:
            headers = _BARE_HEADERS if method == "OPTIONS" else resource.headers
            response = self._without_endpoint(resource, scope)
            traffic.answered(resource.path, method, response.status, since)
            await _send(send, response, headers, method == "HEAD")
            return
        call: Call[S, C] | None = None
        try:
            call = Call(scope, resource.path, path, self._services, self._limits())
            response = await self._answer(call, entry[0], entry[1], receive)
        except Failure as failure:
            response = envelope.failure(failure)
        except (Unavailable, Conflict) as error:
            if isinstance(error, Unavailable):
                metrics.UNAVAILABLE["requests"].inc()
            _log.warning("unavailable", path=resource.path, reason=str(error))
            response = envelope.unavailable()
        except body.DisconnectedError:
            return
        except Exception:
            # As text: a renderer that shows local variables would write tokens into the log.
            _log.error("internal error", method=method, path=resource.path, traceback=format_exc())
            response = envelope.INTERNAL
        traffic.answered(resource.path, method, response.status, since)
        await _send(send, response, resource.headers, method == "HEAD", call.extra if call else ())

    async def _answer(
        self, call: Call[S, C], endpoint: Endpoint[S, C], validator: Validator | None, receive: Receive
    ) -> Response:
        headers = call.header_bytes
        if b"content-length" in headers or b"transfer-encoding" in headers:
            await _read_body(call, endpoint, receive)
        if endpoint.auth != "none":
            call.session = await self._authenticate(call, endpoint)
            if call.session is None and endpoint.auth == "required":
                return envelope.LOGIN_REQUIRED
        if endpoint.rate is not None or call.limits.rate_enabled:
            self._count(call, endpoint)
        if call.path and any("\0" in value for value in call.path.values()):
            raise Failure("The path must not contain the character NUL")
        if validator is not None:
            call.checked = validator.check(call.query if endpoint.method == "GET" else call.body)
        if endpoint.permissions and not _permitted(call, endpoint):
            return envelope.PERMISSIONS_REQUIRED
        answer = await endpoint.handler(call)
        kind = type(answer)
        if kind is Response:
            return cast("Response", answer)
        if kind is Raw:
            return Response(200, cast("Raw", answer).body)
        members = cast("Mapping[str, object] | msgspec.Struct", answer)
        return Response(200, envelope.encode(members) if endpoint.plain_answer else envelope.success(members))

    def _count(self, call: Call[S, C], endpoint: Endpoint[S, C]) -> None:
        limits = call.limits
        rate = endpoint.rate(limits) if callable(endpoint.rate) else endpoint.rate
        calls, milliseconds = rate or (limits.rate_calls, limits.rate_ms)
        if not limits.rate_enabled or calls <= 0 or milliseconds <= 0:
            return
        if call.session is not None and call.session.may(BYPASS_RATE_LIMIT):
            return
        now = self._now()
        window = self._limiter.hit((call.client_ip, call.route, endpoint.method), calls, milliseconds, now)
        call.extra += window.headers(now)
        if window.exceeded:
            raise window.failure(now)

    def _without_endpoint(self, resource: Resource[S, C], scope: Scope) -> Response:
        if scope["method"] != "OPTIONS":
            return envelope.method_not_allowed(resource.allow)
        if resource.hooks:
            return cors.hook_options()
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        origin = headers.get(b"origin")
        requested = headers.get(b"access-control-request-method")
        limits = self._limits()
        return cors.options(
            None if origin is None else origin.decode("latin-1"),
            None if requested is None else requested.decode("latin-1"),
            enabled=limits.cors_enabled,
            origins=limits.cors_origin,
        )


async def _read_body(call: Call[S, C], endpoint: Endpoint[S, C], receive: Receive) -> None:
    limit = call.limits.body_bytes if endpoint.body_bytes is None else endpoint.body_bytes
    call.raw_body = await body.read(receive, call.header_bytes, limit)
    if endpoint.raw_body or not call.raw_body:
        return
    value = body.parse(call.raw_body, call.header("content-type"))
    if isinstance(value, dict):
        call.body = value
    elif endpoint.array_body:
        call.items = value
    else:
        raise Failure("The request body must be a JSON object")


def _permitted(call: Call[S, C], endpoint: Endpoint[S, C]) -> bool:
    if call.session is None:
        return False
    may, enough = call.session.may, endpoint.any_permission
    for permission in endpoint.permissions:
        if may(permission) is enough:
            return enough
    return not enough


async def _send(
    send: Send, response: Response, base: list[Header], head: bool, extra: tuple[Header, ...] = ()
) -> None:
    status, content, more, content_type = response
    headers = [*base, (b"content-length", b"%d" % len(content))]
    if content_type is not None:
        headers[0] = (b"content-type", content_type)
    if more or extra:
        names = {name for name, _ in more}
        headers = [header for header in headers if header[0] not in names]
        headers += [*more, *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else content})
