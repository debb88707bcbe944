"""The room of a request is read with its token: in no statement of its own, and with the same answers."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from strongback import __version__, app
from strongback.accounts.tokens import hash_token
from strongback.documents.document import Document
from strongback.http.application import build
from strongback.http.authentication import authenticate, limits
from strongback.http.endpoints import ENDPOINTS
from strongback.http.services import ServerEndpoint, Services
from strongback.settings import Settings
from strongback.storage.postgres.readers import Readers
from strongback.storage.sqlite.connection import connect
from strongback.storage.steps import Link, Put, PutIntegration, PutToken, Token
from tests.room_world import NOW, RoomWorld
from tests.stores import database_url

pytestmark = pytest.mark.anyio

SHARED = ("getIntegrations", "messages", "members", "roles", "moderators", "info", "history")
PATHS = [*(f"{prefix}.{name}" for prefix in ("groups", "channels") for name in SHARED), "groups.counters"]
INTEGRATIONS = "/api/v1/groups.getIntegrations"


@dataclass
class Running:
    """The program without a port, and the statements that its store has run."""

    services: Services
    statements: list[str]

    @asynccontextmanager
    async def client(
        self, endpoints: Sequence[ServerEndpoint] = ENDPOINTS
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A client of these endpoints on this store."""
        application = build(
            endpoints,
            services=self.services,
            authenticate=authenticate,
            limits=lambda: limits(self.services),
            now=self.services.clock,
            version=__version__,
        )
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://host") as client:
            yield client


@pytest.fixture
async def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """The rooms on a SQLite file."""
    statements: list[str] = []

    def traced(path: Path, wait_ms: int) -> sqlite3.Connection:
        connection = connect(path, wait_ms)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr("strongback.storage.sqlite.store.connect", traced)
    async with rooms(f"sqlite:///{tmp_path / 'store.db'}", statements) as opened:
        yield opened


@pytest.fixture
async def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """The rooms on PostgreSQL."""
    statements: list[str] = []
    fetch = Readers.fetch

    def traced(readers: Readers, sql: str, parameters: tuple[Any, ...]) -> Any:
        statements.append(sql)
        return fetch(readers, sql, parameters)

    monkeypatch.setattr(Readers, "fetch", traced)
    async with rooms(database_url(tmp_path, "postgres"), statements) as opened:
        yield opened


@asynccontextmanager
async def rooms(database: str, statements: list[str]) -> AsyncIterator[Running]:
    """Ann administrates, and is in `eng`, `old` and `town`; Bob administrates, Cid is a user, both in no room."""
    settings = Settings(database=database, admin_pass="pw-admin", secret_key="11" * 32)
    store = await app.open_store(settings, writing=True)
    services = await app.prepare(store, settings, lambda: NOW)
    world = RoomWorld(store)
    for name, role in (("ann", "admin"), ("bob", "admin"), ("cid", "user")):
        body = {"_id": f"u-{name}", "username": name, "active": True, "roles": [role]}
        token = Token(f"u-{name}", hash_token(f"t-{name}"), {})
        await world.write(Put("users", Document(f"u-{name}", body)), PutToken(token))
    await world.room("eng", "ann")
    await world.room("old", "ann", archived=True)
    await world.room("talk", prid="r-eng")
    await world.room("town", "ann", kind="c")
    await world.room("ghosts", kind="c")
    for n in range(2):
        made = Document(f"i{n}", {"_id": f"i{n}", "type": "webhook-incoming", "channel": ["#eng"]})
        await world.write(PutIntegration(made, [Link("#eng", "room", "r-eng")]))
    yield Running(services, statements)
    await store.close()


def login(name: str, token: str | None = None) -> dict[str, str]:
    """The headers of an account."""
    return {"x-user-id": f"u-{name}", "x-auth-token": token or f"t-{name}"}


async def calm(running: Running) -> None:
    """Turn the rate limiter off."""
    id = "API_Enable_Rate_Limiter"
    await RoomWorld(running.services.store).write(Put("settings", Document(id, {"_id": id, "value": False})))
    await running.services.access.refresh()


ROOMS: list[Any] = [
    *({"roomId": f"r-{name}"} for name in ("eng", "old", "talk", "town", "ghosts", "none")),
    *({"roomName": name} for name in ("eng", "old", "talk", "town", "ghosts", "none", "ENG")),
    {},
    {"roomId": ""},
    {"roomName": ""},
    {"roomId": "", "roomName": ""},
    {"roomId": "", "roomName": "eng"},
    {"roomId": "r-eng", "roomName": "none"},
    {"roomId": "none", "roomName": "eng"},
    {"roomId": "eng"},
    {"roomName": "r-eng"},
    {"roomId[]": "r-eng"},
    {"roomId[$ne]": "x"},
    {"roomId": "r-eng", "roomName[]": "eng"},
    {"roomId[]": "r-eng", "roomName": "eng"},
    {"roomId": ["r-eng", "r-old"]},
    {"roomId": "r-eng\0"},
    {"roomName": "\0"},
    {"roomId": "r-eng", "count": "-"},
    {"roomId": "r-eng", "offset": "-1"},
]


@pytest.mark.parametrize("room", [{"roomId": "r-eng"}, {"roomName": "eng"}])
@pytest.mark.parametrize(("count", "total_counted"), [("50", 0), ("1", 1)])
async def test_integrations_take_the_token_and_the_page_alone(
    running: Running, room: dict[str, str], count: str, total_counted: int
) -> None:
    async with running.client() as client:
        running.statements.clear()
        answer = await client.get(INTEGRATIONS, params={**room, "count": count}, headers=login("ann"))
    assert answer.json()["total"] == 2
    first, page, *totals = running.statements
    assert first.startswith("SELECT u.username")
    assert "LEFT JOIN rooms r" in first
    assert page.startswith("SELECT t.text")
    assert [sql.split("(")[0] for sql in totals] == ["SELECT count"] * total_counted


PAGES = [{}, {"count": "50"}, {"count": "0"}, {"count": "1"}, {"offset": "1"}, {"offset": "9"}]


@pytest.mark.parametrize("room", [{"roomId": "r-eng"}, {"roomName": "eng"}])
async def test_on_postgresql_integrations_come_with_the_token(far: Running, room: dict[str, str]) -> None:
    async with far.client() as client:
        for page in PAGES:
            far.statements.clear()
            answer = await client.get(INTEGRATIONS, params={**room, **page}, headers=login("ann"))
            assert answer.json()["total"] == 2
            (only,) = far.statements
            assert "JOIN integrations i" in only
        for name, value in (("sort", '{"name":1}'), ("query", "{}"), ("fields", '{"name":1}')):
            far.statements.clear()
            answer = await client.get(INTEGRATIONS, params={**room, name: value}, headers=login("ann"))
            assert answer.json()["total"] == 2
            first, second = far.statements
            assert "JOIN integrations i" not in first
            assert " integrations t " in second


@pytest.mark.parametrize("path", [f"{prefix}.getIntegrations" for prefix in ("groups", "channels")])
async def test_on_postgresql_answers_are_those_of_integrations_that_are_read_later(
    far: Running, path: str
) -> None:
    await calm(far)
    everywhere = ("all_private_groups", "all_public_channels")
    for n, scope in enumerate(everywhere):
        made = Document(f"e{n}", {"_id": f"e{n}", "type": "webhook-outgoing", "channel": [scope]})
        await RoomWorld(far.services.store).write(PutIntegration(made, [Link(scope, "scope", scope)]))
    later = [replace(endpoint, everywhere=None) for endpoint in ENDPOINTS]
    questions = [*ROOMS, *({"roomId": id} | page for page in PAGES for id in ("r-eng", "r-town"))]
    questions += [{"roomId": "r-eng", name: "false"} for name in ("includeAllPrivateGroups", "x")]
    async with far.client() as client, far.client(later) as other:
        for headers in (login("ann"), login("bob"), login("cid"), {}):
            for question in questions:
                ask = partial(httpx.AsyncClient.get, url=f"/api/v1/{path}", params=question, headers=headers)
                here, there = await ask(client), await ask(other)
                assert (here.status_code, here.content) == (there.status_code, there.content), question


@pytest.mark.parametrize("path", PATHS)
async def test_no_endpoint_asks_again_for_the_room(running: Running, path: str) -> None:
    name = "eng" if path.startswith("groups.") else "town"
    async with running.client() as client:
        for room in ({"roomId": f"r-{name}"}, {"roomName": name}):
            if path == "channels.messages" and "roomName" in room:
                continue  # it takes an id alone
            running.statements.clear()
            answer = await client.get(f"/api/v1/{path}", params=room, headers=login("ann"))
            assert answer.status_code == 200
            again = [sql for sql in running.statements if sql.startswith("SELECT r.id")]
            assert len(again) == (1 if path.endswith(".info") else 0)  # which shows it as it is afterwards


async def test_what_reads_the_room_with_the_token() -> None:
    assert sorted(endpoint.path for endpoint in ENDPOINTS if endpoint.room) == sorted(PATHS)


@pytest.mark.parametrize("path", PATHS)
async def test_answers_are_those_of_a_room_that_is_read_later(running: Running, path: str) -> None:
    await calm(running)
    callers = [*map(login, ("ann", "bob", "cid")), login("ann", "t-bob"), {}]
    seen = set()
    later = [replace(endpoint, room=False) for endpoint in ENDPOINTS]
    async with running.client() as client, running.client(later) as other:
        for headers in callers:
            for room in ROOMS:
                ask = partial(httpx.AsyncClient.get, url=f"/api/v1/{path}", params=room, headers=headers)
                here, there = await ask(client), await ask(other)
                assert (here.status_code, here.content) == (there.status_code, there.content), room
                assert here.headers == there.headers
                seen.add(here.status_code)
    assert {200, 400, 401} <= seen


async def test_what_is_wrong_with_the_room_is_said_last(running: Running) -> None:
    bad = {"roomId[]": "r-eng"}
    async with running.client() as client:
        for headers in ({}, login("ann", "t-bob")):
            assert (await client.get(INTEGRATIONS, params=bad, headers=headers)).status_code == 401
        ask = partial(client.get, "/api/v1/groups.roles", params=bad, headers=login("cid"))
        statuses = [(await ask()).status_code for _ in range(11)]
        schema = await client.get("/api/v1/channels.messages", params=bad, headers=login("cid"))
        permission = await client.get(INTEGRATIONS, params=bad, headers=login("cid"))
    assert statuses == [400] * 10 + [429]
    assert schema.json()["errorType"] == "invalid-params"
    assert permission.status_code == 403
