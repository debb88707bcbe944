"""Outgoing integrations: what a receiver is told, and what becomes of its answer (spec/06 B)."""

import base64
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from strongback.testing.answer import Answer, reset
from strongback.testing.receiver import Receiver
from tests.wire.conftest import calm
from tests.wire.outgoing import Group, until
from tests.wire.server import ADMIN, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server.start(tmp_path_factory.mktemp("outgoing"), "--dev")
    try:
        yield calm(running)
    finally:
        running.stop()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def script(body: str, method: str = "prepare_outgoing_request") -> dict[str, Any]:
    return {"script": f"class Script {{ {method}({{request, response}}) {{ {body} }} }}"}


ECHO = {
    "script": "class Script { process_outgoing_response({response}) { return {content: {text: response.content}}; } }"
}


# What a receiver is told.


def test_a_message_is_told_as_upstream_tells_it(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, token="a-token-of-the-sender")
    message = group.post("T-minus ten")
    [request] = receiver.wait(1, path=group.path)
    me = server.admin.get("/api/v1/me").json()["_id"]
    assert request.method == "POST"
    assert request.header("content-type") == "application/json"
    assert request.header("user-agent") == (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2227.0 Safari/537.36"
    )
    assert request.json() == {
        "token": "a-token-of-the-sender",
        "bot": False,
        "channel_id": group.id,
        "channel_name": group.name,
        "message_id": message["_id"],
        "timestamp": message["ts"],
        "user_id": me,
        "user_name": ADMIN,
        "text": "T-minus ten",
        "siteUrl": "http://localhost:3000",
    }
    assert list(request.json())[:2] == ["token", "bot"]
    assert request.header("webhook-signature") is None


def test_words_choose_messages_and_are_told(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, triggerWords=["!gif", "!g"])
    for text in ("no !gif here", "!G loud", "!gift", "!g"):
        group.post(text)
    assert sorted((told["text"], told["trigger_word"]) for told in group.told(2)) == [
        ("!g", "!g"),
        ("!gift", "!gif"),
    ]
    assert len(group.history(2)) == 2


def test_a_word_anywhere_is_found_within(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, triggerWords=["moon"], triggerWordAnywhere=True)
    group.post("to the moon")
    assert group.told()[0]["trigger_word"] == "moon"


@pytest.mark.parametrize("runs", [True, False])
def test_edits_are_told_only_where_they_are_wanted(server: Server, receiver: Receiver, runs: bool) -> None:
    group = Group(server, receiver, runOnEdits=runs)
    message = group.post("first")
    group.told(1)
    edit = {"roomId": group.id, "msgId": message["_id"], "text": "second"}
    server.admin.post("/api/v1/chat.update", json=edit).raise_for_status()
    group.told(2 if runs else 1)
    group.post("last")
    told = group.told(3 if runs else 2)
    # They are sent in this order, four at a time, and may arrive in another.
    assert {(one["text"], one.get("isEdited")) for one in told} == (
        {("first", None), ("second", True), ("last", None)} if runs else {("first", None), ("last", None)}
    )
    assert len(told) == (3 if runs else 2)


def test_every_url_is_told(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, urls=[f"{receiver.url}/both/1", f"{receiver.url}/both/2"])
    group.post("twice")
    assert receiver.wait(1, path="/both/1")[0].json() == receiver.wait(1, path="/both/2")[0].json()


def test_other_events_are_told(server: Server, receiver: Receiver) -> None:
    common = {
        "type": "webhook-outgoing",
        "enabled": True,
        "username": "rocket.cat",
        "channel": "",
        "scriptEnabled": False,
    }
    for event, more in (("roomCreated", {}), ("userCreated", {"targetRoom": "#general"})):
        body = {**common, "name": event, "event": event, "urls": [f"{receiver.url}/{event}"], **more}
        server.admin.post("/api/v1/integrations.create", json=body).raise_for_status()
    room = server.admin.post("/api/v1/groups.create", json={"name": "news"}).json()["group"]
    server.create_user("newcomer")
    [created] = [one.json() for one in receiver.wait(1, path="/roomCreated")]
    assert (created["channel_id"], created["channel_name"], created["user_name"]) == (
        room["_id"],
        "news",
        ADMIN,
    )
    assert created["room"]["t"] == "p"
    assert created["owner"]["username"] == ADMIN
    [account] = [one.json() for one in receiver.wait(1, path="/userCreated")]
    assert (account["user_name"], account["user"]["username"]) == ("newcomer", "newcomer")
    for told in (created, account):
        assert "services" not in str(told)
        assert "bcrypt" not in str(told)


def test_a_secret_signs_what_is_sent(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver)
    secret = "whsec_" + base64.b64encode(b"the key of the launch pad, 32 b.").decode()
    body = {"integrationId": group.integration["_id"], "secret": secret}
    answer = server.admin.post("/api/v1/integrations.setSecret", json=body)
    assert answer.json() == {"success": True}
    group.post("signed: ünïcode")
    [request] = receiver.wait(1, path=group.path)
    assert Webhook(secret).verify(request.body, dict(request.headers))["text"] == "signed: ünïcode"
    assert secret not in server.log


# What becomes of the answer.


def test_an_answer_with_a_text_is_posted(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, alias="Mission control", emoji=":rocket:")
    receiver.script(group.path, [Answer(body={"text": "copy", "attachments": [{"title": "log"}]})])
    group.post("hello")
    _, reply = group.messages(2)
    assert (reply["msg"], reply["alias"], reply["emoji"]) == ("copy", "Mission control", ":rocket:")
    assert reply["bot"] == {"i": group.integration["_id"]}
    assert reply["u"]["username"] == "rocket.cat"
    assert reply["attachments"] == [{"title": "log"}]
    [record] = group.history()
    assert (record["step"], record["resultMessage"][0]["message"]["_id"]) == (
        "url-response-sent-message",
        reply["_id"],
    )


def test_its_own_messages_and_long_chains_trigger_nothing(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver)
    receiver.script(group.path, [Answer(body={"text": "one"})])
    other = group.attach(path=f"{group.path}/other")
    receiver.script(f"{group.path}/other", [Answer(body={"text": "two"})])
    group.post("start")
    # start -> one, two; each is told to the other one alone, and so on for five hops
    messages = group.messages(1 + 2 * 5)
    assert [message["msg"] for message in messages].count("one") == 5
    group.history(5)
    group.history(5, other)
    assert len(group.messages(11)) == 11


def test_a_script_prepares_the_request(server: Server, receiver: Receiver) -> None:
    group = Group(
        server,
        receiver,
        **script(
            "return {url: request.url + '/sub?q=' + encodeURIComponent(request.data.text), method: 'PUT',"
            " headers: {'X-Launch': 'yes'}, auth: 'ann:secret', data: {said: request.data.text}};"
        ),
    )
    group.post("ünï code")
    [request] = receiver.wait(1, path=f"{group.path}/sub")
    assert (request.method, request.json()) == ("PUT", {"said": "ünï code"})
    assert request.target == f"{group.path}/sub?q=%C3%BCn%C3%AF%20code"
    assert request.header("x-launch") == "yes"
    assert request.header("authorization") == "Basic " + base64.b64encode(b"ann:secret").decode()
    assert group.history()[0]["ranPrepareScript"] is True


@pytest.mark.parametrize(
    ("body", "step", "posted"),
    [
        ("return;", "after-prepare-no-opts", []),
        ("return {message: {text: 'at once'}};", "after-prepare-no-url_or_method", ["at once"]),
        ("return {method: 'POST'};", "after-prepare-no-url_or_method", []),
        ("throw new Error('broken');", "execute-script-error-running-prepare_outgoing_request", []),
        ("return {url: request.url, method: 'POST', auth: 'nocolon'};", "after-prepare-no-opts", []),
    ],
)
def test_a_script_may_send_nothing(
    server: Server, receiver: Receiver, body: str, step: str, posted: list[str]
) -> None:
    group = Group(server, receiver, **script(body))
    group.post("hello")
    [record] = group.history()
    assert record["step"] == step
    assert [message["msg"] for message in group.messages()[1:]] == posted
    assert not [one for one in receiver.requests if one.path == group.path]


def test_a_script_reads_the_answer(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, **ECHO)
    receiver.script(group.path, [Answer(body={"text": "raw"})])
    group.post("hello")
    _, reply = group.messages(2)
    assert reply["msg"] == '{"text": "raw"}'
    assert group.history()[0]["step"] == "after-process-send-message"


@pytest.mark.parametrize(
    ("body", "step", "posted"),
    [("return false;", "after-process-false-result", 1), ("return 7;", "url-response-sent-message", 2)],
)
def test_a_script_may_say_nothing(
    server: Server, receiver: Receiver, body: str, step: str, posted: int
) -> None:
    group = Group(server, receiver, **script(body, "process_outgoing_response"))
    receiver.script(group.path, [Answer(body={"text": "raw"})])
    group.post("hello")
    [record] = group.history()
    assert record["step"] == step
    assert len(group.messages(posted)) == posted


def test_what_a_script_prints_is_seen_in_history(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, **script("console.log('text', request.data.text); return request;"))
    group.post("hello")
    [record] = group.history()
    assert "text hello" in record["scriptConsole"][0]


def test_a_reply_goes_where_the_message_says_if_the_creator_may(server: Server, receiver: Receiver) -> None:
    elsewhere = Group(server, receiver, triggerWords=["never"])
    group = Group(server, receiver)
    receiver.script(group.path, [Answer(body={"text": "over here", "channel": f"#{elsewhere.name}"})])
    group.post("hello")
    assert [message["msg"] for message in elsewhere.messages()] == ["over here"]
    assert len(group.messages()) == 1


def test_a_deactivated_account_posts_no_reply(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, username="rocket.cat")
    server.create_user("leaver")
    leaver = server.admin.get("/api/v1/users.info", params={"username": "leaver"}).json()["user"]["_id"]
    invited = {"roomId": group.id, "userId": leaver}
    server.admin.post("/api/v1/groups.invite", json=invited).raise_for_status()
    integration = group.attach("/leaver", username="leaver")
    receiver.script("/leaver", [Answer(body={"text": "still here"})])
    gone = {"userId": leaver, "activeStatus": False}
    server.admin.post("/api/v1/users.setActiveStatus", json=gone).raise_for_status()
    group.post("hello")
    [record] = group.history(integration=integration)
    assert "the account that the integration posts as is deactivated" in str(record)
    assert "still here" not in [message["msg"] for message in group.messages()]


def test_a_reply_of_a_deactivated_creator_goes_nowhere_else(server: Server, receiver: Receiver) -> None:
    elsewhere, group = (Group(server, receiver, triggerWords=["never"]) for _ in range(2))
    maker = server.create_user("maker-who-goes", roles=["user", "admin"])
    body = {
        "type": "webhook-outgoing", "name": "orphan", "enabled": True, "username": "rocket.cat",
        "channel": f"#{group.name}", "event": "sendMessage", "urls": [f"{receiver.url}/orphan"], "scriptEnabled": False,
    }  # fmt: skip
    integration = (
        maker.post("/api/v1/integrations.create", json=body).raise_for_status().json()["integration"]
    )
    receiver.script("/orphan", [Answer(body={"text": "over here", "channel": f"#{elsewhere.name}"})])
    gone = {"userId": integration["_createdBy"]["_id"], "activeStatus": False}
    server.admin.post("/api/v1/users.setActiveStatus", json=gone).raise_for_status()
    group.post("hello")
    [record] = group.history(integration=integration)
    assert f"the integration's creator may not target #{elsewhere.name}" in str(record)


def test_a_reply_may_not_go_where_its_creator_may_not(server: Server, receiver: Receiver) -> None:
    secret = Group(server, receiver, triggerWords=["never"])
    maker = server.create_user("hookmaker")
    grants = [{"_id": "manage-own-outgoing-integrations", "roles": ["admin", "user"]}]
    server.admin.post("/api/v1/permissions.update", json={"permissions": grants}).raise_for_status()
    room = maker.post("/api/v1/groups.create", json={"name": "theirs", "members": ["rocket.cat"]}).json()[
        "group"
    ]
    body = {
        "type": "webhook-outgoing", "name": "spy", "enabled": True, "username": "rocket.cat", "channel": "#theirs",
        "event": "sendMessage", "urls": [f"{receiver.url}/spy"], "scriptEnabled": False,
    }  # fmt: skip
    integration = (
        maker.post("/api/v1/integrations.create", json=body).raise_for_status().json()["integration"]
    )
    receiver.script("/spy", [Answer(body={"text": "inside", "channel": f"#{secret.name}"})])
    maker.post("/api/v1/chat.postMessage", json={"roomId": room["_id"], "text": "go"}).raise_for_status()
    [record] = secret.history(1, integration)
    assert "may not target" in record["errorStack"]
    assert server.admin.get("/api/v1/groups.messages", params={"roomId": secret.id}).json()["messages"] == []


def test_impersonation_is_of_the_one_who_wrote(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, impersonateUser=True)
    receiver.script(group.path, [Answer(body={"text": "as you", "user_name": "rocket.cat"})])
    group.post("hello")
    _, reply = group.messages(2)
    assert reply["u"]["username"] == ADMIN
    assert reply["bot"] == {"i": group.integration["_id"]}


# Failures.


def test_rocketchat_retries_as_it_is_told(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, retryFailedCalls=True, retryCount=2, retryDelay="powers-of-ten")
    receiver.script(group.path, [Answer(502), Answer(404, body="no"), Answer(200, body="ok")])
    group.post("hello")
    records = group.history(3)
    assert [record["step"] for record in records] == [
        "going-to-retry-1",
        "going-to-retry-2",
        "after-http-call",
    ]
    requests = receiver.wait(3, path=group.path)
    assert len({request.body for request in requests}) == 1
    assert len({request.header("webhook-id") for request in requests}) == 1
    waits = [later.at - earlier.at for earlier, later in pairwise(requests)]
    assert 0.1 <= waits[0] < 1.0 <= waits[1]


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        (Answer(500, body="broken"), "after-process-http-status-500"),
        (Answer(200), "too-many-retries"),
        (Answer(204), "too-many-retries"),
        (Answer(302, headers={"Location": "/elsewhere"}), "too-many-retries"),
        (reset(), "after-http-call"),
    ],
)
def test_rocketchat_fails_as_it_does(server: Server, receiver: Receiver, answer: Any, step: str) -> None:
    group = Group(server, receiver, retryFailedCalls=True, retryCount=1, retryDelay="powers-of-ten")
    receiver.script(group.path, [answer])
    group.post("hello")
    record = group.history(2 if step == "too-many-retries" else 1)[-1]
    assert (record["step"], record["error"]) == (step, True)
    assert not [one for one in receiver.requests if one.path == "/elsewhere"]


@pytest.mark.parametrize("answer", [Answer(200), Answer(204), Answer(201, body="x")])
def test_standard_takes_every_2xx_for_success(server: Server, receiver: Receiver, answer: Answer) -> None:
    group = Group(server, receiver)
    receiver.script(group.path, [answer])
    group.post("hello")
    assert group.history()[0]["finished"] is True


def test_standard_gives_up_at_once_where_trying_again_is_no_use(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver)
    receiver.script(group.path, [Answer(403, body="no")])
    group.post("hello")
    [record] = group.history()
    assert (record["step"], record["error"]) == ("failed-and-not-configured-to-retry", True)
    assert record["errorStack"] == "the receiver answered 403: not tried again"
    assert record["httpResult"] == '"no"'


def test_a_receiver_that_is_gone_disables_its_integration_and_says_so(
    server: Server, receiver: Receiver
) -> None:
    group = Group(server, receiver)
    receiver.script(group.path, [Answer(410, body="gone")])
    group.post("hello")
    messages = group.messages(2)
    assert messages[1]["msg"].startswith(
        f"The integration {group.name} was disabled: the receiver answered 410"
    )
    assert group.current()["enabled"] is False
    group.post("unheard")
    assert len(receiver.wait(1, path=group.path)) == 1


def test_a_disabled_integration_is_told_nothing_more(server: Server, receiver: Receiver) -> None:
    group = Group(server, receiver, retryFailedCalls=True, retryCount=3, retryDelay="powers-of-ten")
    receiver.script(group.path, [Answer(502)])
    group.post("hello")
    group.told(2)
    body = {**{name: value for name, value in group.current().items() if name in UPDATED}, "enabled": False}
    body |= {"integrationId": group.integration["_id"], "channel": f"#{group.name}", "token": "t"}
    server.admin.put("/api/v1/integrations.update", json=body).raise_for_status()

    def cancelled() -> bool | None:
        params = {"integrationId": group.integration["_id"], "state": "cancelled"}
        answer = server.admin.get("/api/v1/integrations.deliveries", params=params)
        return answer.raise_for_status().json()["total"] == 1 or None

    until(cancelled, "cancelled deliveries")


UPDATED = (
    "type",
    "username",
    "event",
    "urls",
    "scriptEnabled",
    "name",
    "retryFailedCalls",
    "retryCount",
    "retryDelay",
)


def test_a_private_address_is_not_called(
    receiver: Receiver, tmp_path_factory: pytest.TempPathFactory
) -> None:
    strict = Server.start(tmp_path_factory.mktemp("strict"))
    try:
        calm(strict)
        group = Group(strict, receiver)
        group.post("hello")
        [record] = group.history()
        assert record["httpError"]["code"] == "refused"
        assert "egress.allow" in record["httpError"]["message"]
        assert not [one for one in receiver.requests if one.path == group.path]
    finally:
        strict.stop()
