"""users.update and users.setActiveStatus, over HTTP (spec/08)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.wire.conftest import StartServer, calm
from tests.wire.server import Server

UPDATE, STATUS = "/api/v1/users.update", "/api/v1/users.setActiveStatus"


def update(client: httpx.Client, user_id: str, /, **data: Any) -> httpx.Response:
    return client.post(UPDATE, json={"userId": user_id, "data": data})


def id_of(client: httpx.Client) -> str:
    return client.headers["x-user-id"]


def make(server: Server, username: str, **more: Any) -> str:
    """Create an account without logging in."""
    body = {"username": username, "name": username.title(), "email": f"{username}@example.com"}
    body |= {"password": f"pw-{username}", **more}
    answer = server.admin.post("/api/v1/users.create", json=body).raise_for_status()
    found: str = answer.json()["user"]["_id"]
    return found


def test_an_administrator_changes_an_account(server: Server) -> None:
    id = make(server, "upd-ann")
    body = update(
        server.admin,
        id,
        name="Ann",
        username="upd-anna",
        email="anna@example.com",
        verified=True,
        roles=["user", "bot"],
        bio="hello",
        nickname=None,
        password="other-pw",
        customFields={"team": "red"},
        requirePasswordChange=False,
        sendWelcomeEmail=False,
        joinDefaultChannels=True,
    ).json()
    user = body["user"]
    assert body.keys() == {"user", "success"}
    assert user["username"] == "upd-anna"
    assert user["emails"] == [{"address": "anna@example.com", "verified": True}]
    assert (user["roles"], user["bio"], user["customFields"]) == (["user", "bot"], "hello", {"team": "red"})
    assert not {"services", "__rooms"} & user.keys()
    me = server.client("upd-anna", "other-pw").get("/api/v1/me").json()
    assert (me["_id"], me["name"], me["email"]) == (id, "Ann", "anna@example.com")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "must have required property 'userId'"),
        ({"userId": "x"}, "must have required property 'data'"),
        ({"userId": 7, "data": {}}, "must be string"),
        ({"userId": "x", "data": {"services": {}}}, "must NOT have additional properties"),
        ({"userId": "x", "data": {}, "more": 1}, "must NOT have additional properties"),
    ],
)
def test_the_shape_is_checked_first(server: Server, body: dict[str, Any], error: str) -> None:
    answer = server.admin.post(UPDATE, json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, f"{error} [invalid-params]")


@pytest.mark.parametrize(
    ("data", "error", "kind"),
    [
        ({"name": "<"}, "Name contains invalid characters", None),
        ({"username": "a b"}, "a b is not a valid username", "error-input-is-not-a-valid-field"),
        ({"username": "Rocket.Cat"}, "Rocket.Cat is already in use :(", "error-field-unavailable"),
        ({"email": "admin@example.com"}, "admin@example.com is already in use :(", "error-field-unavailable"),
        ({"roles": ["nobody"]}, "The field Roles consist invalid role id", "error-action-not-allowed"),
    ],
)
def test_what_is_refused(server: Server, data: dict[str, Any], error: str, kind: str | None) -> None:
    id = make(server, f"upd-bad-{next(NUMBERS)}")
    answer = update(server.admin, id, **data)
    expected = {"success": False, "error": error if kind is None else f"{error} [{kind}]"}
    assert answer.status_code == 400
    assert answer.json() == (expected if kind is None else expected | {"errorType": kind})


NUMBERS = iter(range(1_000))


def test_others_change_themselves_alone(server: Server) -> None:
    ann = server.create_user("upd-plain")
    answer = update(ann, "rocket.cat", name="Dog")
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "Editing user is not allowed [error-action-not-allowed]",
    )
    answer = update(ann, id_of(ann), roles=["user", "bot"])
    assert answer.json()["error"] == "Assign roles is not allowed [error-action-not-allowed]"
    assert update(ann, id_of(ann), name="Plain Ann").json()["user"]["name"] == "Plain Ann"
    answer = update(server.admin, "nobody", name="x")
    assert (answer.status_code, answer.json()) == (400, {"success": False, "error": "User not found"})


def test_an_older_account_is_asked_for_its_password(start_server: StartServer) -> None:
    own = calm(start_server())
    own.admin.post(
        "/api/v1/settings/Accounts_TwoFactorAuthentication_RememberFor", json={"value": 0}
    ).raise_for_status()
    answer = update(own.admin, id_of(own.admin), name="Boss")
    assert (answer.status_code, answer.json()["errorType"]) == (400, "totp-required")
    assert answer.json()["details"]["method"] == "password"


def test_a_poster_with_a_new_name_posts_on(server: Server) -> None:
    id = make(server, "upd-poster", roles=["bot"])
    group = server.admin.post("/api/v1/groups.create", json={"name": "upd-g", "members": ["upd-poster"]})
    rid = group.raise_for_status().json()["group"]["_id"]
    body = {
        "type": "webhook-incoming",
        "name": "n",
        "enabled": True,
        "username": "upd-poster",
        "channel": "#upd-g",
        "scriptEnabled": False,
    }
    hook = (
        server.admin.post("/api/v1/integrations.create", json=body).raise_for_status().json()["integration"]
    )
    path = f"/hooks/{hook['_id']}/{hook['token']}"
    server.anonymous().post(path, json={"text": "before"}).raise_for_status()
    update(server.admin, id, username="upd-robot").raise_for_status()
    server.anonymous().post(path, json={"text": "after"}).raise_for_status()
    found = server.admin.get("/api/v1/groups.messages", params={"roomId": rid}).json()["messages"]
    assert [(one["msg"], one["u"]["username"]) for one in found if "t" not in one] == [
        ("after", "upd-robot"),
        ("before", "upd-robot"),
    ]
    shown = server.admin.get("/api/v1/integrations.get", params={"integrationId": hook["_id"]}).json()
    assert shown["integration"]["username"] == "upd-robot"
    members = server.admin.get("/api/v1/groups.members", params={"roomId": rid}).json()["members"]
    assert "upd-robot" in {one["username"] for one in members}


def test_of_many_who_take_one_name_one_gets_it(server: Server) -> None:
    ids = [make(server, f"upd-race-{n}") for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: update(server.admin, one, username="upd-winner"), ids))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    assert {one.json()["errorType"] for one in answers if one.status_code == 400} == {
        "error-field-unavailable"
    }


def test_active_status(server: Server) -> None:
    ann = server.create_user("upd-gone")
    body = {"userId": id_of(ann), "activeStatus": False}
    assert ann.post(STATUS, json=body).status_code == 403
    assert ann.post(STATUS, json=body).json() == {"success": False, "error": "unauthorized"}
    answer = server.admin.post(STATUS, json=body)
    assert answer.json() == {"user": {"_id": id_of(ann), "active": False}, "success": True}
    assert ann.get("/api/v1/me").status_code == 401
    login = {"user": "upd-gone", "password": "pw-upd-gone"}
    answer = server.anonymous().post("/api/v1/login", json=login)
    assert (answer.status_code, answer.json()["error"]) == (401, "error-user-is-not-activated")
    assert server.admin.post(STATUS, json=body | {"activeStatus": True}).json()["user"]["active"] is True
    assert ann.get("/api/v1/me").status_code == 401
    assert server.client("upd-gone").get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"activeStatus": True}, "must have required property 'userId'"),
        ({"userId": "x"}, "must have required property 'activeStatus'"),
        ({"userId": "x", "activeStatus": "yes"}, "must be boolean"),
        ({"userId": "x", "activeStatus": True, "more": 1}, "must NOT have additional properties"),
    ],
)
def test_active_status_is_checked_for_its_shape(server: Server, body: dict[str, Any], error: str) -> None:
    assert server.admin.post(STATUS, json=body).json()["error"] == f"{error} [invalid-params]"


def test_active_status_of_owners_administrators_and_nobody(server: Server) -> None:
    ann, bob = server.create_user("upd-owner"), server.create_user("upd-heir")
    for name, members in (("upd-alone", []), ("upd-shared", ["upd-heir"])):
        ann.post("/api/v1/groups.create", json={"name": name, "members": members}).raise_for_status()
    body = {"userId": id_of(ann), "activeStatus": False}
    answer = server.admin.post(STATUS, json=body)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "user-last-owner")
    assert answer.json()["details"] == {"shouldBeRemoved": ["upd-alone"], "shouldChangeOwner": ["upd-shared"]}
    server.admin.post(STATUS, json=body | {"confirmRelinquish": True}).raise_for_status()
    roles = bob.get("/api/v1/groups.roles", params={"roomName": "upd-shared"}).json()["roles"]
    assert {one["u"]["username"] for one in roles if "owner" in one["roles"]} == {"upd-owner", "upd-heir"}
    answer = server.admin.post(STATUS, json={"userId": id_of(server.admin), "activeStatus": False})
    text = "Leaving the app without an active admin is not allowed [error-action-not-allowed]"
    assert (answer.status_code, answer.json()["error"]) == (400, text)
    answer = server.admin.post(STATUS, json={"userId": "nobody", "activeStatus": True})
    assert answer.json() == {"success": False, "error": "User not found"}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("users.delete", {}),
        ("users.setActiveStatus", {"activeStatus": False}),
        ("users.update", {"data": {"roles": ["user"]}}),
    ],
)
def test_of_two_administrators_who_end_each_other_one_stays(
    start_server: StartServer, name: str, more: dict[str, Any]
) -> None:
    own = calm(start_server())
    both = (own.admin, own.create_user("other", roles=["admin"]))
    victims = (id_of(both[1]), id_of(both[0]))

    def end(client: httpx.Client, victim: str) -> httpx.Response:
        return client.post(f"/api/v1/{name}", json={"userId": victim, **more})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(end, both, victims))
    codes = [answer.status_code for answer in answers]
    assert min(codes) == 200
    assert max(codes) in (400, 401, 403)  # too late, or nobody any more
    survivor = both[codes.index(200)]
    left = survivor.get("/api/v1/roles.getUsersInRole", params={"role": "admin"}).json()["users"]
    assert id_of(survivor) in {one["_id"] for one in left}
    assert survivor.get("/api/v1/me").json()["active"] is True
