"""Whatever a client sends, it gets an envelope that says what was wrong, and the server goes on."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.wire.conftest import calm
from tests.wire.server import PATIENCE, Server

MEBIBYTE = 1 << 20
BARE = {"success": False}  # all that upstream says of a setting or a message that is not there
MAY_BE_BARE = ("/settings/", "/chat.getMessage")
HOSTILE_BODIES: dict[str, bytes] = {
    "cut off": b'{"name": "x"',
    "not JSON": b"<xml/>",
    "two documents": b"{}{}",
    "NaN": b'{"name": NaN}',
    "a number": b"1",
    "a string": b'"x"',
    "null": b"null",
    "a list": b"[1, 2]",
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "invalid UTF-8 in a key": b'{"\xc3\x28": 1}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "lone surrogate": b'{"name": "\\ud800"}',
    "lone surrogate in a key": b'{"\\udfff": 1}',
    "raw NUL": b'{"name": "a\x00b"}',
    "number out of range": b'{"count": 1e400}',
    "400 digits": b'{"count": ' + b"9" * 400 + b"}",
    "5000 digits": b'{"count": ' + b"9" * 5000 + b"}",
    "negative huge": b'{"count": -1e400}',
    "nested lists": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nested objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "unclosed nesting": b"[" * 1_000_000,
    "payload that is no JSON": b'{"payload": "{"}',
    "payload nested": json.dumps({"payload": "[" * 100_000}).encode(),
    "payload with a surrogate": b'{"payload": "\\ud800"}',
}
HOSTILE_VALUES: dict[str, str] = {
    "null": "null",
    "true": "true",
    "number": "-7.5",
    "huge number": "1e308",
    "400 digits": "9" * 400,
    "list": "[]",
    "list of lists": '[["a"]]',
    "list of numbers": "[1]",
    "list of objects": '[{"$ne": ""}]',
    "object": "{}",
    "operator": '{"$ne": ""}',
    "regex": '{"$regex": "^(a+)+$"}',
    "prototype": '{"__proto__": {"admin": true}, "constructor": {"prototype": 1}}',
    "empty": '""',
    "NUL": '"a\\u0000b"',
    "long": json.dumps("x" * 200_000),
    "control characters": '"\\u0001\\r\\n\\u2028"',
    "right to left": '"\\u202eabc"',
    "path": '"../../../etc/passwd"',
    "SQL": '"\' OR 1=1; DROP TABLE users; --"',
}
NUMBERS = [
    "-1",
    "-0",
    "abc",
    "1.5",
    "1e400",
    "9" * 400,
    "0x10",
    "",
    " ",
    "NaN",
    "Infinity",
    "٣",
    "[]",
    "null",
    "%00",
]
NAMES = [
    "%00",
    "%FF%FE",
    "%ED%A0%80",
    "__proto__",
    "constructor",
    "$ne",
    "x" * 100_000,
    "a%0D%0Aset-cookie:b",
    "%",
]
DEEP = '{"a":' * 5_000 + "1" + "}" * 5_000
JSON_TEXTS = {
    "broken": "{",
    "scalar": "1",
    "list": "[]",
    "deep": DEEP,
    "surrogate": '{"name": "\\ud800"}',
    "NUL in a name": '{"a\\u0000b": 1}',
    "NUL": '{"name": "\\u0000"}',
    "prototype": '{"__proto__": 1}',
    "prototype path": '{"constructor.prototype.x": 1}',
    "huge number": '{"name": 1e400}',
    "400 digits": '{"name": ' + "9" * 400 + "}",
    "empty name": '{"": 1}',
    "dots": '{"a..b": 1}',
    "dollar": '{"$": 1}',
    "unknown operator": '{"name": {"$nope": 1}}',
    "where": '{"$where": "while (true) {}"}',
    "deep where": '{"$or": [{"$and": [{"$where": "1"}]}]}',
    "expr": '{"$expr": {"$function": {"body": "1", "args": [], "lang": "js"}}}',
    "broken regex": '{"name": {"$regex": "("}}',
    "regex options": '{"name": {"$regex": "a", "$options": "zzz"}}',
    "broken extended JSON": '{"name": {"$date": {"$numberLong": "9e99"}}}',
    "broken id": '{"name": {"$oid": 1}}',
    "token": '{"token": {"$regex": "^a"}}',
    "wide": json.dumps({f"k{n}": 1 for n in range(20_000)}),
    "long list": json.dumps({"name": {"$in": list(range(50_000))}}),
    "long text": json.dumps({"name": "x" * MEBIBYTE}),
}


class Operation(NamedTuple):
    """One verb of one path, as the server describes it."""

    method: str
    path: str
    described: dict[str, Any]

    @property
    def url(self) -> str:
        """The path with its parameters filled in."""
        return self.path.replace("{id}", "Site_Url")

    def parameters(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        """Those of the query string."""
        found = [resolved(document, one) for one in self.described.get("parameters", [])]
        return [one for one in found if one["in"] == "query"]

    def members(self, document: dict[str, Any]) -> dict[str, Any]:
        """The schemas of the members of the JSON body."""
        content = resolved(document, self.described.get("requestBody", {})).get("content", {})
        schema = resolved(document, content.get("application/json", {}).get("schema", {}))
        members: dict[str, Any] = dict(schema.get("properties", {}))
        for choice in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
            members |= resolved(document, choice).get("properties", {})
        return members


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a `$ref` inside the document."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own, which must be alive and well after every test."""
    running = calm(Server.start(tmp_path_factory.mktemp("hostile")))
    running.admin.post("/api/v1/groups.create", json={"name": "victims"}).raise_for_status()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def still_well(target: Server) -> Iterator[None]:
    """The server answers as before after each test, and never wrote of an error of its own."""
    yield
    assert target.process.poll() is None, target.log[-2000:]
    answer = target.admin.get("/api/v1/groups.getIntegrations", params={"roomName": "victims"})
    assert answer.status_code == 200, answer.text
    assert "Traceback" not in target.log, target.log[-4000:]


def operations(server: Server) -> list[Operation]:
    """Every operation that the server describes, its own description aside."""
    return [
        Operation(method.upper(), path, described)
        for path, methods in server.openapi.document["paths"].items()
        for method, described in methods.items()
        if method in {"get", "post", "put", "delete", "patch"}
    ]


def client_for(server: Server, operation: Operation) -> httpx.Client:
    """The administrator's client, except where a call would log the administrator out."""
    return server.anonymous() if operation.path.endswith("/logout") else server.admin


def get(server: Server, url: str) -> httpx.Response:
    """GET as the administrator, with an URL of any length."""
    link = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
    try:
        link.putrequest("GET", url, skip_accept_encoding=True)
        for name in ("x-user-id", "x-auth-token"):
            link.putheader(name, server.admin.headers[name])
        link.endheaders()
        answer = link.getresponse()
        return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())
    finally:
        link.close()


def judge(answer: httpx.Response, what: str) -> None:
    """Fail unless the answer is an envelope of a status below 500."""
    assert answer.status_code < 500, f"{what}: {answer.status_code} {answer.text[:300]}"
    assert answer.headers["content-type"] == "application/json", what
    envelope = answer.json()
    assert isinstance(envelope, dict), what
    if answer.status_code >= 400 and not (envelope == BARE and any(path in what for path in MAY_BE_BARE)):
        texts = [envelope.get("error"), envelope.get("message")]
        assert any(isinstance(text, str) and text for text in texts), f"{what}: {envelope}"


@pytest.mark.parametrize("kind", HOSTILE_BODIES)
def test_no_endpoint_trips_over_a_broken_body(target: Server, kind: str) -> None:
    for operation in operations(target):
        answer = client_for(target, operation).request(
            operation.method,
            operation.url,
            content=HOSTILE_BODIES[kind],
            headers={"content-type": "application/json"},
        )
        judge(answer, f"{operation.method} {operation.path} with {kind}")
        if "requestBody" in operation.described:
            assert answer.status_code in {400, 401}, (operation.path, kind, answer.text[:300])


@pytest.mark.parametrize("kind", HOSTILE_VALUES)
def test_no_member_of_a_body_takes_a_value_its_description_forbids(target: Server, kind: str) -> None:
    document = target.openapi.document
    value = HOSTILE_VALUES[kind]
    for operation in operations(target):
        for name, schema in operation.members(document).items():
            answer = client_for(target, operation).request(
                operation.method,
                operation.url,
                content=f"{{{json.dumps(name)}: {value}}}",
                headers={"content-type": "application/json"},
            )
            what = f"{operation.method} {operation.path} {name}={value[:60]}"
            judge(answer, what)
            allowed = Draft202012Validator({**schema, "components": document["components"]})
            if not allowed.is_valid(json.loads(value)):
                assert answer.status_code >= 400, f"{what}: {answer.text[:300]}"


def test_every_member_at_once_may_be_hostile(target: Server) -> None:
    document = target.openapi.document
    for operation in operations(target):
        if members := operation.members(document):
            for value in HOSTILE_VALUES.values():
                body = ",".join(f"{json.dumps(name)}:{value}" for name in members)
                answer = client_for(target, operation).request(
                    operation.method,
                    operation.url,
                    content=f"{{{body}}}",
                    headers={"content-type": "application/json"},
                )
                judge(answer, f"{operation.method} {operation.path} all={value[:60]}")


FORMS = [
    b"%",
    b"%zz=1",
    b"a=%ff",
    b"a[b]=1&a=2",
    b"a[]=1&a[b]=2",
    b"__proto__[x]=1",
    b"[" * 5000,
    b"&" * 100_000,
]
FORMS += [
    b"a" + b"[b]" * 5000 + b"=1",
    b"=",
    b"\x00=\x00",
    b"\xff=\xfe",
    b"a=1&" * 50_000,
    b"payload=%7B",
    b"payload=1",
]


def test_no_endpoint_trips_over_a_form(target: Server) -> None:
    for operation in operations(target):
        if "requestBody" in operation.described:
            for form in FORMS:
                answer = target.admin.request(
                    operation.method,
                    operation.url,
                    content=form,
                    headers={"content-type": "application/x-www-form-urlencoded"},
                )
                judge(answer, f"{operation.path} form {form[:40]!r}")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/json; charset=utf-16",
        "multipart/form-data",
        "a" * 5000,
        ";",
        "*/*",
        "a/b/c",
    ],
)
def test_no_endpoint_trips_over_a_content_type(target: Server, content_type: str) -> None:
    for operation in operations(target):
        answer = client_for(target, operation).request(
            operation.method, operation.url, content=b'{"x": 1}', headers={"content-type": content_type}
        )
        judge(answer, f"{operation.path} as {content_type[:40]!r}")


def test_a_parameter_is_never_an_object_and_a_scalar_one_never_an_array(target: Server) -> None:
    for operation in operations(target):
        for parameter in operation.parameters(target.openapi.document):
            name = parameter["name"]
            lists = ("[]=a", f"=a&{name}=b", f"=a&{name}[]=b")
            refused = () if parameter["schema"].get("type") == "array" else lists
            for suffix in ("[$ne]=", "[a][b]=c", "[__proto__][x]=1", *refused):
                answer = target.admin.get(f"{operation.url}?{name}{suffix}")
                what = f"{operation.path}?{name}{suffix}"
                judge(answer, what)
                assert answer.status_code == 400, f"{what}: {answer.text[:300]}"


def test_a_page_may_be_asked_for_with_any_text(target: Server) -> None:
    for operation in operations(target):
        names = {one["name"] for one in operation.parameters(target.openapi.document)}
        for name in sorted({"offset", "count"} & names):
            for number in NUMBERS:
                url = f"{operation.url}?roomName=victims&role=admin&id=x&{name}={quote(number, safe='%')}"
                answer = target.admin.get(url)
                what = f"{operation.path}?{name}={number[:20]}"
                judge(answer, what)
                if (name, number) in {("offset", "-1"), ("offset", "%00"), ("count", "%00")}:
                    assert answer.status_code == 400, f"{what}: {answer.text[:300]}"
                elif answer.status_code == 200 and name in (page := answer.json()):
                    assert 0 <= page[name] <= 2**53, what


def test_any_text_may_stand_in_a_parameter(target: Server) -> None:
    for operation in operations(target):
        for parameter in operation.parameters(target.openapi.document):
            for text in NAMES:
                judge(
                    get(target, f"{operation.url}?{parameter['name']}={text}"),
                    f"{operation.path}?{parameter['name']}={text[:30]}",
                )


@pytest.mark.parametrize("text", NAMES)
def test_any_text_may_stand_in_a_path(target: Server, text: str) -> None:
    for path in (f"/api/v1/settings/{text}", f"/api/v1/{text}", f"/api/{text}", f"/api/v1/info/{text}"):
        answer = get(target, path)
        assert answer.status_code in {400, 404}
        judge(answer, path[:60])


@pytest.mark.parametrize("kind", JSON_TEXTS)
def test_no_listing_trips_over_a_query_a_sort_or_a_projection(target: Server, kind: str) -> None:
    text = quote(JSON_TEXTS[kind], safe="")
    for operation in operations(target):
        for parameter in operation.parameters(target.openapi.document):
            name = parameter["name"]
            if name in {"query", "sort", "fields"}:
                start = time.monotonic()
                answer = get(target, f"{operation.url}?roomName=victims&id=x&{name}={text}")
                what = f"{operation.path}?{name}={JSON_TEXTS[kind][:60]}"
                judge(answer, what)
                assert time.monotonic() - start < 2, what


@pytest.mark.parametrize(
    "pattern", ["^(a+)+$", "(a|aa)+$", "(.*a){30}", "^((a|a)*)*$", r"(?:(?:a*)*)*\1", "(?R)", "(?0)a"]
)
def test_a_pattern_does_not_hold_the_server(target: Server, pattern: str) -> None:
    body = {
        "type": "webhook-incoming", "name": "a" * 200 + "!", "enabled": True, "username": "admin",
        "channel": "#victims", "scriptEnabled": False,
    }  # fmt: skip
    made = (
        target.admin.post("/api/v1/integrations.create", json=body).raise_for_status().json()["integration"]
    )
    query = json.dumps({"name": {"$regex": pattern}})
    start = time.monotonic()
    answer = target.admin.get(
        "/api/v1/groups.getIntegrations", params={"roomName": "victims", "query": query}
    )
    judge(answer, pattern)
    assert time.monotonic() - start < 5
    removal = {"type": "webhook-incoming", "integrationId": made["_id"]}
    target.admin.post("/api/v1/integrations.remove", json=removal).raise_for_status()


def test_a_pattern_that_blows_up_is_refused_while_others_are_served(target: Server) -> None:
    body = {
        "type": "webhook-incoming", "enabled": True, "username": "admin", "channel": "#victims",
        "scriptEnabled": False, "alias": "a" * 5_000 + "!",
    }  # fmt: skip
    made = [
        target.admin.post(
            "/api/v1/integrations.create", json=body | {"name": f"n{number}"}
        ).raise_for_status()
        for number in range(30)
    ]
    query = json.dumps({"alias": {"$regex": "^(a|b|ab)*$"}, "name": {"$regex": "(a+)+!"}})
    waits: list[float] = []
    begun, over = threading.Event(), threading.Event()

    def ping() -> None:
        with httpx.Client(base_url=target.url) as client:
            while not over.is_set():
                start = time.monotonic()
                client.get("/api/v1/info").raise_for_status()
                waits.append(time.monotonic() - start)
                begun.set()

    pinging = threading.Thread(target=ping)
    pinging.start()
    try:
        assert begun.wait(PATIENCE)
        for pattern in ("^(a+)+$", "(.*a){12}b", query):
            asked = pattern if pattern == query else json.dumps({"alias": {"$regex": pattern}})
            answer = target.admin.get(
                "/api/v1/groups.getIntegrations", params={"roomName": "victims", "query": asked}
            )
            judge(answer, asked)
            assert answer.status_code == 400 or asked == query, (asked, answer.text[:300])
    finally:
        over.set()
        pinging.join()
    assert max(waits) < 3, max(waits)
    for one in made:
        removal = {"type": "webhook-incoming", "integrationId": one.json()["integration"]["_id"]}
        target.admin.post("/api/v1/integrations.remove", json=removal).raise_for_status()


def pieces(size: int) -> Iterator[bytes]:
    """A body of spaces, in pieces."""
    for _ in range(size // MEBIBYTE):
        yield b" " * MEBIBYTE


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["integrations.create", "login", "logout", "me", "groups.create"])
def test_fifty_megabytes_are_refused(target: Server, path: str, chunked: bool) -> None:
    size = 50 * MEBIBYTE
    verb = "GET" if path == "me" else "POST"
    headers = {"content-type": "application/json"}
    client = target.anonymous(headers) if path == "logout" else target.admin
    content = pieces(size) if chunked else b" " * size
    answer = client.request(verb, f"/api/v1/{path}", content=content, headers=headers)
    judge(answer, path)
    assert answer.status_code == 413, answer.text


def raw(server: Server, request: bytes) -> bytes:
    """Send bytes as they are; everything that comes back until the server closes or falls silent."""
    address = urlsplit(server.url)
    received = b""
    with socket.create_connection((address.hostname, address.port), PATIENCE) as link:
        link.sendall(request)
        link.settimeout(4)
        try:
            while chunk := link.recv(65536):
                received += chunk
        except TimeoutError:
            pass
    return received


def test_a_body_announced_as_too_large_is_refused_before_it_is_sent(target: Server) -> None:
    for length in (b"52428800", b"9" * 18):
        head = b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: "
        assert raw(target, head + length + b"\r\n\r\n").startswith(b"HTTP/1.1 413 "), length


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /api/v1/info HTTP/1.1\r\nhost: x\r\nx-auth-token: \xff\xfe\r\nx-user-id: \xc3\r\nconnection: close\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nhost: x\r\nx-auth-token: \xff\xfe\r\nx-user-id: \xc3\r\nconnection: close\r\n\r\n",
        b"GET /api/v1/users.info?username=%ff&a[=1 HTTP/1.1\r\nconnection: close\r\n\r\n",
        b"GET /api/v1/me HTTP/1.1\r\nhost: x\r\n"
        + b"x-auth-token: a\r\n" * 50
        + b"connection: close\r\n\r\n",
        b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        b"HEAD /api/v1/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"OPTIONS /api/v1/me HTTP/1.1\r\nhost: x\r\norigin: \xff\r\nconnection: close\r\n\r\n",
        b"TRACE /api/v1/me HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ],
)
def test_odd_requests_get_an_answer_in_json(target: Server, request_bytes: bytes) -> None:
    head = raw(target, request_bytes).lower().partition(b"\r\n\r\n")[0]
    assert head.startswith(b"http/1.1 "), head
    assert not head.startswith(b"http/1.1 5"), head
    if not request_bytes.startswith(b"OPTIONS"):
        assert b"content-type: application/json" in head, head


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x00\x00garbage\r\n\r\n",
        b"GET /api/v1/\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(target: Server, request_bytes: bytes) -> None:
    head, _, envelope = raw(target, request_bytes).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 "), head
    assert b"content-type: application/json" in head, head
    assert "not valid HTTP" in json.loads(envelope)["error"]


@pytest.mark.parametrize(
    "filler",
    [b"x-a: " + b"b" * 20 * MEBIBYTE, b"x-a: b\r\n" * 1_000_000, b"x" * 20 * MEBIBYTE],
    ids=["one long header", "many headers", "a long name"],
)
def test_headers_without_an_end_are_refused(target: Server, filler: bytes) -> None:
    head, _, envelope = raw(target, b"GET /api/v1/info HTTP/1.1\r\n" + filler).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large"), head
    assert "are longer than" in json.loads(envelope)["error"]


def test_a_client_that_goes_away_in_its_body_does_no_harm(target: Server) -> None:
    address = urlsplit(target.url)
    for _ in range(20):
        with socket.create_connection((address.hostname, address.port), PATIENCE) as link:
            link.sendall(b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
