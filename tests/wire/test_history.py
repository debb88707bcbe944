"""integrations.history of integrations that run: members, dates, filters, sorts, masks (spec/06 B5)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from strongback.testing.answer import Answer
from strongback.testing.receiver import Receiver
from tests.wire.conftest import calm
from tests.wire.outgoing import Group
from tests.wire.server import Server

TOKEN = "a-token-of-the-sender"
SHOWN = "*" * 17 + "nder"
UPSTREAM = {"_id", "type", "step", "integration", "event", "data", "_createdAt", "_updatedAt"}
OPTIONAL = {"triggerWord", "ranPrepareScript", "finished", "url", "httpCallData", "httpResult"}
OURS = {"deliveryId"}
SCRIPT = f"""class Script {{
    prepare_outgoing_request({{request}}) {{ return {{...request, data: {{...request.data, key: '{TOKEN}'}}}}; }}
}}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server.start(tmp_path_factory.mktemp("history"), "--dev")
    try:
        yield calm(running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture(scope="module")
def group(server: Server, receiver: Receiver) -> Group:
    """A group in which three words were told: `one` and `three` arrived, `two` did not."""
    urls = [f"{receiver.url}/told?t={TOKEN}"]
    group = Group(
        server, receiver, token=TOKEN, triggerWords=["one", "two", "three"], urls=urls, script=SCRIPT
    )
    receiver.script("/told", [Answer(200, TOKEN), Answer(404), Answer(200, "ok")])
    for number, word in enumerate(("one", "two", "three"), 1):
        group.post(word)
        group.history(number)
    return group


def found(group: Group, **params: Any) -> list[str]:
    """The words of the records that a query finds, in its order."""
    texts = {name: one if isinstance(one, str) else json.dumps(one) for name, one in params.items()}
    answer = group.server.admin.get(
        "/api/v1/integrations.history", params={"id": group.integration["_id"], **texts}
    )
    return [record["triggerWord"] for record in answer.raise_for_status().json()["history"]]


def test_a_record_has_the_members_of_upstream(group: Group) -> None:
    first, second, _ = group.history(3)
    assert set(first) == UPSTREAM | OPTIONAL | OURS
    assert set(second) == UPSTREAM | OPTIONAL - {"finished"} | {"error", "errorStack"} | OURS
    assert (first["type"], first["event"], first["triggerWord"]) == ("outgoing-webhook", "sendMessage", "one")
    assert (first["step"], first["finished"], first["ranPrepareScript"]) == ("after-http-call", True, True)
    assert (second["step"], second["error"]) == ("failed-and-not-configured-to-retry", True)
    stored = group.current()
    assert {**first["integration"], "token": TOKEN, "urls": stored["urls"], "script": SCRIPT} == {
        **stored,
        "scriptCompiled": first["integration"]["scriptCompiled"],
    }


def test_no_record_shows_the_token(server: Server, group: Group) -> None:
    answer = server.admin.get("/api/v1/integrations.history", params={"id": group.integration["_id"]})
    assert TOKEN not in answer.text
    first = group.history(3)[0]
    assert first["url"].endswith(f"/told?t={SHOWN}")
    assert first["data"]["token"] == first["httpCallData"]["key"] == first["integration"]["token"] == SHOWN
    assert first["httpResult"] == json.dumps(SHOWN)
    assert SHOWN in first["integration"]["script"]


@pytest.mark.parametrize(
    "path", ["_createdAt", "_updatedAt", "data.timestamp", "integration._createdAt", "integration._updatedAt"]
)
def test_dates_are_dates_to_a_query(group: Group, path: str) -> None:
    record: Any = group.history(3)[0]
    for name in path.split("."):
        record = record[name]
    assert "one" in found(group, query={path: {"$date": record}})
    assert "one" in found(group, query={path: {"$lte": {"$date": record}}})
    assert "one" not in found(group, query={path: {"$gt": {"$date": record}}})
    assert found(group, query={path: record}) == []  # a date is no text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"error": True}, ["two"]),
        ({"data.text": "three"}, ["three"]),
        ({"httpCallData.text": {"$in": ["one", "two"]}}, ["two", "one"]),
        ({"integration.name": {"$exists": True}, "finished": True}, ["three", "one"]),
        ({"step": {"$regex": "^after"}}, ["three", "one"]),
        ({"deliveryId": {"$type": "string"}}, ["three", "two", "one"]),
        ({"url": {"$regex": TOKEN}}, []),
    ],
    ids=str,
)
def test_any_member_may_be_asked_for(group: Group, query: dict[str, Any], words: list[str]) -> None:
    assert found(group, query=query) == words


def test_sorts_and_pages(group: Group) -> None:
    assert found(group) == ["three", "two", "one"]
    assert found(group, sort={"_updatedAt": 1}) == ["one", "two", "three"]
    assert found(group, sort={"data.text": 1}) == ["one", "three", "two"]
    assert found(group, sort={"step": -1, "triggerWord": 1}) == ["two", "one", "three"]
    assert found(group, offset="1", count="1") == ["two"]


def test_what_an_integration_was_is_kept(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver)
    names = ("type", "username", "event", "urls", "scriptEnabled", "enabled")
    body = {name: group.integration[name] for name in names}
    body |= {"integrationId": group.integration["_id"], "channel": f"#{group.name}", "token": TOKEN}
    for number, name in enumerate(("before", "after"), 1):
        server.admin.put("/api/v1/integrations.update", json=body | {"name": name}).raise_for_status()
        group.post(name)
        group.history(number)
    assert [record["integration"]["name"] for record in group.history(2)] == ["before", "after"]
