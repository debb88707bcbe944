"""What a load balancer and Prometheus ask, outside of the API and without a login."""

import asyncio

import structlog
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from strongback.errors import Unavailable
from strongback.http import traffic
from strongback.http.services import Services
from strongback.metrics import Scrape

DATABASE_SECONDS = 2.0
"""How long the database may take to answer a question that costs next to nothing."""

NEVER_CACHED = {"Cache-Control": "no-store"}
STOPPING = "the server is stopping"
UNAVAILABLE = "the database can not serve now"

_log = structlog.get_logger("strongback.http")


def pages(services: Services, seconds: float = DATABASE_SECONDS) -> list[Route]:
    """The routes of a server; `/metrics` is one of them where the settings say so, for anybody may read it."""

    async def live(request: Request) -> Response:
        return PlainTextResponse("alive\n", headers=NEVER_CACHED)

    async def ready(request: Request) -> Response:
        reason = await _unready(services, seconds)
        if reason is None:
            return PlainTextResponse("ready\n", headers=NEVER_CACHED)
        return PlainTextResponse(f"not ready: {reason}\n", 503, NEVER_CACHED)

    async def metrics(request: Request) -> Response:
        traffic.add_up()
        scrape = Scrape(await _open_deliveries(services, seconds))
        content = await asyncio.to_thread(scrape.text)  # many thousand lines take their time
        return Response(content, headers=NEVER_CACHED, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    found = [Route("/livez", live), Route("/readyz", ready)]
    return [*found, Route("/metrics", metrics)] if services.settings.metrics else found


async def _unready(services: Services, seconds: float) -> str | None:
    """Why the server should be sent no requests; the log alone says it in the database's words."""
    if services.stopping.is_set():
        return STOPPING
    try:
        async with asyncio.timeout(seconds):
            await services.store.trigger_revision()
    except TimeoutError:
        return f"the database does not answer within {seconds:g} s"
    except Unavailable as error:
        _log.warning("not ready", reason=str(error))
        return UNAVAILABLE
    return None


async def _open_deliveries(services: Services, seconds: float) -> int | None:
    try:
        async with asyncio.timeout(seconds):
            return await services.store.open_deliveries()
    except (TimeoutError, Unavailable):
        return None
