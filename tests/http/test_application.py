"""The application from outside: routing, the order of checks, headers, envelopes."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx
import msgspec
import pytest

from strongback.errors import Conflict, Failure, Unavailable
from strongback.http.application import build
from strongback.http.endpoint import UNLIMITED, Call, Endpoint, Limits
from strongback.http.envelope import Answer, Raw, Response
from strongback.http.table import Table

ALWAYS = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "pragma": "no-cache",
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token",
}
ALICE = {"x-auth-token": "alice"}


@dataclass(frozen=True)
class User:
    id: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        return permission in self.permissions


USERS = {
    "alice": User("alice", frozenset({"view"})),
    "bot": User("bot", frozenset({"view", "edit", "api-bypass-rate-limit"})),
}


class Services:
    """What a test may change between requests."""

    def __init__(self) -> None:
        self.limits = Limits(body_bytes=100, rate_calls=5)
        self.now = 1_000_000


TestCall = Call[Services, User]


async def authenticate(call: TestCall, _: Endpoint[Services, User]) -> User | None:
    return USERS.get(call.header("x-auth-token") or "")


async def echo(call: TestCall) -> Answer:
    return {"query": call.query, "body": call.body, "path": call.path, "checked": call.checked}


async def who(call: TestCall) -> Answer:
    return {"id": call.caller.id}


async def items(call: TestCall) -> Answer:
    return {"items": call.items}


async def deprecated(call: TestCall) -> Answer:
    call.deprecate_parameter("fields")
    return Raw(b'{"prebuilt":1,"success":true}')


async def moved(call: TestCall) -> Answer:
    return Response(302, b"", ((b"location", b"/there"), (b"cache-control", b"private")), b"image/png")


async def breaks(call: TestCall) -> Answer:
    match call.path["how"]:
        case "failure":
            raise Failure("No such room", "error-room-not-found", details={"a": 1})
        case "unavailable":
            raise Unavailable
        case "conflict":
            raise Conflict("name")
        case "surrogate":
            return {"text": "\ud800"}
        case _:
            secret = "s3cret"
            raise RuntimeError(f"broken {secret}")


def endpoint(**changes: object) -> Endpoint[Services, User]:
    base: Endpoint[Services, User] = Endpoint(
        method="GET", path="echo", handler=echo, answer=dict, summary="Echo", auth="none", rate=UNLIMITED
    )
    return replace(base, **changes)  # type: ignore[arg-type]


class Query(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    offset: float = 0


ENDPOINTS = [
    endpoint(aliases=("echo.again", "/api/echo")),
    endpoint(method="POST"),
    endpoint(method="PUT", path="settings/{id}"),
    endpoint(path="two/{a}/{b}"),
    endpoint(path="two/literal/{b}"),
    endpoint(method="POST", path="items", handler=items, array_body=True),
    endpoint(method="POST", path="upload", handler=who, raw_body=True, auth="optional", body_bytes=200),
    endpoint(path="who", handler=who, auth="required"),
    endpoint(path="who.all", handler=who, auth="required", permissions=("view", "edit")),
    endpoint(path="who.any", handler=who, auth="required", permissions=("view", "edit"), any_permission=True),
    endpoint(path="checked", auth="required", permissions=("edit",), validate=True, query=Query),
    endpoint(path="limited", auth="optional", rate=None),
    endpoint(path="deprecated", handler=deprecated),
    endpoint(path="moved", handler=moved),
    endpoint(path="breaks/{how}", handler=breaks),
    endpoint(method="POST", path="/hooks/{id}/{token}"),
]


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    app = build(
        ENDPOINTS,
        services=services,
        authenticate=authenticate,
        limits=lambda: services.limits,
        now=lambda: services.now,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host") as client:
        yield client


pytestmark = pytest.mark.anyio


async def test_headers_and_body(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/echo?a[b]=1")
    expected = b'{"query":{"a":{"b":"1"}},"body":{},"path":{},"checked":{},"success":true}'
    assert answer.content == expected
    assert dict(answer.headers) == {**ALWAYS, "content-length": str(len(expected))}


async def test_head_is_get_without_a_body(client: httpx.AsyncClient) -> None:
    got, head = await client.get("/api/v1/echo"), await client.head("/api/v1/echo")
    assert head.headers == got.headers
    assert head.content == b""


@pytest.mark.parametrize(
    ("method", "path", "values"),
    [
        ("GET", "/api/v1/echo.again", {}),
        ("GET", "/api/echo", {}),
        ("PUT", "/api/v1/settings/Site_Url", {"id": "Site_Url"}),
        ("GET", "/api/v1/two/x/y", {"a": "x", "b": "y"}),
        ("GET", "/api/v1/two/literal/y", {"b": "y"}),
        ("POST", "/hooks/i/t", {"id": "i", "token": "t"}),
    ],
)
async def test_routes(client: httpx.AsyncClient, method: str, path: str, values: dict[str, str]) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == 200
    assert answer.json()["path"] == values


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/", "/api/v1/settings/", "/api/v1/settings/a/b", "/hooks/a"]
)
async def test_unknown_paths(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"success": False, "error": "Resource not found"}


async def test_other_verbs(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/api/v1/echo")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST, OPTIONS"
    assert answer.json() == {"status": "error", "message": "API endpoint does not exist"}


async def test_options(client: httpx.AsyncClient, services: Services) -> None:
    preflight = {"origin": "https://a.example", "access-control-request-method": "POST"}
    assert (await client.options("/api/v1/echo")).status_code == 200
    assert (await client.options("/api/v1/echo", headers=preflight)).status_code == 405
    services.limits = replace(services.limits, cors_enabled=True, cors_origin="https://b.example")
    refused = await client.options("/api/v1/echo", headers=preflight)
    assert refused.status_code == 200
    assert "access-control-allow-origin" not in refused.headers
    services.limits = replace(services.limits, cors_origin="*")
    granted = await client.options("/api/v1/echo", headers=preflight)
    assert granted.headers.get_list("access-control-allow-origin") == ["*"]
    assert (await client.options("/hooks/a/b", headers=preflight)).status_code == 200


async def test_hooks_allow_fewer_headers(client: httpx.AsyncClient) -> None:
    answer = await client.post("/hooks/a/b")
    assert answer.headers["access-control-allow-headers"] == "Origin, X-Requested-With, Content-Type, Accept"


async def test_bodies(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/v1/echo", json={"a": 1})).json()["body"] == {"a": 1}
    assert (await client.post("/api/v1/echo", data={"a": "1"})).json()["body"] == {"a": "1"}
    assert (await client.post("/api/v1/items", json=[1])).json()["items"] == [1]
    array = await client.post("/api/v1/echo", json=[1])
    assert (array.status_code, array.json()["error"]) == (400, "The request body must be a JSON object")
    large = await client.post("/api/v1/echo", content=b"x" * 101)
    assert large.status_code == 413
    assert large.json() == {"success": False, "error": "The request body is larger than 100 bytes"}
    assert (await client.post("/api/v1/upload", content=b"\xff" * 200, headers=ALICE)).status_code == 200


async def test_a_body_is_parsed_before_login(client: httpx.AsyncClient) -> None:
    answer = await client.request("GET", "/api/v1/who", content=b"{")
    assert answer.status_code == 400


async def test_login(client: httpx.AsyncClient) -> None:
    for headers in ({}, {"x-auth-token": "nobody"}, {"x-user-id": "alice"}):
        answer = await client.get("/api/v1/who", headers=headers)
        assert answer.status_code == 401
        assert answer.json() == {"status": "error", "message": "You must be logged in to do this."}
    assert (await client.get("/api/v1/who", headers=ALICE)).json() == {"id": "alice", "success": True}


async def test_the_caller_of_an_optional_login(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/upload")
    assert answer.status_code == 401
    assert answer.json() == {"status": "error", "message": "You must be logged in to do this."}


@pytest.mark.parametrize(("path", "token", "status"), [
    ("who.all", "alice", 403), ("who.all", "bot", 200), ("who.any", "alice", 200), ("who.any", "", 401),
])  # fmt: skip
async def test_permissions(client: httpx.AsyncClient, path: str, token: str, status: int) -> None:
    answer = await client.get(f"/api/v1/{path}", headers={"x-auth-token": token})
    assert answer.status_code == status
    if status == 403:
        text = "User does not have the permissions required for this action [error-unauthorized]"
        assert answer.json() == {"success": False, "error": text}


async def test_validation_precedes_permissions(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/checked?offset=1", headers=ALICE)
    assert answer.status_code == 400
    text = "must have required property 'id' [invalid-params]"
    assert answer.json() == {"success": False, "error": text, "errorType": "invalid-params"}
    assert (await client.get("/api/v1/checked?id=1", headers=ALICE)).status_code == 403
    granted = await client.get("/api/v1/checked?id=1&offset=2.5", headers={"x-auth-token": "bot"})
    assert granted.json()["checked"] == {"id": "1", "offset": 2.5}


async def test_the_rate_limit(client: httpx.AsyncClient, services: Services) -> None:
    for left in (4, 3, 2, 1, 0):
        answer = await client.get("/api/v1/limited")
        assert answer.headers["x-ratelimit-remaining"] == str(left)
    answer = await client.get("/api/v1/limited")
    assert answer.status_code == 429
    assert set(answer.json()) == {"success", "error"}
    assert answer.headers["x-ratelimit-limit"] == "5"
    assert answer.headers["x-ratelimit-reset"] == "1060000"
    exempt = await client.get("/api/v1/limited", headers={"x-auth-token": "bot"})
    assert exempt.status_code == 200
    assert "x-ratelimit-limit" not in exempt.headers
    forged = await client.get(
        "/api/v1/limited", headers={"x-forwarded-for": "9.9.9.9", "x-real-ip": "9.9.9.9"}
    )
    assert forged.status_code == 429
    services.limits = replace(services.limits, forwarded_count=1)
    assert (await client.get("/api/v1/limited", headers={"x-forwarded-for": "9.9.9.9"})).status_code == 200
    services.limits = replace(services.limits, forwarded_count=0, rate_enabled=False)
    assert (await client.get("/api/v1/limited")).status_code == 200
    services.limits = replace(services.limits, rate_enabled=True)
    services.now += 60_000
    assert (await client.get("/api/v1/limited")).status_code == 200


async def test_prebuilt_answers(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/deprecated")
    assert answer.content == b'{"prebuilt":1,"success":true}'
    assert answer.headers["x-deprecation-version"] == "7.0.0"
    assert answer.headers["x-deprecation-message"] == (
        'The parameter "fields" in the endpoint "/api/v1/deprecated" is deprecated '
        "and will be removed on version 7.0.0"
    )
    moved = await client.get("/api/v1/moved")
    assert (moved.status_code, moved.headers["location"]) == (302, "/there")
    assert moved.headers.get_list("content-type") == ["image/png"]
    assert moved.headers.get_list("cache-control") == ["private"]


@pytest.mark.parametrize(("how", "status", "body"), [
    ("failure", 400, {"success": False, "error": "No such room [error-room-not-found]",
                      "errorType": "error-room-not-found", "details": {"a": 1}}),
    ("unavailable", 503, {"success": False, "error": "Service Unavailable"}),
    ("conflict", 503, {"success": False, "error": "Service Unavailable"}),
    ("surrogate", 200, {"text": "\ufffd", "success": True}),
    ("other", 500, {"success": False, "error": "Internal error occured"}),
    ("a%00b", 400, {"success": False, "error": "The path must not contain the character NUL"}),
])  # fmt: skip
async def test_what_handlers_raise(client: httpx.AsyncClient, how: str, status: int, body: object) -> None:
    answer = await client.get(f"/api/v1/breaks/{how}")
    assert (answer.status_code, answer.json()) == (status, body)


async def test_long_and_broken_query_strings(client: httpx.AsyncClient, services: Services) -> None:
    services.limits = replace(services.limits, query_bytes=20)
    assert (await client.get("/api/v1/echo?a=%ff")).status_code == 400
    assert (await client.get("/api/v1/echo?a=" + "x" * 19)).status_code == 400


async def test_other_paths_go_to_starlette(client: httpx.AsyncClient) -> None:
    assert (await client.get("/page")).text == "Not Found"


async def test_the_document_is_served(client: httpx.AsyncClient) -> None:
    document = json.loads((await client.get("/api/openapi.json")).content)
    assert document["openapi"] == "3.1.0"
    assert list(document["paths"]["/api/v1/echo"]) == ["get", "post"]
    assert document["paths"]["/api/v1/settings/{id}"]["put"]["parameters"][0]["in"] == "path"


@pytest.mark.parametrize("wrong", [
    [endpoint(), endpoint()],
    [endpoint(path="a/{b}/c")],
    [endpoint(path="a/{b}/{c}/{d}/{e}")],
    [endpoint(path="a/{b}"), endpoint(path="a/{c}", method="POST")],
    [endpoint(validate=True)],
])  # fmt: skip
async def test_programming_errors_show_at_start(wrong: list[Endpoint[Services, User]]) -> None:
    with pytest.raises(ValueError, match=r"echo|a/\{b\}"):
        Table(wrong)


async def test_a_room_is_read_early_for_what_only_reads() -> None:
    assert endpoint(room=True).room
    with pytest.raises(ValueError, match="POST echo"):
        endpoint(method="POST", room=True)
