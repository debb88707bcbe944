"""What is said of a server that is not ready: why, in plain words, and nothing of what the database said."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

import httpx
import pytest
from starlette.applications import Starlette

from strongback import app
from strongback.http import traffic
from strongback.http.routes import health
from strongback.http.services import Services
from strongback.settings import Settings
from tests import stores

pytestmark = pytest.mark.anyio


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    settings = Settings(database=stores.database_url(tmp_path), metrics=True)
    store = await app.open_store(settings, writing=True)
    yield await app.prepare(store, settings)
    await store.close()


async def get(services: Services, path: str, seconds: float = 2.0) -> httpx.Response:
    """The answer of a server that serves nothing but these pages, as a worker does."""
    pages = httpx.ASGITransport(Starlette(routes=health.pages(services, seconds)))
    async with httpx.AsyncClient(transport=pages, base_url="http://host") as client:
        return await client.get(path)


async def test_a_server_that_stops_lives_and_is_not_ready(services: Services) -> None:
    assert (await get(services, "/readyz")).text == "ready\n"
    services.stopping.set()
    answer = await get(services, "/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready: the server is stopping\n")
    assert (await get(services, "/livez")).status_code == 200


async def test_a_scrape_shows_what_was_answered_just_before(services: Services) -> None:
    traffic.answered("/just/before", "GET", 200, perf_counter())
    line = 'strongback_http_requests_total{method="GET",route="/just/before",status="200"} 1.0'
    assert line in (await get(services, "/metrics")).text.splitlines()


async def test_a_database_that_can_not_serve(services: Services) -> None:
    await services.store.close()
    answer = await get(services, "/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready: the database can not serve now\n")
    assert (await get(services, "/livez")).status_code == 200


async def test_a_database_that_does_not_answer(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> int:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(services.store, "trigger_revision", never)
    monkeypatch.setattr(services.store, "open_deliveries", never)
    answer = await get(services, "/readyz", 0.05)
    assert (answer.status_code, answer.text) == (
        503,
        "not ready: the database does not answer within 0.05 s\n",
    )
    scraped = await get(services, "/metrics", 0.05)
    assert scraped.status_code == 200
    assert "strongback_commits_total" in scraped.text
    assert "strongback_deliveries_open" not in scraped.text
