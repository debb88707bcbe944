"""From a scope to an answer: the checks in front of a handler in their order (spec/01 §3)."""

from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from traceback import format_exc
from typing import Generic, cast

import msgspec
import structlog
from starlette.types import Receive, Scope, Send

from strongback import metrics
from strongback.errors import Conflict, Failure, Unavailable
from strongback.http import body, cors, envelope, traffic
from strongback.http.endpoint import Authenticate, C, Call, Endpoint, Limits, S
from strongback.http.envelope import Header, Raw, Response
from strongback.http.rate_limit import RateLimiter
from strongback.http.schema import Validator
from strongback.http.table import API_HEADERS, BARE_HEADERS, Resource, Table

BYPASS_RATE_LIMIT = "api-bypass-rate-limit"

_log = structlog.get_logger("strongback.http")


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
            await _send(send, envelope.NOT_FOUND, API_HEADERS, method == "HEAD")
            return
        resource, path = found
        entry = resource.methods.get("GET" if method == "HEAD" else method)
        if entry is None:
            headers = BARE_HEADERS if method == "OPTIONS" else resource.headers
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
