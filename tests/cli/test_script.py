"""`strongback script run`: what a script's author sees without a server."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from strongback.accounts.caller import Caller
from strongback.cli.main import main
from strongback.cli.script_fixture import METHODS, UnusableFixture, read
from strongback.documents.document import Document
from strongback.messages.sender import Sender
from strongback.storage.contract import Access
from strongback.testing.receiver import Receiver
from strongback.webhooks.incoming_script import HookCall, script_request

ECHO = "class Script { process_incoming_request({ request }) { return { content: request.content }; } }"
ALL = """
class Script {
  async process_incoming_request({ request }) {
    console.log('got', request.content.text);
    Store.set('count', (Store.get('count') ?? 0) + 1);
    const answer = await fetch(request.content.url ?? 'https://api.example.com/');
    return { content: { text: `${answer.status} ${await answer.text()}` } };
  }
}
"""


def run(
    folder: Path, source: str, *words: str, fixture: Any = None, env: dict[str, str] | None = None
) -> Result:
    script = folder / "script.js"
    script.write_text(source)
    command = ["script", "run", str(script), *words]
    if fixture is not None:
        file = folder / "fixture.json"
        file.write_text(fixture if isinstance(fixture, str) else json.dumps(fixture))
        command += ["--fixture", str(file)]
    return CliRunner().invoke(main, command, env=env or {})


def whole(folder: Path, source: str, *words: str, fixture: Any = None) -> dict[str, Any]:
    done = run(folder, source, "--json", *words, fixture=fixture)
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == (0 if found["ok"] else 1)
    return found


def test_the_result_alone_goes_to_stdout(tmp_path: Path) -> None:
    fixture = {
        "request": {"content": {"text": "hi"}},
        "store": {"count": 6},
        "fetch": [{"url": "https://api.example.com/", "status": 201, "text": "made"}],
    }
    done = run(tmp_path, ALL, fixture=fixture)
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {"content": {"text": "201 made"}}
    assert done.stderr.splitlines()[:3] == [
        "console: got hi",
        "fetch: GET https://api.example.com/: 201",
        'store: {"count": 7}',
    ]
    assert "of processor time" in done.stderr
    assert "KB of memory" in done.stderr


def test_everything_as_json(tmp_path: Path) -> None:
    found = whole(tmp_path, ALL, fixture={"fetch": [{"url": "https://api.example.com/", "json": [1]}]})
    times = {name: found.pop(name) for name in ("compileMs", "cpuMs", "memoryBytes")}
    assert all(value > 0 for value in times.values())
    assert found == {
        "ok": True,
        "result": {"content": {"text": "200 [1]"}},
        "console": ["got hello"],
        "fetch": ["GET https://api.example.com/: 200"],
        "store": {"count": 1},
    }


@pytest.mark.parametrize(
    ("source", "kind", "message"),
    [
        ("let a = ;", "compiling", "SyntaxError: unknown: Unexpected token (1:8)"),
        ("let a = 1;", "evaluating", "class named Script"),
        ("class Script {}", "absent", "The script has no method process_incoming_request."),
        ("class Script { process_incoming_request() { null.x; } }", "running", "TypeError"),
        ("class Script { process_incoming_request() { return { n: 1n }; } }", "result", "BigInt"),
        ("class Script { process_incoming_request() { for (;;); } }", "timeout", "The script "),
    ],
)
def test_what_went_wrong(tmp_path: Path, source: str, kind: str, message: str) -> None:
    found = whole(tmp_path, source)
    assert found["error"]["kind"] == kind
    assert message in found["error"]["message"]
    done = run(tmp_path, source)
    assert (done.exit_code, done.stdout) == (1, "")
    assert message in done.stderr


def test_a_script_that_fails_shows_what_it_printed(tmp_path: Path) -> None:
    source = "class Script { process_incoming_request() { console.log('before\\x1b[2J'); throw 1; } }"
    done = run(tmp_path, source)
    assert done.stderr.splitlines() == ["console: before\ufffd[2J", "strongback: The script failed: 1."]


@pytest.mark.parametrize(
    ("fixture", "message"),
    [
        ({}, None),
        ("{", "is not JSON"),
        ("[]", "is not a JSON object"),
        ({"request": 1}, "has a request that is no object"),
        ({"request": {}, "reponse": {}}, "has 'reponse' beside the request"),
        ({"fetch": {}}, "has a fetch that is no list"),
        ({"fetch": [{"status": 200}]}, "missing required field `url`"),
        ({"fetch": [{"url": "x", "statsu": 200}]}, "unknown field `statsu`"),
        ({"store": [1]}, "has a store that is no object"),
    ],
)
def test_usage(tmp_path: Path, fixture: Any, message: str | None) -> None:
    done = run(tmp_path, ECHO, fixture=fixture)
    assert done.exit_code == (0 if message is None else 2)
    if message is not None:
        assert message in done.stderr.replace("\n", " ")


@pytest.mark.parametrize("words", [(), ("missing.js",), ("--method", "other")])
def test_usage_of_arguments(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, ["script", "run", *words])
    assert done.exit_code == 2


def test_a_request_alone_is_a_fixture(tmp_path: Path) -> None:
    found = whole(tmp_path, ECHO, fixture={"content": {"text": "plain"}, "headers": {"x": "y"}})
    assert found["result"] == {"content": {"text": "plain"}}


def test_a_request_is_filled_up_as_the_server_fills_it(tmp_path: Path) -> None:
    source = "class Script { process_incoming_request({ request }) { return request; } }"
    found = whole(tmp_path, source, fixture={"content": {"a": 1}, "url_raw": "/mine"})["result"]
    call = HookCall("/hooks/i/t", b"", {}, {"integrationId": "i", "token": "t"}, {}, b"")
    poster = Sender(
        Document("rocket.cat", {"_id": "rocket.cat"}), Caller("u", "u", frozenset(), Access(1, {}, {}, {}))
    )
    assert found.keys() == script_request(call, "", {}, poster).keys()
    assert (found["content"], found["body"], found["content_raw"]) == ({"a": 1}, {"a": 1}, '{"a": 1}')
    assert (found["url_raw"], found["user"]["username"]) == ("/mine", "rocket.cat")


def test_the_methods_of_outgoing_integrations(tmp_path: Path) -> None:
    source = """
    class Script {
      prepare_outgoing_request({ request }) {
        return { ...request, url: 'https://other.example.com/?' + request.data.text };
      }
      process_outgoing_response({ request, response }) {
        return { content: { text: response.status_code + response.content + request.method } };
      }
    }"""
    given = {"request": {"data": {"text": "hi"}}, "response": {"status_code": 418, "content": {"tea": True}}}
    prepared = whole(tmp_path, source, "--method", "prepare_outgoing_request", fixture=given)["result"]
    assert prepared["url"] == "https://other.example.com/?hi"
    assert prepared["method"] == "POST"
    processed = whole(tmp_path, source, "--method", "process_outgoing_response", fixture=given)["result"]
    assert processed == {"content": {"text": '418{"tea": true}POST'}}


def test_answers_of_a_fixture() -> None:
    text = json.dumps({"fetch": [{"url": "https://a/", "headers": {"X-Y": "z"}}]})
    answers = read(text, METHODS[0]).answers
    assert answers is not None
    assert (answers[0].status, answers[0].headers, answers[0].text) == (200, {"X-Y": "z"}, "")
    assert read("{}", METHODS[0]).answers is None
    assert read('{"fetch": []}', METHODS[0]).answers == ()
    with pytest.raises(UnusableFixture):
        read("NaN", METHODS[0])


def test_fetch_from_a_fixture(tmp_path: Path) -> None:
    source = """
    class Script {
      async process_incoming_request() {
        const told = [];
        const calls = [['https://a/'], ['https://a/', { method: 'POST' }], ['https://b/'], ['https://c/']];
        for (const [url, options] of calls) {
          try {
            const answer = await fetch(url, options);
            told.push([answer.status, answer.headers.get('X-Y'), await answer.text()]);
          } catch (error) {
            told.push(error.message);
          }
        }
        return told;
      }
    }"""
    answers = [
        {"url": "https://a/", "method": "POST", "status": 201},
        {"url": "https://a/", "headers": {"X-Y": "z"}, "text": "get"},
        {"url": "https://b/", "error": "the name b does not resolve"},
    ]
    found = whole(tmp_path, source, fixture={"fetch": answers})
    refusal = "The fixture has no answer for GET https://c/"
    assert found["result"] == [
        [200, "z", "get"],
        [201, None, ""],
        "the name b does not resolve",
        refusal,
    ]
    assert found["fetch"] == [
        "GET https://a/: 200",
        "POST https://a/: 201",
        "GET https://b/: the name b does not resolve",
        f"GET https://c/: {refusal}",
    ]


def test_fetch_through_the_door(tmp_path: Path) -> None:
    with Receiver() as receiver:
        receiver.answer(status=200, body={"text": "hello"})
        fixture = {"content": {"url": receiver.url}}
        found = whole(tmp_path, ALL, fixture=fixture)
        assert found["error"]["kind"] == "running"
        assert receiver.count == 0
        for words in (("--dev",), ("--allow", "127.0.0.0/8")):
            found = whole(tmp_path, ALL, *words, fixture=fixture)
            assert found["result"]["content"]["text"].startswith("200 ")
        assert receiver.count == 2
        assert run(tmp_path, ALL, "--allow", "127.0.0.1/8").exit_code == 2
