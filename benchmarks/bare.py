"""groups.getIntegrations as one bare ASGI function: the least code that gives the same bytes.

Run by get_integrations.py. It uses the server's PRAGMAs, statements, parameters and headers, and nothing of its
HTTP layer, services or rules beyond those that shape this one answer.
"""

import base64
import hashlib
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import msgspec
import uvicorn

from strongback.documents.document import Stored
from strongback.query import compile_filter, compile_projection, compile_sort
from strongback.storage.selections import IntegrationScope
from strongback.storage.sqlite import statements
from strongback.storage.sqlite.connection import connect
from strongback.storage.sqlite.selections import page_sql, rows_sql, where

PATH = Path(sys.argv[1])
CONNECTION = connect(PATH, 50)
GRANTS = {
    id: frozenset(msgspec.json.decode(value) or ())
    for kind, id, value in CONNECTION.execute(statements.ACCESS)
    if kind == "permissions"
}
HEADERS = [
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"pragma", b"no-cache"),
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-allow-headers",
        b"Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token",
    ),
]
DEPRECATIONS = [
    (f"x-deprecation-{name}".encode(), text.encode())
    for parameter in ("fields", "query")
    for name, text in (
        ("type", "parameter-deprecation"),
        (
            "message",
            f'The parameter "{parameter}" in the endpoint "/api/v1/groups.getIntegrations" is deprecated'
            " and will be removed on version 7.0.0",
        ),
        ("version", "7.0.0"),
    )
]
MANAGE = [f"manage-{own}{kind}-integrations" for own in ("", "own-") for kind in ("incoming", "outgoing")]


def scope_of(rid: str) -> IntegrationScope:
    return IntegrationScope((("room", rid), ("scope", "all_private_groups")), ((None, None),))


LOGIN_AND_ROOM = statements.AUTHENTICATE_AND_ROOM["id"]
PAGE = page_sql(where(scope_of("")), "created")
ROWS = rows_sql(where(scope_of("")), "created")


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    query = dict(pair.split("=", 1) for pair in scope["query_string"].decode().split("&"))
    headers = dict(scope["headers"])
    user_id, token = headers[b"x-user-id"].decode(), headers[b"x-auth-token"]
    hashed = base64.b64encode(hashlib.sha256(token).digest()).decode()
    found = CONNECTION.execute(LOGIN_AND_ROOM, (user_id, hashed, query["roomId"])).fetchone()
    _, roles, _, rid, *_, joined = found
    held = frozenset(msgspec.json.decode(roles))
    assert any(GRANTS[name] & held for name in MANAGE)
    assert joined is not None
    parameters = where(scope_of(rid)).parameters
    if "query" in query:
        texts, deprecations = filtered(query, parameters), DEPRECATIONS
    else:
        texts, deprecations = [text for (text,) in CONNECTION.execute(PAGE, (*parameters, 50, 0))], []
    body = (
        f'{{"integrations":[{",".join(texts)}],"count":{len(texts)},"offset":0,"total":{len(texts)},"success":true}}'
    ).encode()
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [*HEADERS, *deprecations, (b"content-length", b"%d" % len(body))],
        }
    )
    await send({"type": "http.response.body", "body": body})


def filtered(query: dict[str, str], parameters: tuple[Any, ...]) -> list[str]:
    raw = {name: msgspec.json.decode(unquote_plus(query[name])) for name in ("query", "sort", "fields")}
    chosen, order = compile_filter(raw["query"]), compile_sort({**raw["sort"], "_id": 1})
    projection = compile_projection(raw["fields"])
    rows = [Stored(*found).decode().body for found in CONNECTION.execute(ROWS, (*parameters, 1_001))]
    kept = sorted((body for body in rows if chosen.matches(body)), key=order.key)
    return [msgspec.json.encode(projection.apply(body)).decode() for body in kept[:50]]


config = uvicorn.Config(
    app,
    host="127.0.0.1",
    port=0,
    loop="uvloop",
    http="httptools",
    access_log=False,
    log_level="info",
    server_header=False,
    lifespan="off",
)
server = uvicorn.Server(config)
import asyncio  # noqa: E402


async def serve() -> None:
    task = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(f"listening on http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", flush=True)
    await task


asyncio.run(serve())
