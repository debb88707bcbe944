"""Hooks of incoming integrations over HTTP: every route, every form, and what keeps them from being misused."""

import base64
import json
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.stores import raw_rows
from tests.wire.conftest import StartServer, calm
from tests.wire.making import incoming, outgoing, post, reach_bot
from tests.wire.server import Server

NOT_FOUND = {"success": False, "error": "Invalid integration id or token provided."}
ECHO = """
class Script {
  process_incoming_request({ request }) {
    console.log(request.url_params.token);
    if (request.content.fail) { return missing.member; }
    if (request.content.refuse) { return { error: { code: request.content.refuse } }; }
    const shown = [request.content.text, request.url.query.a, request.user.username, request.content_raw.length];
    return { content: { text: shown.join(' ') }, response: { method: 'seen' } };
  }
}
"""
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def prepare(server: Server, group: str) -> dict[str, Any]:
    """Make a group with the account that posts in it, and an integration bound to it."""
    reach_bot(server)
    post(server.admin, "groups.create", {"name": group, "members": ["reach-bot"]})
    return incoming(server.admin, f"hook of {group}", f"#{group}")


def path(integration: dict[str, Any], prefix: str = "/hooks", *, user: str = "") -> str:
    """Where an integration is called."""
    middle = f"/{user}" if user else ""
    return f"{prefix}/{integration['_id']}{middle}/{integration['token']}"


def said(server: Server, group: str) -> list[str]:
    """The texts of a group, the newest first."""
    answer = server.admin.get("/api/v1/groups.messages", params={"roomName": group, "count": 0})
    return [message["msg"] for message in answer.raise_for_status().json()["messages"]]


@pytest.fixture(scope="module")
def hook(server: Server) -> dict[str, Any]:
    """An integration of the group `hooks`."""
    return prepare(server, "hooks")


@pytest.fixture(scope="module")
def scripted(server: Server, hook: dict[str, Any]) -> dict[str, Any]:
    """One with a script."""
    return incoming(server.admin, "echo", "#hooks", scriptEnabled=True, script=ECHO)


@pytest.fixture
def visitor(server: Server) -> Iterator[httpx.Client]:
    """A client that is not logged in."""
    with server.anonymous() as client:
        yield client


def test_a_call_posts(server: Server, hook: dict[str, Any], visitor: httpx.Client) -> None:
    answer = visitor.post(path(hook), json={"text": "first", "alias": "CI"})
    assert (answer.status_code, answer.text) == (200, '{"success":true}')
    assert answer.headers["access-control-allow-headers"] == "Origin, X-Requested-With, Content-Type, Accept"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert said(server, "hooks")[0] == "first"


def test_the_older_form_with_a_user_id(server: Server, hook: dict[str, Any], visitor: httpx.Client) -> None:
    for user in (hook["userId"], "anything", "info"):
        assert visitor.post(path(hook, user=user), json={"text": user}).status_code == 200
        assert said(server, "hooks")[0] == user


def test_info_and_sample(hook: dict[str, Any], visitor: httpx.Client) -> None:
    for user in ("", "u1"):
        answer = visitor.get(path(hook, "/hooks/info", user=user))
        assert (answer.status_code, answer.text) == (200, '{"success":true}')
        sample = visitor.get(path(hook, "/hooks/sample", user=user)).json()
        assert [one["text"] for one in sample] == ["Sample text 1", "Sample text 2", "Sample text 3"]
        for one in sample:
            assert list(one) == [
                "token", "channel_id", "channel_name", "timestamp", "user_id", "user_name", "text", "trigger_word",
            ]  # fmt: skip
            assert (one["channel_name"], one["user_name"], one["trigger_word"]) == (
                "general",
                "rocket.cat",
                "Sample",
            )


@pytest.mark.parametrize(
    ("route", "error"), [("add", "Match error: Missing key 'type'"), ("remove", "integration-not-found")]
)
def test_the_routes_that_do_not_work_in_rocket_chat(
    server: Server, hook: dict[str, Any], visitor: httpx.Client, route: str, error: str
) -> None:
    before = server.admin.get("/api/v1/integrations.list").json()["total"]
    body = {
        "event": "newMessageOnChannel", "name": "n", "target_url": "http://a.example/",
        "data": {"channel_name": "hooks"},
    }  # fmt: skip
    for user in ("", "u1"):
        answer = visitor.post(path(hook, f"/hooks/{route}", user=user), json=body)
        assert (answer.status_code, answer.json()) == (400, {"success": False, "error": error})
    assert server.admin.get("/api/v1/integrations.list").json()["total"] == before


@pytest.mark.parametrize("prefix", ["/hooks", "/hooks/info", "/hooks/sample", "/hooks/add", "/hooks/remove"])
def test_a_wrong_id_and_a_wrong_token_are_answered_alike(
    server: Server, hook: dict[str, Any], visitor: httpx.Client, prefix: str
) -> None:
    sent = outgoing(server.admin, "out", "#hooks", token="t" * 48)
    method = "GET" if prefix in {"/hooks/info", "/hooks/sample"} else "POST"
    answers = [
        visitor.request(method, f"{prefix}/{id}/{token}", json=None if method == "GET" else {"text": "x"})
        for id, token in (
            (hook["_id"], "wrong"),
            (hook["_id"], hook["token"] + "x"),
            (hook["_id"], hook["token"].swapcase()),
            (hook["_id"], "%20"),
            ("wrong", hook["token"]),
            ("wrong", "wrong"),
            (sent["_id"], "t" * 48),
            ("%F0%9F%9A%80", "%ED%A0%80"),
        )
    ]
    for answer in answers:
        headers = {name: value for name, value in answer.headers.items() if name != "date"}
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
        assert headers == {n: v for n, v in answers[0].headers.items() if n != "date"}


def test_paths_that_name_no_hook(hook: dict[str, Any], visitor: httpx.Client) -> None:
    for url in ("/hooks/", "/hooks/x", f"{path(hook)}/", f"{path(hook, user='a')}/b", "/hooks//x"):
        assert visitor.post(url, json={"text": "x"}).status_code == 404, url
    assert visitor.post(path(hook, "/hooks/info"), json={}).status_code == 405
    assert visitor.put(path(hook), json={}).status_code == 405


def test_anybody_may_ask_from_a_browser(hook: dict[str, Any], server: Server) -> None:
    answer = httpx.options(server.url + path(hook))
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


def test_a_get_has_no_effect(server: Server, hook: dict[str, Any], visitor: httpx.Client) -> None:
    before = said(server, "hooks")
    for user in ("", "u1"):
        answer = visitor.get(path(hook, user=user), params={"text": "x"})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
        assert "STRONGBACK_HOOKS_GET" in answer.json()["error"]
        assert visitor.head(path(hook, user=user)).status_code == 405
    assert said(server, "hooks") == before


def test_with_the_setting_a_get_runs_the_script_and_a_head_does_not(start_server: StartServer) -> None:
    server = start_server(STRONGBACK_HOOKS_GET="true")
    hook = prepare(server, "get")
    script = "class Script { process_incoming_request({request}) { return {content: {text: request.url.query.t}}; } }"
    scripted = incoming(server.admin, "get", "#get", scriptEnabled=True, script=script)
    with server.anonymous() as visitor:
        assert visitor.get(path(hook)).json() == {"success": True}
        assert visitor.get(path(scripted), params={"t": "got"}).json() == {"success": True}
        assert visitor.head(path(scripted), params={"t": "headed"}).status_code == 405
    assert said(server, "get") == ["got"]


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        (b'{"text": "a"}', None, "a"),
        (b'{"text": "b"}', "application/json; charset=utf-8", "b"),
        (b'{"text": "c\xe9"}', "application/json; charset=iso-8859-1", "cé"),
        (b"payload=%7B%22text%22%3A%22d%22%7D", "application/x-www-form-urlencoded", "d"),
        (b"payload=%7B%22text%22%3A%22e%22%7D", "application/x-www-form-urlencoded; charset=UTF-8", "e"),
        (b"text=f+g", "application/x-www-form-urlencoded", "f g"),
        (b'{"text": "h"}', "application/x-www-form-urlencoded", "h"),
        (b'{"text": "i"}', "text/plain", "i"),
        (b'{"text": "j"}', "application/alertmanager+json", "j"),
    ],
)
def test_forms_of_the_body(
    server: Server, hook: dict[str, Any], visitor: httpx.Client, content: bytes, kind: str | None, text: str
) -> None:
    headers = {} if kind is None else {"content-type": kind}
    answer = visitor.post(path(hook), content=content, headers=headers)
    assert answer.json() == {"success": True}
    assert said(server, "hooks")[0] == text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"payload={", "application/x-www-form-urlencoded", 400),
        (b"<a/>", "application/xml", 415),
        (b"{}", "application/json; charset=x", 415),
        (b"[" * 50_000, "application/json", 400),
        (b'{"text": "\\ud800"}', "application/json", 400),
        (b" " * 6_000_000, "application/json", 413),
    ],
)
def test_bodies_that_are_refused(
    hook: dict[str, Any], visitor: httpx.Client, content: bytes, kind: str, status: int
) -> None:
    answer = visitor.post(path(hook), content=content, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["success"]) == (status, False)


def test_a_disabled_integration(server: Server, hook: dict[str, Any], visitor: httpx.Client) -> None:
    one = incoming(server.admin, "off", "#hooks", enabled=False)
    answer = visitor.post(path(one), json={"text": "x"})
    assert (answer.status_code, answer.text) == (503, '"Service Unavailable"')


def test_without_its_account_nobody_is_logged_in(
    server: Server, hook: dict[str, Any], visitor: httpx.Client
) -> None:
    server.create_user("short-lived")
    one = incoming(server.admin, "short", "#hooks", username="short-lived")
    post(server.admin, "users.delete", {"username": "short-lived"})
    answer = visitor.post(path(one), json={"text": "x"})
    assert answer.status_code == 401
    assert answer.json() == {"status": "error", "message": "You must be logged in to do this."}


def test_an_account_that_is_not_in_the_group(
    server: Server, hook: dict[str, Any], visitor: httpx.Client
) -> None:
    post(server.admin, "groups.create", {"name": "closed"})
    one = incoming(server.admin, "closed", "#closed")
    answer = visitor.post(path(one), json={"text": "x"})
    assert (answer.status_code, answer.json()) == (400, {"success": False, "error": "error-not-allowed"})


# Scripts, in real workers


def test_a_script(server: Server, scripted: dict[str, Any], visitor: httpx.Client) -> None:
    answer = visitor.post(path(scripted), content=b'{"text": "hi"}', params={"a": "1"})
    assert (answer.status_code, answer.json()) == (200, {"method": "seen", "success": True})
    assert said(server, "hooks")[0] == "hi 1 reach-bot 14"


def test_a_script_that_refuses(scripted: dict[str, Any], visitor: httpx.Client) -> None:
    answer = visitor.post(path(scripted), json={"refuse": 7})
    assert (answer.status_code, answer.json()) == (400, {"success": False, "code": 7})


def test_a_script_that_fails_says_why_in_history_alone(
    server: Server, scripted: dict[str, Any], visitor: httpx.Client
) -> None:
    answer = visitor.post(path(scripted), json={"fail": True})
    assert (answer.status_code, answer.json()) == (400, {"success": False, "error": "error-running-script"})
    record = server.admin.get("/api/v1/integrations.history", params={"id": scripted["_id"]}).json()[
        "history"
    ][0]
    assert "missing" in record["errorStack"]
    assert record["console"] == ["*" * 44 + scripted["token"][-4:]]


def test_a_script_that_does_not_compile(server: Server, hook: dict[str, Any], visitor: httpx.Client) -> None:
    one = incoming(server.admin, "broken", "#hooks", scriptEnabled=True, script="class Script {")
    before = said(server, "hooks")
    answer = visitor.post(path(one), json={"text": "raw"})
    assert answer.json() == {"success": False, "error": "error-evaluating-script"}
    assert said(server, "hooks") == before


def test_disabled_scripts(start_server: StartServer) -> None:
    server = start_server(DISABLE_INTEGRATION_SCRIPTS="true")
    prepare(server, "plain")
    one = incoming(server.admin, "echo", "#plain", scriptEnabled=True, script=ECHO)
    with server.anonymous() as visitor:
        assert visitor.post(path(one), json={"text": "raw"}).json() == {"success": True}
    assert said(server, "plain") == ["raw"]


# Keys


def test_of_32_calls_with_one_key_one_posts(server: Server, hook: dict[str, Any]) -> None:
    caller = server.anonymous(check=False)

    def send(_: int) -> httpx.Response:
        headers = {"Idempotency-Key": "burst"}
        return caller.post(path(hook), json={"text": "burst"}, headers=headers)

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(send, range(32)))
    assert [(one.status_code, one.text) for one in answers] == [(200, '{"success":true}')] * 32
    assert sum(one.headers.get("idempotency-replayed") == "true" for one in answers) == 31
    assert said(server, "hooks").count("burst") == 1


@pytest.mark.parametrize("end", [Server.stop, Server.kill])
def test_a_restart_keeps_the_keys(start_server: StartServer, end: Any) -> None:
    server = start_server()
    hook = prepare(server, "kept")
    key = {"Webhook-Id": "msg_1"}
    assert (
        server.anonymous(check=False).post(path(hook), json={"text": "once"}, headers=key).status_code == 200
    )
    end(server)
    server = start_server(folder=server.folder)
    again = server.anonymous(check=False).post(path(hook), json={"text": "once"}, headers=key)
    assert (again.text, again.headers["idempotency-replayed"]) == ('{"success":true}', "true")
    other = server.anonymous(check=False).post(path(hook), json={"text": "twice"}, headers=key)
    assert other.status_code == 400
    assert said(server, "kept") == ["once"]


# How often


def test_calls_are_limited_by_integration_and_address(start_server: StartServer) -> None:
    server = start_server(STRONGBACK_HOOKS_RATE="3")
    hook = prepare(server, "limited")
    other = incoming(server.admin, "other", "#limited")
    with server.anonymous() as visitor:
        answers = [visitor.post(path(hook), json={"text": "x"}) for _ in range(4)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429]
        assert [one.headers["x-ratelimit-remaining"] for one in answers] == ["2", "1", "0", "0"]
        assert 1 <= int(answers[3].headers["retry-after"]) <= 60
        assert "too many requests" in answers[3].json()["error"]
        assert visitor.get(path(hook, "/hooks/info")).status_code == 429
        assert visitor.post(path(other), json={"text": "x"}).status_code == 200
        guesses = [visitor.post(f"/hooks/{id}/wrong").status_code for id in (hook["_id"], "a", "b", "c")]
        assert guesses == [404, 404, 404, 429]
        assert visitor.post(path(other), json={"text": "x"}).status_code == 200
    assert len(said(server, "limited")) == 5
    calm(server)
    assert server.anonymous(check=False).post(path(hook), json={"text": "x"}).status_code == 200


def test_without_a_limit_there_are_no_headers_of_one(start_server: StartServer) -> None:
    server = start_server(STRONGBACK_HOOKS_RATE="0")
    hook = prepare(server, "free")
    answer = server.anonymous(check=False).post(path(hook), json={"text": "x"})
    assert (answer.status_code, "x-ratelimit-limit" in answer.headers) == (200, False)


# Signatures


def sign(body: str, *, secret: str = SECRET, id: str = "msg_1", late: int = 0) -> dict[str, str]:
    """The headers of a call, signed by an independent library."""
    at = int(datetime.now(UTC).timestamp()) - late
    signature = Webhook(secret).sign(id, datetime.fromtimestamp(at, UTC), body)
    return {"webhook-id": id, "webhook-timestamp": str(at), "webhook-signature": signature}


def set_secret(server: Server, hook: dict[str, Any]) -> None:
    """Give an integration a signing secret."""
    setting = {"integrationId": hook["_id"], "secret": SECRET}
    answer = server.admin.post("/api/v1/integrations.setSecret", json=setting)
    assert answer.text == '{"success":true}'


def test_with_a_secret_calls_must_be_signed(server: Server) -> None:
    hook = prepare(server, "signed")
    body = json.dumps({"text": "signed"})
    set_secret(server, hook)

    def call(headers: dict[str, str]) -> int:
        return server.anonymous(check=False).post(path(hook), content=body, headers=headers).status_code

    assert call({}) == 401
    assert call(sign(body, late=301)) == 401
    assert call(sign(body, late=-301)) == 401
    assert call(sign(body + " ")) == 401
    assert [call(sign(body)), call(sign(body))] == [200, 200]
    assert said(server, "signed") == ["signed"]
    assert (
        server.admin.get("/api/v1/integrations.get", params={"integrationId": hook["_id"]}).status_code == 200
    )


@pytest.mark.sqlite
def test_without_the_key_no_signature_is_right(start_server: StartServer) -> None:
    server = start_server()
    hook = prepare(server, "signed")
    body = json.dumps({"text": "signed"})
    set_secret(server, hook)
    key = server.folder / "secret.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600

    def call(headers: dict[str, str]) -> int:
        return server.anonymous(check=False).post(path(hook), content=body, headers=headers).status_code

    assert call(sign(body)) == 200
    server.stop()
    kept = key.read_text()
    key.write_text("x" * 43)
    server = start_server(folder=server.folder)
    assert call(sign(body, id="msg_2")) == 503
    assert str(key) in server.log
    server.stop()
    key.unlink()
    server = start_server(folder=server.folder)
    assert call(sign(body, id="msg_2")) == 503
    assert f"the key {key} is gone" in server.log
    server.stop()
    server = start_server(folder=server.folder, STRONGBACK_SECRET_KEY=kept.strip())
    assert call(sign(body, id="msg_2")) == 200


def test_a_secret_is_shown_nowhere(server: Server, hook: dict[str, Any]) -> None:
    one = outgoing(server.admin, "signs", "#hooks", token="t" * 20)
    for integration in (hook | {"_id": incoming(server.admin, "own", "#hooks")["_id"]}, one):
        post(server.admin, "integrations.setSecret", {"integrationId": integration["_id"], "secret": SECRET})
        shown = server.admin.get(
            "/api/v1/integrations.get", params={"integrationId": integration["_id"]}
        ).text
        shown += server.admin.get("/api/v1/integrations.list", params={"count": 0}).text
        shown += server.admin.get("/api/v1/integrations.history", params={"id": integration["_id"]}).text
        shown += server.admin.get("/api/v1/groups.getIntegrations", params={"roomName": "hooks"}).text
        assert SECRET.removeprefix("whsec_") not in shown
        post(server.admin, "integrations.setSecret", {"integrationId": integration["_id"], "secret": None})
    assert SECRET not in server.log


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "must have required property 'integrationId' [invalid-params]"),
        ({"integrationId": "x"}, "must have required property 'secret' [invalid-params]"),
        ({"integrationId": 5, "secret": None}, "must be string [invalid-params]"),
        ({"integrationId": "x", "secret": None}, "No integration found."),
        (
            {"integrationId": "x", "secret": "s"},
            "A signing secret starts with whsec_. [error-invalid-secret]",
        ),
    ],
)
def test_secrets_that_can_not_be_set(server: Server, body: dict[str, Any], error: str) -> None:
    answer = server.admin.post("/api/v1/integrations.setSecret", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_secrets_are_not_everybodys_to_set(server: Server, hook: dict[str, Any]) -> None:
    mallory = server.create_user("mallory")
    answer = mallory.post(
        "/api/v1/integrations.setSecret", json={"integrationId": hook["_id"], "secret": None}
    )
    assert answer.json()["errorType"] == "not_authorized"
    with server.anonymous() as visitor:
        assert visitor.post("/api/v1/integrations.setSecret", json={}).status_code == 401


# Where tokens are not


def test_the_token_is_neither_in_the_log_nor_in_history(
    server: Server, hook: dict[str, Any], scripted: dict[str, Any], visitor: httpx.Client
) -> None:
    for one in (hook, scripted):
        token = one["token"]
        sent = {"text": token, "token": token, "attachments": [{"text": token}]}
        visitor.post(path(one), json=sent, headers={"idempotency-key": "k"})
        visitor.post(path(one) + "%00", json={"text": "x"})
        visitor.post(path(one), content=token, headers={"content-type": "application/json"})
        visitor.post(path(one), json={"text": "x", "channel": token})
        history = server.admin.get("/api/v1/integrations.history", params={"id": one["_id"], "count": 0}).text
        assert token[-4:] in history
        assert token not in history
        assert token not in server.log
        for table, column in (
            ("history", "integration_id"),
            ("copies", "integration"),
            ("keys", "integration"),
        ):
            rows = [row for row in raw_rows(server.folder, table) if row[column] == one["_id"]]
            assert rows, table
            assert token not in str(rows), table
