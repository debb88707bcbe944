"""groups.getIntegrations on PostgreSQL as one bare ASGI function: the least code that gives the same bytes.

Run by postgres.py. It uses the server's pool, parameters and headers, and nothing of its HTTP layer, services or rules
beyond those that shape this one answer. It asks in two statements, token with room and then the page, as such a function
would; or with `one` in the one statement that the server uses.
"""

import asyncio
import base64
import hashlib
import sys
from typing import Any

import msgspec
import uvicorn
import uvloop
from get_integrations import MANAGE

from strongback.storage.postgres.connection import open_pool
from strongback.storage.postgres.statements import AUTHENTICATE_AND_REACHING

LOGIN_AND_ROOM = (
    "SELECT u.roles, (SELECT access FROM state), r.type, s.id FROM tokens t JOIN users u ON u.id = t.user_id"
    " LEFT JOIN rooms r ON r.id = $3 LEFT JOIN subscriptions s ON s.rid = r.id AND s.user_id = t.user_id"
    " WHERE t.user_id = $1 AND t.hash = $2 AND u.active"
)
PAGE = (
    "SELECT t.text FROM integrations t WHERE t.id IN (SELECT integration FROM links WHERE kind = 'room' AND target = $1"
    " UNION ALL SELECT integration FROM links WHERE kind = 'scope' AND target = 'all_private_groups')"
    " ORDER BY t.created, t.id LIMIT 50"
)
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


ALL = "all_private_groups"
AT_ONCE = AUTHENTICATE_AND_REACHING["id"]


async def serve(url: str, connections: int, ask: Any) -> None:
    """Read permissions once, then answer until told to stop."""
    pool = await open_pool(url, connections)
    grants = {
        row["id"]: frozenset(msgspec.json.decode(row["text"])["roles"])
        for row in await pool.fetch("SELECT id, text FROM permissions")
    }
    revision = await pool.fetchval("SELECT access FROM state")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        query = dict(pair.split("=", 1) for pair in scope["query_string"].decode().split("&"))
        headers = dict(scope["headers"])
        user_id, token = headers[b"x-user-id"].decode(), headers[b"x-auth-token"]
        hashed = base64.b64encode(hashlib.sha256(token).digest()).decode()
        async with pool.acquire() as connection:
            (roles, access, kind, subscription), texts = await ask(
                connection, user_id, hashed, query["roomId"]
            )
        held = frozenset(msgspec.json.decode(roles))
        assert access == revision
        assert any(grants[name] & held for name in MANAGE)
        assert kind == "p"
        assert subscription is not None
        assert len(texts) < 50  # so their number is the total, without a statement of its own
        count = len(texts)
        body = (
            f'{{"integrations":[{",".join(texts)}],"count":{count},"offset":0,"total":{count},"success":true}}'
        ).encode()
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
        await send({"type": "http.response.body", "body": body})

    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        http="httptools",
        ws="none",
        access_log=False,
        log_level="info",
        server_header=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    task = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    print(f"listening on http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", flush=True)
    await task
    await pool.close()


async def in_two(connection: Any, user_id: str, hashed: str, rid: str) -> tuple[tuple[Any, ...], list[str]]:
    """What must hold, and the texts, from two statements."""
    found = await connection.fetchrow(LOGIN_AND_ROOM, user_id, hashed, rid)
    return tuple(found), [text for (text,) in await connection.fetch(PAGE, rid)]


async def in_one(connection: Any, user_id: str, hashed: str, rid: str) -> tuple[tuple[Any, ...], list[str]]:
    """The same from one."""
    rows = await connection.fetch(AT_ONCE, user_id, hashed, rid, ALL)
    _, roles, access, _, _, kind, *_, subscription = rows[0][:10]
    return (roles, access, kind, subscription), [row[10] for row in rows]


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2]), in_one if "one" in sys.argv[3:] else in_two))
