"""Grafana's alerts, from its webhook to the group's attachments."""

import json
from pathlib import Path
from typing import Any

import pytest

from strongback.testing.client import Reply
from tests.examples.conftest import EXAMPLES, Chat

GRAFANA = EXAMPLES / "grafana"
FIXTURES = sorted(GRAFANA.glob("fixtures/*.json"))


@pytest.fixture(scope="module")
def hook(chat: Chat) -> str:
    """The path of the hook."""
    made = chat.attach("grafana", type="webhook-incoming", alias="Grafana")
    return f"/hooks/{made['_id']}/{made['token']}"


def tell(chat: Chat, hook: str, alert: Any) -> Reply:
    """Send an alert, as Grafana does."""
    headers = {"Content-Type": "application/json", "User-Agent": "Grafana"}
    return chat.server.send("POST", hook, json.dumps(alert).encode(), headers)


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.stem)
def test_every_alert(fixture: Path, chat: Chat, hook: str) -> None:
    alert = json.loads(fixture.read_text())["content"]
    expected = json.loads((GRAFANA / "expected" / fixture.name).read_text()) or {}
    before = len(chat.server.messages())

    answer = tell(chat, hook, alert)

    posted = chat.server.messages()[: -before or None]
    if "error" in expected:
        assert (answer.status, answer.json()) == (400, {"success": False, **expected})
    else:
        assert (answer.status, answer.json()) == (200, {"success": True})
    shown = [{"text": message["msg"], "attachments": message["attachments"]} for message in posted]
    assert shown == ([expected["content"]] if "content" in expected else [])
    assert all((one["alias"], one["u"]["username"]) == ("Grafana", "rocket.cat") for one in posted)


def test_an_alert_is_over(chat: Chat, hook: str) -> None:
    for state, color in (("firing", "#D63232"), ("resolved", "#36A64F")):
        alert = json.loads((GRAFANA / "fixtures" / f"{state}.json").read_text())["content"]
        assert tell(chat, hook, alert).status == 200
        assert [one["color"] for one in chat.server.messages()[0]["attachments"]] == [color]
