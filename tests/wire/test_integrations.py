"""integrations.*, over HTTP (spec/05)."""

from typing import Any

import httpx
import pytest

from tests.wire.conftest import StartServer
from tests.wire.making import incoming, outgoing, post, reach_bot
from tests.wire.server import Server

API = "/api/v1/integrations"
INCOMING = {
    "type": "webhook-incoming",
    "username": "reach-bot",
    "channel": "#hooks",
    "scriptEnabled": False,
    "name": "builds",
    "enabled": True,
}
OUTGOING = INCOMING | {"type": "webhook-outgoing", "event": "sendMessage", "urls": ["http://127.0.0.1:9/"]}
ONE_OF = "must match exactly one schema in oneOf"


@pytest.fixture(scope="module")
def admin(server: Server) -> httpx.Client:
    """The administrator, who is in the group `hooks`."""
    reach_bot(server)
    post(server.admin, "groups.create", {"name": "hooks"})
    return server.admin


def test_create_answers_what_is_stored_but_for_the_date(admin: httpx.Client) -> None:
    for body in (INCOMING, OUTGOING | {"token": "t"}):
        made = admin.post(f"{API}.create", json=body)
        assert made.status_code == 200
        assert made.json()["success"] is True
        shown = made.json()["integration"]
        assert shown["channel"] == ["#hooks"]
        assert "_updatedAt" not in shown
        stored = admin.get(f"{API}.get", params={"integrationId": shown["_id"]}).json()["integration"]
        assert stored == shown | {"_updatedAt": shown["_createdAt"]}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, ONE_OF),
        (INCOMING | {"type": "foo"}, ONE_OF),
        (INCOMING | {"extra": 1}, "must NOT have additional properties"),
        (INCOMING | {"enabled": "true"}, "must be boolean"),
        (INCOMING | {"channel": ["#hooks"]}, "must be string"),
        ({key: INCOMING[key] for key in INCOMING if key != "name"}, "must have required property 'name'"),
        (OUTGOING | {"triggerWords": [""]}, "must NOT have fewer than 1 characters"),
        (OUTGOING | {"urls": "http://127.0.0.1"}, "must be array"),
        (OUTGOING | {"urls": [1]}, "must be string"),
        (OUTGOING | {"retryCount": "4"}, "must be number"),
    ],
)
def test_the_schema_comes_first(server: Server, body: dict[str, Any], error: str) -> None:
    answer = server.client("admin", "pw-admin").post(f"{API}.create", json=body)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "invalid-params")
    assert error in answer.json()["error"]
    assert answer.json()["error"].endswith(f"{ONE_OF} [invalid-params]")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"type": "webhook-incoming-x"}, "Invalid integration type."),
        ({"channel": " "}, "Invalid channel [error-invalid-channel]"),
        (
            {"channel": "hooks", "username": ""},
            "Invalid channel. Start with @ or # [error-invalid-channel-start-with-chars]",
        ),
        (
            {"channel": "#hooks,"},
            "Invalid channel. Start with @ or # [error-invalid-channel-start-with-chars]",
        ),
        (
            {"channel": "all_private_groups"},
            "Invalid channel. Start with @ or # [error-invalid-channel-start-with-chars]",
        ),
        ({"username": " "}, "Invalid username [error-invalid-username]"),
        ({"username": "nobody", "channel": "#gone"}, "Invalid user [error-invalid-user]"),
        ({"username": "Reach-Bot"}, "Invalid user [error-invalid-user]"),
        ({"channel": "#gone"}, "Invalid room [error-invalid-room]"),
        ({"channel": "@nobody"}, "Invalid room [error-invalid-room]"),
    ],
)
def test_incoming_checks(admin: httpx.Client, change: dict[str, Any], error: str) -> None:
    answer = admin.post(f"{API}.create", json=INCOMING | change)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert ("errorType" in answer.json()) is error.endswith("]")
    details = {"method": "addIncomingIntegration"} if error.endswith("]") else None
    assert answer.json().get("details") == details


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"type": "x-webhook-outgoing"}, "Invalid integration type."),
        ({"event": "x", "username": ""}, "Invalid event type [error-invalid-event-type]"),
        ({"username": " ", "urls": []}, "Invalid username [error-invalid-username]"),
        ({"event": "userCreated", "urls": []}, "Invalid Target Room [error-invalid-targetRoom]"),
        ({"urls": [], "channel": ""}, "Invalid URLs [error-invalid-urls]"),
        ({"urls": [" "]}, "Invalid URLs [error-invalid-urls]"),
        ({"urls": None}, "Invalid URLs [error-invalid-urls]"),
        ({"channel": ""}, "Invalid Channel [error-invalid-channel]"),
        ({"channel": ","}, "Invalid Channel [error-invalid-channel]"),
        (
            {"channel": "hooks", "username": "nobody"},
            "Invalid channel. Start with @ or # [error-invalid-channel-start-with-chars]",
        ),
        (
            {"username": "nobody", "channel": "#gone"},
            "Invalid user (did you delete the `rocket.cat` user?) [error-invalid-user]",
        ),
        ({"channel": "#gone"}, "Invalid room [error-invalid-room]"),
    ],
)
def test_outgoing_checks(admin: httpx.Client, change: dict[str, Any], error: str) -> None:
    answer = admin.post(f"{API}.create", json=OUTGOING | change)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    if error.endswith("]"):
        step = {"error-invalid-user": "", "error-invalid-room": "._verifyUserHasPermissionForChannels"}
        function = f"validateOutgoing{step.get(answer.json()['errorType'], '._verifyRequiredFields')}"
        assert answer.json()["details"] == {"function": function}


def test_others_hear_400_from_create_and_403_elsewhere(server: Server, admin: httpx.Client) -> None:
    made = incoming(admin, "hooks-mine", "#hooks")
    user = server.create_user("hooks-una")
    create = user.post(f"{API}.create", json=INCOMING)
    assert (create.status_code, create.json()["error"]) == (400, "Unauthorized [not_authorized]")
    assert create.json()["errorType"] == "not_authorized"
    outgoing_ = user.post(f"{API}.create", json=OUTGOING)
    assert (outgoing_.status_code, outgoing_.json()["error"]) == (400, "[not_authorized]")
    update = user.put(f"{API}.update", json=INCOMING | {"integrationId": made["_id"]})
    assert (update.status_code, update.json()["error"]) == (400, "Unauthorized [not_authorized]")
    body = {"type": "webhook-incoming", "integrationId": made["_id"]}
    refusals = [
        user.post(f"{API}.remove", json=body),
        user.get(f"{API}.list"),
        user.get(f"{API}.history", params={"id": made["_id"]}),
    ]
    assert [one.status_code for one in refusals] == [403, 403, 403]
    assert refusals[0].json() == {"success": False, "error": "unauthorized"}
    got = user.get(f"{API}.get", params={"integrationId": made["_id"]})
    assert (got.status_code, got.json()) == (400, {"success": False, "error": "not-authorized"})


def test_update_answers_the_whole_document(admin: httpx.Client) -> None:
    made = incoming(admin, "hooks-old", "#hooks", alias="CI")
    body = INCOMING | {"integrationId": made["_id"], "name": "hooks-new", "more": 1}
    answer = admin.put(f"{API}.update", json=body).raise_for_status().json()["integration"]
    assert (answer["name"], answer["alias"], answer["token"]) == ("hooks-new", "CI", made["token"])
    assert answer["_updatedBy"]["username"] == "admin"
    assert {"_createdAt", "_updatedAt"} <= answer.keys()
    assert "more" not in answer


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"channel": " "}, "Invalid channel [error-invalid-channel]"),
        (
            {"channel": "all_private_groups"},
            "Invalid channel. Start with @ or # [error-invalid-channel-start-with-chars]",
        ),
        ({"channel": "#gone"}, "Invalid room [error-invalid-room]"),
    ],
)
def test_update_checks_the_channel(admin: httpx.Client, change: dict[str, Any], error: str) -> None:
    made = incoming(admin, "hooks-kept", "#hooks")
    answer = admin.put(f"{API}.update", json=INCOMING | {"integrationId": made["_id"], "name": "x"} | change)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.json()["details"] == {"method": "updateIncomingIntegration"}
    stored = admin.get(f"{API}.get", params={"integrationId": made["_id"]}).json()["integration"]
    assert stored["name"] == "hooks-kept"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (INCOMING, "must have required property 'integrationId'"),
        (OUTGOING | {"extra": 1}, "must NOT have additional properties"),
        (INCOMING | {"integrationId": "unknown"}, "No integration found."),
        (INCOMING | {"integrationId": ""}, "No integration found."),
        (OUTGOING | {"token": "t"}, "No integration found."),
        (OUTGOING | {"target_url": "http://127.0.0.1/unknown", "token": "t"}, "No integration found."),
        (INCOMING | {"integrationId": "x", "type": "webhook-incoming2"}, "Invalid integration type."),
    ],
)
def test_update_refusals(admin: httpx.Client, body: dict[str, Any], error: str) -> None:
    answer = admin.put(f"{API}.update", json=body)
    assert answer.status_code == 400
    assert error in answer.json()["error"]


def test_an_outgoing_update_needs_a_token(admin: httpx.Client) -> None:
    made = outgoing(admin, "hooks-out", "#hooks", urls=["http://127.0.0.1:9/by-url"])
    body = OUTGOING | {"target_url": "http://127.0.0.1:9/by-url"}
    answer = admin.put(f"{API}.update", json=body)
    assert answer.json()["error"] == "Invalid token [error-invalid-token]"
    changed = admin.put(f"{API}.update", json=body | {"token": "new"}).raise_for_status().json()
    assert (changed["integration"]["_id"], changed["integration"]["token"]) == (made["_id"], "new")


def test_remove_answers_the_document(admin: httpx.Client) -> None:
    made = outgoing(admin, "hooks-gone", "#hooks")
    body = {"type": "webhook-outgoing", "integrationId": made["_id"], "more": 1}
    answer = admin.post(f"{API}.remove", json=body).json()
    assert (answer["integration"]["_id"], answer["success"]) == (made["_id"], True)
    assert admin.post(f"{API}.remove", json=body).json()["error"] == "No integration found."
    got = admin.get(f"{API}.get", params={"integrationId": made["_id"]})
    assert got.json() == {"success": False, "error": "The integration does not exists."}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "webhook-incoming"},
        {"type": "x", "integrationId": "y"},
        {"type": "webhook-outgoing", "integrationId": "x", "target_url": "y"},
        {"type": "webhook-incoming", "target_url": "y"},
        {"type": "webhook-incoming", "integrationId": 5},
    ],
)
def test_remove_checks_the_shape_before_permissions(server: Server, body: dict[str, Any]) -> None:
    answer = server.client("reach-bot").post(f"{API}.remove", json=body)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "invalid-params")
    assert ONE_OF in answer.json()["error"]


def test_list(admin: httpx.Client) -> None:
    incoming(admin, "hooks-list", "#hooks")
    outgoing(admin, "hooks-list", "#hooks")
    body = admin.get(f"{API}.list", params={"count": 2, "fields": '{"name":1}'}).json()
    assert (body["items"], body["count"], body["offset"]) == (2, 2, 0)
    assert [one.keys() for one in body["integrations"]] == [{"_id", "name"}] * 2
    mine = admin.get(f"{API}.list", params={"query": '{"name":"hooks-list"}', "sort": '{"type":-1}'}).json()
    assert [one["type"] for one in mine["integrations"]] == ["webhook-outgoing", "webhook-incoming"]
    assert mine["total"] == 2


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, "must have required property 'integrationId' [invalid-params]"),
        ({"integrationId": ""}, 'The query parameter "integrationId" is required.'),
        ({"integrationId": "x"}, "The integration does not exists."),
    ],
)
def test_get_refusals(admin: httpx.Client, params: dict[str, str], error: str) -> None:
    answer = admin.get(f"{API}.get", params=params)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_get_takes_the_creator(admin: httpx.Client) -> None:
    made = incoming(admin, "hooks-by", "#hooks")
    creator = made["_createdBy"]["_id"]
    params = {"integrationId": made["_id"], "createdBy": creator}
    assert admin.get(f"{API}.get", params=params).json()["integration"]["_id"] == made["_id"]
    other = admin.get(f"{API}.get", params=params | {"createdBy": "x"})
    assert other.json()["error"] == "The integration does not exists."


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, "must have required property 'id' [invalid-params]"),
        ({"id": ""}, "must NOT have fewer than 1 characters [invalid-params]"),
        ({"id": "x", "offset": "a"}, "must be number [invalid-params]"),
        ({"id": "x", "fields": "{}"}, "must NOT have additional properties [invalid-params]"),
        ({"id": " "}, "Invalid integration id."),
    ],
)
def test_history_refusals(admin: httpx.Client, params: dict[str, str], error: str) -> None:
    answer = admin.get(f"{API}.history", params=params)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_history_of_an_unknown_integration_is_empty(admin: httpx.Client) -> None:
    answer = admin.get(f"{API}.history", params={"id": "unknown", "offset": 1})
    empty = {"history": [], "items": 0, "count": 0, "offset": 1, "total": 0, "success": True}
    assert answer.json() == empty


@pytest.mark.parametrize(
    "content",
    [
        b'{"type":"webhook-incoming","integrationId":"\\ud800"}',
        b'{"type":"webhook-incoming","integrationId":"a\\u0000"}',
        b'{"type":{"$ne":1},"integrationId":"a"}',
        b"[]",
        b"null",
        b"{",
    ],
)
def test_odd_bodies_are_400(admin: httpx.Client, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    assert admin.post(f"{API}.remove", content=content, headers=headers).status_code == 400
    assert admin.put(f"{API}.update", content=content, headers=headers).status_code == 400
    assert admin.post(f"{API}.create", content=content, headers=headers).status_code == 400


@pytest.mark.parametrize("number", [1e308, -1e308, 2**70, 0.1, -0.0])
def test_odd_numbers_do_no_harm(admin: httpx.Client, number: float) -> None:
    made = outgoing(admin, "hooks-odd", "#hooks", retryCount=number, retryFailedCalls=True)
    assert made["retryCount"] > 0
    body = {"type": "webhook-outgoing", "integrationId": made["_id"]}
    assert admin.post(f"{API}.remove", json=body).status_code == 200


@pytest.mark.parametrize("text", ["\0", "\u2028", "</script>", "x" * 100_000, "#hooks,@" + "y" * 500])
def test_odd_texts_do_no_harm(admin: httpx.Client, text: str) -> None:
    for member in ("name", "alias", "script", "channel", "username", "scriptEngine"):
        answer = admin.post(f"{API}.create", json=INCOMING | {member: text})
        assert answer.status_code in (200, 400), (member, answer.text)
        if answer.status_code == 200:
            made = answer.json()["integration"]
            assert made[member] == text
            body = {"type": "webhook-incoming", "integrationId": made["_id"]}
            admin.post(f"{API}.remove", json=body).raise_for_status()


@pytest.fixture
def masking(start_server: StartServer) -> httpx.Client:
    """The administrator of a server that shows no tokens, and refuses scripts."""
    started = start_server(STRONGBACK_TOKENS_REVEAL="false", FREEZE_INTEGRATION_SCRIPTS="yes")
    started.create_user("reach-bot")
    post(started.admin, "groups.create", {"name": "hooks"})
    return started.admin


def test_tokens_are_masked_where_the_operator_says_so(masking: httpx.Client) -> None:
    made = incoming(masking, "builds", "#hooks")
    assert len(made["token"]) == 48  # whoever makes it must learn it
    hidden = "*" * 44 + made["token"][-4:]
    group = masking.get("/api/v1/groups.getIntegrations", params={"roomName": "hooks"}).json()
    slim = masking.get(
        "/api/v1/groups.getIntegrations", params={"roomName": "hooks", "fields": '{"token":1}'}
    ).json()
    listed = masking.get(f"{API}.list").json()
    got = masking.get(f"{API}.get", params={"integrationId": made["_id"]}).json()["integration"]
    shown = [group["integrations"][0], slim["integrations"][0], listed["integrations"][0], got]
    assert [one["token"] for one in shown] == [hidden] * 4
    frozen = masking.post(f"{API}.create", json=INCOMING | {"script": "x"})
    assert (frozen.status_code, frozen.json()) == (
        400,
        {"success": False, "error": "integration-scripts-disabled"},
    )
