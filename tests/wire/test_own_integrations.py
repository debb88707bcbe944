"""What holders of some of the four permissions may make, change, see and remove, over HTTP (spec/05)."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.wire.conftest import calm
from tests.wire.making import incoming, outgoing, post, reach_bot
from tests.wire.server import Server
from tests.wire.test_scope import IN_ALL, IN_OWN, OUT_ALL, OUT_OWN, grant

API = "/api/v1/integrations"
INCOMING = {
    "type": "webhook-incoming",
    "username": "reach-bot",
    "channel": "#both",
    "scriptEnabled": False,
    "name": "builds",
    "enabled": True,
}
OUTGOING = INCOMING | {"type": "webhook-outgoing", "event": "sendMessage", "urls": ["http://127.0.0.1:9/"]}
NOT_YOURS = "Invalid Channel [error-invalid-channel]"
UNAUTHORIZED = "Unauthorized [not_authorized]"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose permissions these tests may change; Bob is in the group `both`, not in `closed`."""
    running = calm(Server.start(tmp_path_factory.mktemp("own")))
    try:
        running.create_user("bob")
        reach_bot(running)
        post(running.admin, "groups.create", {"name": "both", "members": ["bob"]})
        post(running.admin, "groups.create", {"name": "closed"})
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def bob(own: Server) -> httpx.Client:
    """An ordinary user."""
    return own.client("bob")


def check(answer: httpx.Response, error: str | None) -> None:
    """A 200 for None, else a 400 with exactly this error."""
    expected = (200, None) if error is None else (400, error)
    assert (answer.status_code, answer.json().get("error")) == expected


@pytest.mark.parametrize(
    ("held", "body", "error"),
    [
        ((IN_OWN,), INCOMING, None),
        ((IN_ALL,), INCOMING, None),
        ((OUT_ALL, OUT_OWN), INCOMING, UNAUTHORIZED),
        ((IN_OWN,), INCOMING | {"channel": "#closed"}, NOT_YOURS),
        ((IN_ALL,), INCOMING | {"channel": "#both,#closed"}, NOT_YOURS),
        ((IN_ALL, IN_OWN), INCOMING | {"channel": "#both,#closed"}, None),
        ((IN_ALL,), INCOMING | {"channel": "@bob"}, NOT_YOURS),
        ((IN_ALL, IN_OWN), INCOMING | {"channel": "@bob"}, None),
        ((OUT_OWN,), OUTGOING, None),
        ((IN_ALL, IN_OWN), OUTGOING, "[not_authorized]"),
        ((OUT_OWN,), OUTGOING | {"channel": "#closed"}, NOT_YOURS),
        ((OUT_ALL,), OUTGOING | {"channel": "@bob"}, NOT_YOURS),
        ((OUT_OWN,), OUTGOING | {"channel": "all_public_channels"}, None),
        ((OUT_OWN,), OUTGOING | {"channel": "all_private_groups"}, NOT_YOURS),
        ((OUT_OWN,), OUTGOING | {"channel": "all_direct_messages"}, NOT_YOURS),
        ((OUT_ALL,), OUTGOING | {"channel": "all_private_groups,all_direct_messages"}, None),
        (
            (OUT_OWN,),
            OUTGOING | {"event": "roomCreated", "channel": "", "username": "nobody"},
            "Invalid permission for required Integration creation. [error-invalid-permissions]",
        ),
        ((OUT_ALL,), OUTGOING | {"event": "roomCreated", "channel": ""}, None),
    ],
)
def test_create(
    own: Server, bob: httpx.Client, held: tuple[str, ...], body: dict[str, Any], error: str | None
) -> None:
    grant(own, *held)
    check(bob.post(f"{API}.create", json=body), error)


@pytest.mark.parametrize(
    ("held", "mine", "error"),
    [
        ((IN_ALL,), False, None),
        ((IN_OWN,), True, None),
        ((IN_OWN,), False, "Invalid integration [error-invalid-integration]"),
        ((IN_OWN, OUT_ALL, OUT_OWN), False, "Invalid integration [error-invalid-integration]"),
        ((OUT_ALL, OUT_OWN), True, UNAUTHORIZED),
    ],
)
def test_update_and_remove_an_incoming_one(
    own: Server, bob: httpx.Client, held: tuple[str, ...], mine: bool, error: str | None
) -> None:
    grant(own, IN_OWN)
    id = {"integrationId": incoming(bob if mine else own.admin, "hook", "#both")["_id"]}
    grant(own, *held)
    check(bob.put(f"{API}.update", json=INCOMING | id), error)
    check(bob.post(f"{API}.remove", json={"type": "webhook-incoming"} | id), error)


@pytest.mark.parametrize(
    ("held", "mine", "error", "on_update"),
    [
        ((OUT_ALL,), False, None, None),
        ((OUT_OWN,), True, None, None),
        (
            (OUT_OWN,),
            False,
            "Invalid integration [error-invalid-integration]",
            "[methods] updateOutgoingIntegration -> integration not found [invalid_integration]",
        ),
        ((IN_ALL, IN_OWN), True, UNAUTHORIZED, UNAUTHORIZED),
    ],
)
def test_update_and_remove_an_outgoing_one(
    own: Server,
    bob: httpx.Client,
    held: tuple[str, ...],
    mine: bool,
    error: str | None,
    on_update: str | None,
) -> None:
    grant(own, OUT_OWN)
    id = {"integrationId": outgoing(bob if mine else own.admin, "hook", "#both")["_id"]}
    grant(own, *held)
    channel = {"channel": "#both" if OUT_OWN in held or OUT_ALL in held else "all_public_channels"}
    check(bob.put(f"{API}.update", json=OUTGOING | channel | id | {"token": "t"}), on_update)
    check(bob.post(f"{API}.remove", json={"type": "webhook-outgoing"} | id), error)


def test_the_type_of_a_request_is_no_way_round(own: Server, bob: httpx.Client) -> None:
    grant(own, IN_ALL, IN_OWN)
    id = {"integrationId": outgoing(own.admin, "hook", "#both")["_id"]}
    check(bob.post(f"{API}.remove", json={"type": "webhook-incoming"} | id), "No integration found.")
    check(bob.put(f"{API}.update", json=INCOMING | id), "No integration found.")
    stored = own.admin.get(f"{API}.get", params=id).raise_for_status().json()["integration"]
    assert (stored["type"], stored["name"]) == ("webhook-outgoing", "hook")


@pytest.mark.parametrize(
    ("held", "mine", "error"),
    [
        ((IN_ALL,), False, None),
        ((IN_OWN,), True, None),
        ((IN_OWN,), False, "not-authorized"),
        ((OUT_ALL, OUT_OWN), True, "not-authorized"),
    ],
)
def test_get(own: Server, bob: httpx.Client, held: tuple[str, ...], mine: bool, error: str | None) -> None:
    grant(own, IN_OWN)
    id = {"integrationId": incoming(bob if mine else own.admin, "hook", "#both")["_id"]}
    grant(own, *held)
    check(bob.get(f"{API}.get", params=id), error)


def test_the_poster_of_an_incoming_one_becomes_a_bot(own: Server) -> None:
    def roles(username: str) -> list[str]:
        answer = own.admin.get("/api/v1/users.info", params={"username": username})
        listed: list[str] = answer.raise_for_status().json()["user"]["roles"]
        return listed

    for name in ("poster-in", "poster-out"):
        own.create_user(name)
    outgoing(own.admin, "hook", "#both", username="poster-out")
    assert roles("poster-out") == ["user"]
    made = incoming(own.admin, "hook", "#both", username="poster-in")
    assert roles("poster-in") == ["user", "bot"]
    ignored = {"integrationId": made["_id"], "username": "poster-out", "token": "chosen"}
    answer = own.admin.put(f"{API}.update", json=INCOMING | ignored).raise_for_status().json()["integration"]
    kept = ("username", "userId", "token", "_createdBy", "_createdAt")
    assert [answer[name] for name in kept] == [made[name] for name in kept]
    assert (roles("poster-in"), roles("poster-out")) == (["user", "bot"], ["user"])


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"retryFailedCalls": True}, (True, 4, "powers-of-ten")),
        ({"retryFailedCalls": True, "retryCount": 0, "retryDelay": " "}, (True, 4, "powers-of-ten")),
        ({"retryFailedCalls": True, "retryCount": -1, "retryDelay": "X"}, (True, 4, "x")),
        (
            {"retryFailedCalls": True, "retryCount": 2, "retryDelay": "Powers-Of-Two"},
            (True, 2, "powers-of-two"),
        ),
        ({"retryFailedCalls": False, "retryCount": -1, "retryDelay": "X"}, (False, -1, "X")),
        ({"retryCount": 3}, (None, 3, None)),
        ({}, (None, None, None)),
    ],
)
def test_retries_and_trigger_words(own: Server, sent: dict[str, Any], stored: tuple[Any, ...]) -> None:
    made = outgoing(own.admin, "hook", "#both", triggerWords=["a", " "], runOnEdits=False, **sent)
    assert tuple(made.get(name) for name in ("retryFailedCalls", "retryCount", "retryDelay")) == stored
    assert {"retryFailedCalls", "retryCount", "retryDelay"} & made.keys() >= sent.keys()
    assert (made["triggerWords"], made["runOnEdits"]) == (["a"], False)
    assert "token" not in made
    file = outgoing(own.admin, "hook", "ALL_PRIVATE_GROUPS", event="fileUploaded", triggerWords=["a"], **sent)
    assert ("triggerWords" in file, file["channel"]) == (False, ["all_private_groups"])


def test_an_account_that_took_the_name_of_the_poster_is_not_the_poster(own: Server) -> None:
    own.create_user("poster-gone")
    made = incoming(own.admin, "hook", "#both", username="poster-gone")
    for step in ("users.delete", "users.create"):
        more = {"name": "x", "email": "again@example.com", "password": "x"} if step == "users.create" else {}
        post(own.admin, step, {"username": "poster-gone"} | more)
    answer = own.admin.put(f"{API}.update", json=INCOMING | {"integrationId": made["_id"]})
    check(answer, "Invalid Post As User [error-invalid-post-as-user]")
    stored = own.admin.get(f"{API}.get", params={"integrationId": made["_id"]}).json()["integration"]
    assert stored["enabled"] is False
