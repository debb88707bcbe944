"""Parse Server on the same PostgreSQL, for benchmarks/postgres.py: the same documents, a channel column with an index.

What it is given: NODE_ENV=production, no log, an indexed scalar column for the channel; the schema, sessions and roles
stay in its memory for as long as this runs. It is asked in two ways. With a session the question is that of
groups.getIntegrations, what may this user see? A room is a role there, to whom the room's integrations are readable.
With the master key it asks nobody's rights, which is the fastest that it can be. Either way the page and its total are
two statements, sent at once.
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
COLUMNS = ("objectId", "createdAt", "updatedAt", "createdBy", "_rperm", *TEXTS, *FLAGS)
HEADERS = {"X-Parse-Application-Id": APP, "Content-Type": "application/json"}
MASTER = {"X-Parse-Master-Key": KEY}


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


def requests(sessions: list[str]) -> list[bytes]:
    """The same questions as those of get_integrations.request, each by a member of the room."""
    return [request(n, f"X-Parse-Session-Token: {session}") for n, session in enumerate(sessions)]


def master_requests() -> list[bytes]:
    """The same questions by one who may see everything."""
    return [request(n, f"X-Parse-Master-Key: {KEY}") for n in range(GROUPS)]


def request(group: int, credentials: str) -> bytes:
    """One request of the load, as bytes."""
    where = quote(json.dumps({"channel": f"#group{group}"}, separators=(",", ":")))
    return (
        f"GET /parse/classes/Integration?where={where}&limit=50&count=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"X-Parse-Application-Id: {APP}\r\n{credentials}\r\n\r\n"
    ).encode()


async def fill(url: str, count: int) -> list[str]:
    """Let Parse Server make its class, users and roles, then copy the documents into its table; answers the sessions."""
    with parse_server(url) as (port, _):
        sessions = await asyncio.to_thread(accounts, port)
    async with connected(url) as connection:
        await connection.copy_records_to_table("Integration", columns=COLUMNS, records=map(row, range(count)))
        await connection.execute('CREATE INDEX ON "Integration" (channel)')
    await settle(url)
    return sessions


def accounts(port: int) -> list[str]:
    """Make the class, and for each room a user and a role that this user has."""
    types = dict.fromkeys(TEXTS, "String") | dict.fromkeys(FLAGS, "Boolean") | {"createdBy": "Object"}
    fields = {name: {"type": kind} for name, kind in types.items()}
    post(port, "schemas/Integration", {"className": "Integration", "fields": fields}, MASTER)
    sessions = []
    for n in range(GROUPS):
        user = post(port, "users", {"username": f"user{n}", "password": f"password{n}"}, {})
        sessions.append(user["sessionToken"])
        member = {"__type": "Pointer", "className": "_User", "objectId": user["objectId"]}
        members = {"__op": "AddRelation", "objects": [member]}
        post(port, "roles", {"name": f"group{n}", "ACL": {"*": {"read": True}}, "users": members}, MASTER)
    return sessions


def post(port: int, path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    """Send a body, and read the answer; an error is raised."""
    url = f"http://127.0.0.1:{port}/parse/{path}"
    asked = urllib.request.Request(url, json.dumps(body).encode(), HEADERS | headers)
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


async def check(port: int, asked: list[bytes]) -> None:
    """Raise unless each room's ten documents are found, and counted."""
    for n, data in enumerate(asked):
        _, body = await one(port, data)
        answer = json.loads(body)
        assert answer["count"] == len(answer["results"]) == 10, body[:300]
        assert {found["channel"] for found in answer["results"]} == {f"#group{n}"}


def row(n: int) -> tuple[Any, ...]:
    """The document of get_integrations.integration as a row of Parse Server's table."""
    group = group_of(n)
    body = integration(n, group).document.body
    created, updated = (datetime.datetime.fromisoformat(body[name]) for name in ("_createdAt", "_updatedAt"))
    more = (body[name] for name in (*TEXTS, *FLAGS))
    values = (value[0] if isinstance(value, list) else value for value in more)
    return body["_id"], created, updated, json.dumps(body["_createdBy"]), [f"role:group{group}"], *values
