"""Conversations with rocketchat-API, which calls them by their other name, `dm.*`."""

from typing import Any

import pytest
from rocketchat_API.APIExceptions.RocketExceptions import (
    RocketApiException,
)

from tests.clients.conftest import People
from tests.clients.test_chat import texts
from tests.clients.test_groups import names


@pytest.fixture(scope="module")
def kim(people: People) -> Any:
    (client,) = people.create("kim")
    return client


@pytest.fixture(scope="module")
def lee(people: People) -> Any:
    (client,) = people.create("lee")
    return client


def test_two_people_talk(kim: Any, lee: Any) -> None:
    room = kim.dm_create("lee")["room"]
    assert (room["t"], sorted(room["usernames"])) == ("d", ["kim", "lee"])
    assert lee.dm_create("kim")["room"]["_id"] == room["_id"]
    kim.chat_post_message("Psst", channel="@lee")
    lee.chat_post_message("What?", room_id=room["_id"])
    assert texts(lee.dm_history(room["_id"])) == ["What?", "Psst"]
    assert texts(kim.dm_messages(room["_id"])) == ["What?", "Psst"]
    assert texts(kim.dm_messages(username="lee")) == ["What?", "Psst"]
    assert names(kim.dm_members(room["_id"])) == ["kim", "lee"]
    assert [one["_id"] for one in lee.dm_list()] == [room["_id"]]
    counters = lee.dm_counters(room["_id"])
    assert (counters["joined"], counters["members"], counters["msgs"]) == (True, 2, 2)


def test_who_may_edit_rooms_sets_the_topic(people: People, kim: Any) -> None:
    rid = people.admin.dm_create("kim")["room"]["_id"]
    assert people.admin.dm_set_topic(rid, "Secrets") == {"topic": "Secrets", "success": True}
    with pytest.raises(RocketApiException, match="Editing room is not allowed"):
        kim.dm_set_topic(rid, "Secrets")


def test_hide_and_show(kim: Any, lee: Any) -> None:
    rid = kim.dm_create("lee")["room"]["_id"]
    assert kim.dm_close(rid) == {"success": True}
    assert kim.subscriptions_get_one(rid)["subscription"]["open"] is False
    assert kim.dm_open(rid) == {"success": True}
    assert kim.subscriptions_get_one(rid)["subscription"]["open"] is True


def test_three_people_and_a_stranger(people: People, kim: Any) -> None:
    (eve,) = people.create("eve")
    room = kim.dm_create_multiple(["lee", "admin"])["room"]
    assert sorted(room["usernames"]) == ["admin", "kim", "lee"]
    with pytest.raises(RocketApiException):
        eve.dm_history(room["_id"])
    with pytest.raises(RocketApiException):
        eve.dm_messages(room["_id"])


def test_delete(people: People, kim: Any) -> None:
    rid = kim.dm_create("lee")["room"]["_id"]
    with pytest.raises(RocketApiException) as refused:
        kim.dm_delete(rid)
    assert refused.value.status_code == 400
    room = people.admin.dm_create("kim")["room"]["_id"]
    assert people.admin.dm_delete(room) == {"success": True}
    assert room not in {one["_id"] for one in kim.dm_list()}
