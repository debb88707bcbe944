"""Accounts with rocketchat-API."""

from typing import Any

import pytest
from rocketchat_API.APIExceptions.RocketExceptions import (
    RocketApiException,
    RocketAuthenticationException,
    RocketBadStatusCodeException,
)

from tests.clients.conftest import People, id_of


@pytest.fixture(scope="module")
def ulla(people: People) -> Any:
    (client,) = people.create("ulla")
    return client


def test_login_and_logout(people: People) -> None:
    people.create("una")
    client = people.client("una")
    assert client.me()["username"] == "una"
    by_mail = people.client()
    assert by_mail.login("una@example.com", "pw-una")["data"]["userId"] == id_of(client)
    with pytest.raises(RocketAuthenticationException):
        people.client("una", "wrong")
    assert client.logout()["data"] == {"message": "You've been logged out!"}
    with pytest.raises(RocketBadStatusCodeException) as refused:
        client.me()
    assert refused.value.status_code == 401
    assert by_mail.me()["username"] == "una"


def test_a_token_instead_of_a_password(people: People, ulla: Any) -> None:
    client = people.client()
    client.headers |= {"X-User-Id": id_of(ulla), "X-Auth-Token": ulla.headers["X-Auth-Token"]}
    assert client.me()["username"] == "ulla"


def test_register(people: People) -> None:
    visitor = people.client()
    user = visitor.users_register("ruth@example.com", "Ruth", "pw-ruth", "ruth")["user"]
    assert (user["username"], user["name"], user["active"]) == ("ruth", "Ruth", True)
    ruth = people.client("ruth")
    assert ruth.me()["emails"] == [{"address": "ruth@example.com", "verified": False}]
    with pytest.raises(RocketApiException, match="Username is already in use"):
        visitor.users_register("other@example.com", "Other", "pw-other", "ruth")


def test_create_list_and_info(people: People, ulla: Any) -> None:
    made = people.admin.users_create(
        "bot@example.com", "Bot", "pw-bot", "a-bot", roles=["bot"], verified=True, joinDefaultChannels=False
    )["user"]
    assert (made["roles"], made["emails"][0]["verified"]) == (["bot"], True)
    assert people.admin.users_info(username="a-bot")["user"]["_id"] == made["_id"]
    seen = ulla.users_info(made["_id"])["user"]
    assert seen["name"] == "Bot"
    assert "emails" not in seen
    every = [user["username"] for user in people.admin.users_list(count=2)]
    assert {"admin", "rocket.cat", "ulla", "a-bot"} <= set(every)
    assert every == sorted(every)
    with pytest.raises(RocketApiException, match="User not found"):
        ulla.users_info(username="nobody")


def test_update(people: People, ulla: Any) -> None:
    (uwe,) = people.create("uwe")
    user = people.admin.users_update(id_of(uwe), name="Uwe the Second", roles=["user", "bot"])["user"]
    assert (user["name"], sorted(user["roles"])) == ("Uwe the Second", ["bot", "user"])
    assert uwe.me()["name"] == "Uwe the Second"
    with pytest.raises(RocketApiException, match="Editing user is not allowed"):
        ulla.users_update(id_of(uwe), name="Uwe the Third")


def test_who_is_not_active_does_not_come_in(people: People) -> None:
    (uma,) = people.create("uma")
    done = people.admin.users_set_active_status(id_of(uma), False)
    assert done["user"] == {"_id": id_of(uma), "active": False}
    with pytest.raises(RocketAuthenticationException):
        people.client("uma")
    with pytest.raises(RocketBadStatusCodeException):
        uma.me()
    people.admin.users_set_active_status(id_of(uma), True)
    assert people.client("uma").me()["active"] is True


def test_status_and_presence(people: People, ulla: Any) -> None:
    (vera,) = people.create("vera")
    assert ulla.users_set_status("In a meeting", status="busy") == {"success": True}
    seen = vera.users_info(username="ulla")["user"]
    assert (seen["status"], seen["statusText"]) == ("busy", "In a meeting")
    assert vera.users_get_presence(username="ulla")["presence"] == "busy"
    assert vera.users_get_presence(user_id=id_of(ulla))["presence"] == "busy"
    with pytest.raises(RocketApiException, match="Valid status types include"):
        ulla.users_set_status("", status="asleep")


def test_preferences(people: People, ulla: Any) -> None:
    set_ = ulla.users_set_preferences(id_of(ulla), {"sidebarSortby": "alphabetical", "useEmojis": False})
    assert set_["user"]["settings"]["preferences"]["sidebarSortby"] == "alphabetical"
    kept = ulla.users_get_preferences()["preferences"]
    assert (kept["sidebarSortby"], kept["useEmojis"]) == ("alphabetical", False)


def test_the_picture_of_who_has_none_is_initials(people: People, ulla: Any) -> None:
    for picture in (
        people.admin.users_get_avatar(user_id=id_of(ulla)),
        ulla.users_get_avatar(username="ulla"),
    ):
        assert picture.startswith("<svg")
        assert ">U<" in picture.replace("\n", "")
    assert ulla.users_reset_avatar(username="ulla") == {"success": True}


def test_tokens_for_others(people: People, ulla: Any) -> None:
    made = people.admin.users_create_token(id_of(ulla), "secret")["data"]
    assert made["userId"] == id_of(ulla)
    client = people.client()
    client.headers |= {"X-User-Id": made["userId"], "X-Auth-Token": made["authToken"]}
    assert client.me()["username"] == "ulla"
    with pytest.raises(RocketApiException) as refused:
        ulla.users_create_token(id_of(people.admin), "secret")
    assert refused.value.error_type == "error-not-authorized"


def test_a_forgotten_password_is_no_news(people: People) -> None:
    assert people.client().users_forgot_password("ulla@example.com") == {"success": True}


def test_delete(people: People, ulla: Any) -> None:
    (zoe,) = people.create("zoe")
    with pytest.raises(RocketApiException) as refused:
        ulla.users_delete(id_of(zoe))
    assert (refused.value.status_code, refused.value.error) == (403, "unauthorized")
    rid = zoe.groups_create("of-zoe", members=["ulla"])["group"]["_id"]
    with pytest.raises(RocketApiException) as refused:
        people.admin.users_delete(id_of(zoe))
    assert refused.value.error_type == "user-last-owner"
    assert people.admin.users_delete(id_of(zoe), confirmRelinquish=True)["success"] is True
    with pytest.raises(RocketBadStatusCodeException):
        zoe.me()
    assert ulla.groups_roles(rid)["roles"][0]["u"]["username"] == "ulla"
