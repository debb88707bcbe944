"""After the copy a server on PostgreSQL answers every GET as the one on SQLite did, byte for byte."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from strongback.testing.receiver import Receiver
from tests.copying.copies import report
from tests.copying.filled import DUMP, Filled, fill
from tests.stores import database_url, raw_rows
from tests.wire.server import Server, environment

pytestmark = pytest.mark.sqlite

CHANGING = {"/api/v1/logout", "/api/logout"}
ELSEWHERE = {"/api/v1/users.getAvatar"}
"""It answers with a redirection."""

TAKES = {
    "/api/v1/users.info": ("username",),
    "/api/v1/im.messages": ("roomId", "count"),
    "/api/v1/im.members": ("roomId", "count"),
    "/api/v1/im.counters": ("roomId",),
}
"""What a path takes of which the description says only that it is one of several."""

Answers = dict[tuple[str, str, int], tuple[int, bytes]]


@dataclass
class Copied:
    """What both servers answered, and what the copy reported."""

    before: Answers
    after: Answers
    report: dict[str, Any]
    rows: dict[str, int]
    """By table, how many the target had then."""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Copied:
    """A filled database, asked, copied, and asked again."""
    folder = tmp_path_factory.mktemp("copied")
    source, target = database_url(folder, "sqlite"), database_url(folder, "postgres")
    command = [sys.executable, "-m", "strongback.cli.main", "import", str(DUMP), "--database", source]
    subprocess.run(command, capture_output=True, env=environment(), check=True)
    with Receiver() as receiver:
        server = Server.start(folder, "--dev", database=source)
        try:
            filled = fill(server, receiver)
            before = answers(server, filled)
        finally:
            server.stop()
        told = report(source, target)
        rows = {one["table"]: len(raw_rows(folder, one["table"], "postgres")) for one in told["tables"]}
        key = (folder / "secret.key").read_text().strip()
        node = Server.start(folder, "--dev", database=target, STRONGBACK_SECRET_KEY=key)
        try:
            after = answers(node, filled)
        finally:
            node.stop()
    return Copied(before, after, told, rows)


def answers(server: Server, filled: Filled) -> Answers:
    """What everybody is answered to every GET, whatever they ask it for."""
    found: Answers = {}
    taken = parameters(server.openapi.document["paths"])
    for name, headers in filled.callers.items():
        client = server.anonymous(headers, check=False)
        for number, names in enumerate(asked(filled)):
            for path, takes in taken.items():
                place = path.replace("settings/{id}", "settings/Message_KeepHistory").format(**names)
                answer = client.get(place, params={one: names[one] for one in takes if one in names})
                found[name, path, number] = answer.status_code, answer.content
    return found


def parameters(paths: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """By path that answers a GET, what it takes."""
    found: dict[str, tuple[str, ...]] = {"/avatar/ann": ()}
    for path, methods in paths.items():
        if "get" in methods and path not in CHANGING:
            described = [one["name"] for one in methods["get"].get("parameters", ()) if one["in"] == "query"]
            found[path] = TAKES.get(path.replace("/dm.", "/im."), tuple(described))
    return found


def asked(filled: Filled) -> Iterator[dict[str, str]]:
    """Names for everything that a path may take, in several choices."""
    for number, rid in enumerate(filled.rooms):
        whole = number != 1
        yield {
            **dict.fromkeys(("roomId", "rid", "_id"), rid),
            **dict.fromkeys(("integrationId", "id"), filled.integrations[number]),
            "token": "none",
            "userId": filled.callers["ann"]["X-User-Id"],
            "username": "bob",
            "ids": filled.callers["bob"]["X-User-Id"],
            "role": "admin",
            "msgId": filled.messages[number * 4 % len(filled.messages)],
            "tmid": filled.messages[number * 6 % len(filled.messages)],
            "searchText": "root",
            **dict.fromkeys(("lastUpdate", "updatedSince", "since"), "2020-01-01T00:00:00.000Z"),
            "count": "0" if whole else "2",
            "offset": "0" if whole else "1",
        }


def test_every_answer_is_the_same(copied: Copied) -> None:
    assert copied.after.keys() == copied.before.keys()
    for asked_for, answer in copied.before.items():
        assert copied.after[asked_for] == answer, asked_for


def test_the_answers_are_worth_comparing(copied: Copied) -> None:
    statuses: dict[str, set[int]] = defaultdict(set)
    for (_, path, _), (status, _) in copied.before.items():
        statuses[path].add(status)
    assert {
        path for path, found in statuses.items() if 200 not in found and "/hooks/" not in path
    } == ELSEWHERE
    assert {status for found in statuses.values() for status in found} == {200, 307, 400, 401, 403, 404, 405}
    everything = b"".join(content for _, content in copied.before.values())
    for piece in (
        "\U0001f680",
        "after @ann",
        '"t":"rm"',
        "_deletedAt",
        '"step":"posted"',
        '"state":"pending"',
    ):
        assert piece.encode() in everything, piece


def test_every_table_has_rows_and_they_are_equal(copied: Copied) -> None:
    assert copied.report["equal"]
    assert copied.report["refused"] == 0
    for table in copied.report["tables"]:
        assert table["source"] == table["target"], table
        assert table["source"]["rows"] == copied.rows[table["table"]]
    assert [table["table"] for table in copied.report["tables"] if not table["source"]["rows"]] == []
