"""The ASGI application: Starlette outside, the dispatcher for everything under ``/api/`` and ``/hooks/``."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from strongback.http.dispatch import Dispatcher
from strongback.http.endpoint import UNLIMITED, Authenticate, C, Call, Endpoint, Limits, S
from strongback.http.envelope import Raw, encode
from strongback.http.openapi import document
from strongback.http.rate_limit import RateLimiter

PREFIXES = ("/api/", "/hooks/")


def epoch_ms() -> int:
    """Return the time of day in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Application(Starlette):
    """A Starlette whose API requests skip its middleware and routes, for speed."""

    def __init__(self, api: ASGIApp, routes: Sequence[BaseRoute], lifespan: Lifespan[Any] | None) -> None:
        super().__init__(routes=routes, lifespan=lifespan)
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand API requests to the dispatcher, all else (pages, websockets, lifespan) to Starlette."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIXES):
            await self._api(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build(
    endpoints: Iterable[Endpoint[S, C]],
    *,
    services: S,
    authenticate: Authenticate[S, C],
    limits: Callable[[], Limits] = Limits,
    now: Callable[[], int] = epoch_ms,
    limiter: RateLimiter | None = None,
    routes: Sequence[BaseRoute] = (),
    lifespan: Lifespan[Any] | None = None,
    title: str = "Strongback",
    version: str = "0",
) -> Application:
    """Build the application from its endpoints; ``limits`` is asked at every request.

    Calls are counted in ``limiter``, by default in one of the application's own.
    """
    served = list(endpoints)

    async def openapi(call: Call[S, C]) -> Raw:
        return Raw(encode(document(served, title=title, version=version)))

    described: Endpoint[S, C] = Endpoint(
        method="GET",
        path="/api/openapi.json",
        handler=openapi,
        auth="none",
        answer=dict,
        rate=UNLIMITED,
        summary="Describe every endpoint",
        plain_answer=True,
    )
    served.append(described)
    dispatcher = Dispatcher(
        served,
        services=services,
        authenticate=authenticate,
        limits=limits,
        now=now,
        limiter=RateLimiter() if limiter is None else limiter,
    )
    return Application(dispatcher, routes, lifespan)
