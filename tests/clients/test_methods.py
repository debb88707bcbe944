"""rocketchat-API, method by method: what is offered is called by a test, and what is not answers 404."""

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from rocketchat_API.rocketchat import RocketChat

from strongback.http.endpoints import ENDPOINTS
from tests.clients.conftest import People
from tests.clients.methods import METHODS

NOT_OFFERED = {"success": False, "error": "Resource not found"}
FILES = {"file", "emoji_file", "avatar_url"}
NAMED = ("room_id", "user_id", "team_id")
"""Arguments that may be left out, one of which each method wants."""
SPECIAL: dict[str, dict[str, Any]] = {
    "chat_send_message": {"message": {"rid": "x"}},
    "integrations_create": {"integrations_type": "webhook-incoming"},
}


def shape(method: str, path: str) -> str:
    """An endpoint as the table writes it."""
    path = path.removeprefix("/api/v1/")
    return f"{method} " + "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


OFFERED = {shape(endpoint.method, path) for endpoint in ENDPOINTS for path in endpoint.paths}
"""`GET groups.info`, `GET settings/{}`, ..., aliases included."""


def test_the_table_has_every_method() -> None:
    methods = {name for name, _ in inspect.getmembers(RocketChat, inspect.isfunction)}
    methods = {name for name in methods if not name.startswith(("_", "call_api"))}
    assert set(METHODS) == methods


def arguments(method: str, file: Path) -> dict[str, Any]:
    """Something for everything that a method must be given."""
    given: dict[str, Any] = {}
    for name, parameter in inspect.signature(getattr(RocketChat, method)).parameters.items():
        if name == "self" or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.default is parameter.empty or name in NAMED:
            given[name] = str(file) if name in FILES else "x"
    return given | SPECIAL.get(method, {})


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # the client leaves its uploads open
@pytest.mark.parametrize(("method", "endpoint"), METHODS.items())
def test_a_method_calls_its_endpoint(people: People, method: str, endpoint: str, tmp_path: Path) -> None:
    file = tmp_path / "picture.png"
    file.write_bytes(b"x")
    client = people.client()
    answers: list[Any] = []
    client.session.hooks["response"].append(lambda answer, **_: answers.append(answer))
    try:
        getattr(client, method)(**arguments(method, file))
    except Exception:  # the client has an exception of its own for each kind of refusal
        assert answers, "nothing was sent"
    sent = answers[0].request
    verb, path = endpoint.split(" ")
    asked = sent.path_url.partition("?")[0].removeprefix("/api/v1/")
    assert (sent.method, asked) == (verb, path.format("x", "x"))
    if endpoint in OFFERED:
        assert answers[0].status_code != 404
    else:
        assert (answers[0].status_code, answers[0].json()) == (404, NOT_OFFERED)


def test_what_the_page_calls_absent_answers_404(people: People) -> None:
    page = (Path(__file__).parents[2] / "docs/compatibility.md").read_text().split("each answers 404")[1]
    absent = re.findall(r"^- `([A-Z]+) (\S+)`$", page, re.MULTILINE)
    assert len(absent) > 10
    for verb, path in absent:
        answer = people.server.admin.request(verb, f"/api/v1/{path}".replace("{", "").replace("}", ""))
        assert (path, answer.status_code, answer.json()) == (path, 404, NOT_OFFERED)


def called() -> set[str]:
    """What the tests of this folder call."""
    found = set()
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found.add(node.func.attr)
    return found


def test_what_is_offered_is_called() -> None:
    offered = {method for method, endpoint in METHODS.items() if endpoint in OFFERED}
    assert len(offered) > 100
    assert offered - called() == set()
