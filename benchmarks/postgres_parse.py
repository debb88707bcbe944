"""Parse Server on the same PostgreSQL, for benchmarks/postgres.py: the same documents, a channel column with an index.

What it is given: NODE_ENV=production, no log, its schema cached, an indexed scalar column for the channel, and the
master key, with which it looks up neither a session nor a role and puts no condition on the owner of a row. A request
costs it two statements, of which it does not wait for one before it sends the other.
"""

import asyncio
import datetime
import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from get_integrations import integration, one, serving
from postgres_data import GROUPS, group_of
from postgres_server import connected, settle

HERE = Path(__file__).parent / "parse_server"
APP, KEY = "benchmark", "master-key-of-the-benchmark"
EXECUTE = "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])"
TEXTS = ("type", "name", "username", "userId", "channel", "token", "script")
FLAGS = ("enabled", "scriptEnabled")
COLUMNS = ("objectId", "createdAt", "updatedAt", *TEXTS, *FLAGS, "createdBy")


def install() -> bool:
    """Install what the lock file names, where Node is; whether it is there now."""
    if shutil.which("npm") is None:
        return False
    if not (HERE / "node_modules" / ".package-lock.json").is_file():
        command = ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional"]
        subprocess.run(command, cwd=HERE, check=True, stdin=subprocess.DEVNULL)
    return True


@contextmanager
def parse_server(url: str) -> Iterator[tuple[int, int]]:
    """Run Parse Server on a core; yields its port and process id."""
    os.environ |= {"NODE_ENV": "production", "PARSE_SERVER_LOGS_FOLDER": "null"}
    with serving(["-c", EXECUTE, "node", str(HERE / "server.mjs"), url, APP, KEY], 0) as found:
        yield found


def request(number: int) -> bytes:
    """The same question as that of get_integrations.request, as bytes."""
    where = quote(json.dumps({"channel": f"#group{number % GROUPS}"}, separators=(",", ":")))
    return (
        f"GET /parse/classes/Integration?where={where}&limit=50&count=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"X-Parse-Application-Id: {APP}\r\nX-Parse-Master-Key: {KEY}\r\n\r\n"
    ).encode()


async def fill(url: str, count: int) -> None:
    """Let Parse Server make its class, then copy the documents into its table and put an index on the channel."""
    types = dict.fromkeys(TEXTS, "String") | dict.fromkeys(FLAGS, "Boolean") | {"createdBy": "Object"}
    fields = {name: {"type": kind} for name, kind in types.items()}
    with parse_server(url) as (port, _):
        await asyncio.to_thread(
            post, port, "/parse/schemas/Integration", {"className": "Integration", "fields": fields}
        )
    async with connected(url) as connection:
        await connection.copy_records_to_table("Integration", columns=COLUMNS, records=map(row, range(count)))
        await connection.execute('CREATE INDEX ON "Integration" (channel)')
    await settle(url)


async def check(port: int) -> None:
    """Raise unless a room's ten documents are found, and counted."""
    _, body = await one(port, request(3))
    answer = json.loads(body)
    assert answer["count"] == len(answer["results"]) == 10, body[:300]
    assert {found["channel"] for found in answer["results"]} == {"#group3"}


def post(port: int, path: str, body: dict[str, Any]) -> None:
    """Send a body with the master key; anything but 200 is an error."""
    headers = {"X-Parse-Application-Id": APP, "X-Parse-Master-Key": KEY, "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{port}{path}"
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)).close()


def row(n: int) -> tuple[Any, ...]:
    """The document of get_integrations.integration as a row of Parse Server's table."""
    body = integration(n, group_of(n)).document.body
    created, updated = (datetime.datetime.fromisoformat(body[name]) for name in ("_createdAt", "_updatedAt"))
    texts = [body["channel"][0] if name == "channel" else body[name] for name in TEXTS]
    return (
        body["_id"],
        created,
        updated,
        *texts,
        *(body[name] for name in FLAGS),
        json.dumps(body["_createdBy"]),
    )
