"""After an import, every user's answer for every group is what a plain reading of the BSON gives.

The expectation comes from `plain_reading`, which knows nothing of the server; the answers come over HTTP.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.importing.plain_reading import FILTERS, SORTS, Body, PlainReading, in_order
from tests.stores import database_url
from tests.wire.server import Server, environment

DUMP = Path(__file__).parent.parent / "data" / "dump"
READING = PlainReading(DUMP / "rocketchat")
PATH = "/api/v1/groups.getIntegrations"
RATE_LIMITER = "/api/v1/settings/API_Enable_Rate_Limiter"
SIZES = (1, 3, 50, 0)
USERS = [pytest.param(user, id=user["username"]) for user in READING.users]
READERS = [
    pytest.param(user, id=user["username"])
    for user in READING.users
    if any(READING.answer(user, room).status == 200 for room in READING.rooms)
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on the imported sample; ordinary users may call as often as they like."""
    folder = tmp_path_factory.mktemp("imported")
    command = [sys.executable, "-m", "strongback.cli.main", "import", str(DUMP)]
    command += ["--database", database_url(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    running = Server.start(folder)
    try:
        admin = client(running, named("admin"))
        second = {"x-2fa-method": "password", "x-2fa-code": hashlib.sha256(b"pw-admin").hexdigest()}
        admin.post(RATE_LIMITER, json={"value": False}, headers=second).raise_for_status()
        yield running
    finally:
        running.stop()


def named(username: str) -> Body:
    return next(user for user in READING.users if user["username"] == username)


def headers(user: Body) -> dict[str, str]:
    return {"X-User-Id": user["_id"], "X-Auth-Token": f"tok-{user['username']}-7".encode("latin-1")}


def client(server: Server, user: Body, *, check: bool = False) -> httpx.Client:
    return server.anonymous(headers(user), check=check)


def ask(caller: httpx.Client, room: Body, **more: Any) -> httpx.Response:
    texts = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in more.items()}
    return caller.get(PATH, params={"roomId": room["_id"], **texts})


def whole(caller: httpx.Client, room: Body, **more: Any) -> list[Body]:
    """All documents of an answer, which must be complete."""
    body = ask(caller, room, count=0, **more).raise_for_status().json()
    found: list[Body] = body["integrations"]
    assert body == {
        "integrations": found,
        "count": len(found),
        "offset": 0,
        "total": len(found),
        "success": True,
    }
    return found


def test_the_reading_is_worth_comparing() -> None:
    answers = [READING.answer(user, room) for user in READING.users for room in READING.rooms]
    assert {answer.status for answer in answers} == {200, 400, 401, 403}
    full = [one for answer in answers for one in answer.documents]
    assert len(full) > 200
    for query, holds in FILTERS:
        held = sum(map(holds, full))
        assert 0 < held <= len(full), query
    assert len(READERS) == 5


@pytest.mark.parametrize("user", USERS)
def test_every_user_and_every_room(server: Server, user: Body) -> None:
    caller = client(server, user, check=True)
    for room in READING.rooms:
        expected = READING.answer(user, room)
        for params in ({"roomId": room["_id"]}, {"roomName": room["name"]}):
            answer = caller.get(PATH, params=params | {"count": "0"})
            assert answer.status_code == expected.status, (room["name"], answer.text)
            body = answer.json()
            assert {key: body.get(key) for key in expected.error} == expected.error
            assert body.get("integrations", []) == expected.documents


@pytest.mark.parametrize("user", READERS)
@pytest.mark.parametrize(
    ("sent", "included"), [("true", True), ("", True), ("false", False), ("1", False), ("TRUE", False)]
)
def test_with_and_without_all_private_groups(server: Server, user: Body, sent: str, included: bool) -> None:
    caller = client(server, user)
    for room in READING.rooms:
        expected = READING.answer(user, room, all_private_groups=included)
        if expected.status == 200:
            assert whole(caller, room, includeAllPrivateGroups=sent) == expected.documents


@pytest.mark.parametrize("user", READERS)
def test_every_page(server: Server, user: Body) -> None:
    caller = client(server, user)
    for room in READING.rooms:
        expected = READING.answer(user, room)
        if expected.status != 200:
            continue
        documents, total = expected.documents, len(expected.documents)
        for size in SIZES:
            for offset in range(0, total + 1, size or 7):
                body = ask(caller, room, count=size, offset=offset).raise_for_status().json()
                page = documents[offset : offset + size] if size else documents[offset:]
                assert body["integrations"] == page
                assert (body["count"], body["offset"], body["total"]) == (len(page), offset, total)


@pytest.mark.parametrize("user", READERS)
def test_every_filter_in_every_order(server: Server, user: Body) -> None:
    caller = client(server, user)
    for room in READING.rooms:
        expected = READING.answer(user, room)
        if expected.status != 200:
            continue
        for query, holds in FILTERS:
            kept = [one for one in expected.documents if holds(one)]
            assert whole(caller, room, query=query) == kept, query
            for sort, keys in SORTS:
                assert whole(caller, room, query=query, sort=sort) == in_order(kept, keys), (query, sort)


@pytest.mark.parametrize("user", READERS)
def test_pages_of_a_filtered_and_sorted_answer(server: Server, user: Body) -> None:
    caller = client(server, user)
    (query, holds), (sort, keys) = FILTERS[8], SORTS[3]
    for room in READING.rooms:
        expected = READING.answer(user, room)
        if expected.status != 200:
            continue
        kept = in_order([one for one in expected.documents if holds(one)], keys)
        for size in (1, 3):
            seen: list[Body] = []
            for offset in range(0, len(kept) + 1, size):
                body = ask(caller, room, query=query, sort=sort, count=size, offset=offset).json()
                assert body["total"] == len(kept)
                seen += body["integrations"]
            assert seen == kept
