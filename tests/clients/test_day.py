"""A day of three people: they come, talk, connect a service, tidy up and part; each sees what is theirs to see."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from rocketchat_API.APIExceptions.RocketExceptions import (
    RocketApiException,
)

from strongback.testing.receiver import Receiver
from tests.clients.conftest import People, id_of
from tests.clients.test_chat import texts
from tests.wire.outgoing import until

NOTHING = "does not match any group"


@dataclass
class Day:
    """Ida, who makes the group, Jon, who is invited, and Kai, who is not, or not yet."""

    people: People
    receiver: Receiver
    ida: Any
    jon: Any
    kai: Any
    rid: str = ""


@pytest.fixture
def day(people: People) -> Iterator[Day]:
    """They register with the service, and log in."""
    visitor = people.client()
    for name in ("ida", "jon", "kai"):
        made = visitor.users_register(f"{name}@example.com", name.title(), f"pw-{name}", name)
        assert made["user"]["username"] == name
    with Receiver() as receiver:
        yield Day(people, receiver, *(people.client(name) for name in ("ida", "jon", "kai")))


def groups(client: Any) -> list[str]:
    """The groups that somebody sees."""
    return [group["name"] for group in client.groups_list()]


def history(client: Any, day: Day) -> list[str]:
    """What somebody reads in the group, oldest first, without what the group says itself."""
    return [message["msg"] for message in client.groups_history(day.rid) if "t" not in message][::-1]


def told(client: Any, day: Day) -> list[str]:
    """What the group says itself, oldest first."""
    return [message["t"] for message in client.groups_history(day.rid) if "t" in message][::-1]


def unread(client: Any, day: Day) -> tuple[bool, int]:
    """Whether somebody has something to read, and how often they were mentioned."""
    mine = client.subscriptions_get_one(day.rid)["subscription"]
    return mine["alert"], mine["userMentions"]


def hears_nothing(client: Any, day: Day) -> None:
    """Somebody who is not in the group finds nothing of it."""
    for ask in (client.groups_info, client.groups_history, client.groups_members):
        with pytest.raises(RocketApiException, match=NOTHING):
            ask(day.rid)
    with pytest.raises(RocketApiException):
        client.chat_search(day.rid, "lunch")
    assert client.subscriptions_get_one(day.rid)["subscription"] is None
    assert day.rid not in {room["_id"] for room in client.rooms_get()["update"]}


def test_a_day(day: Day) -> None:
    they_meet(day)
    they_talk(day)
    they_talk_in_a_thread(day)
    a_service_reports(day)
    a_service_answers(day)
    they_look_for_something(day)
    the_group_gets_another_name(day)
    one_leaves_and_one_is_put_out(day)
    the_group_is_put_away_and_deleted(day)


def they_meet(day: Day) -> None:
    assert groups(day.ida) == groups(day.jon) == []
    day.rid = day.ida.groups_create("lunch")["group"]["_id"]
    assert (groups(day.ida), groups(day.jon)) == (["lunch"], [])
    hears_nothing(day.jon, day)
    day.ida.groups_invite(day.rid, id_of(day.jon))
    day.ida.groups_set_topic(day.rid, "Where today?")
    assert groups(day.jon) == ["lunch"]
    assert day.jon.groups_info(day.rid)["group"]["topic"] == "Where today?"
    assert told(day.jon, day) == ["au", "room_changed_topic"]
    hears_nothing(day.kai, day)


def they_talk(day: Day) -> None:
    day.jon.subscriptions_read(day.rid)
    day.ida.chat_post_message("Hungry, @jon?", room_id=day.rid)
    assert (unread(day.ida, day), unread(day.jon, day)) == ((False, 0), (True, 1))
    assert texts(day.jon.chat_get_mentioned_messages(day.rid)) == ["Hungry, @jon?"]
    day.jon.subscriptions_read(day.rid)
    answer = day.jon.chat_post_message("Vrey", room_id=day.rid)["message"]["_id"]
    day.jon.chat_update(day.rid, answer, "Very")
    day.ida.chat_react(answer, emoji="tada")
    assert day.jon.chat_get_message(answer)["message"]["reactions"] == {":tada:": {"usernames": ["ida"]}}
    assert (unread(day.ida, day), unread(day.jon, day)) == ((True, 0), (False, 0))
    assert history(day.ida, day) == history(day.jon, day) == ["Hungry, @jon?", "Very"]
    assert day.ida.groups_info(day.rid)["group"]["lastMessage"]["msg"] == "Very"


def they_talk_in_a_thread(day: Day) -> None:
    root = day.ida.chat_post_message("Pizza or soup?", room_id=day.rid)["message"]["_id"]
    day.jon.chat_post_message("Soup", room_id=day.rid, tmid=root)
    day.ida.chat_post_message("Pizza", room_id=day.rid, tmid=root)
    assert sorted(texts(day.jon.chat_get_thread_messages(root))) == ["Pizza", "Soup"]
    assert texts(day.ida.chat_get_threads_list(day.rid)) == ["Pizza or soup?"]
    without = day.ida.groups_history(day.rid, showThreadMessages="false")
    assert texts(without)[0] == "Pizza or soup?"
    with pytest.raises(RocketApiException):
        day.kai.chat_get_thread_messages(root)


def a_service_reports(day: Day) -> None:
    admin = day.people.admin
    with pytest.raises(RocketApiException) as refused:
        day.ida.integrations_create("webhook-incoming", "menu", True, "rocket.cat", "#lunch", False)
    assert refused.value.error_type == "not_authorized"
    admin.permissions_update([{"_id": "manage-own-incoming-integrations", "roles": ["admin", "user"]}])
    day.ida.groups_invite(day.rid, "rocket.cat")
    hook = day.ida.integrations_create(
        "webhook-incoming", "menu", True, "rocket.cat", "#lunch", False, alias="Menu"
    )["integration"]
    url = f"{day.people.server.url}/hooks/{hook['_id']}/{hook['token']}"
    assert httpx.post(url, json={"text": "Today: *pumpkin soup*"}).status_code == 200
    (last, *_) = day.jon.groups_history(day.rid)
    assert (last["msg"], last["alias"], last["u"]["username"]) == (
        "Today: *pumpkin soup*",
        "Menu",
        "rocket.cat",
    )
    assert [one["_id"] for one in day.ida.groups_get_integrations(day.rid)] == [hook["_id"]]


def a_service_answers(day: Day) -> None:
    admin = day.people.admin
    admin.permissions_update([{"_id": "manage-own-outgoing-integrations", "roles": ["admin", "user"]}])
    day.receiver.answer(body={"text": "It is booked."})
    day.ida.integrations_create(
        "webhook-outgoing",
        "table",
        True,
        "rocket.cat",
        "#lunch",
        False,
        event="sendMessage",
        urls=[day.receiver.url],
        triggerWords=["book"],
    )
    day.jon.chat_post_message("book a table for two", room_id=day.rid)
    (request,) = day.receiver.wait(1)
    asked = request.json()
    assert (asked["text"], asked["user_name"], asked["channel_name"]) == (
        "book a table for two",
        "jon",
        "lunch",
    )
    until(lambda: history(day.ida, day)[-1] == "It is booked." or None, "answers")
    assert history(day.jon, day)[-2:] == ["book a table for two", "It is booked."]


def they_look_for_something(day: Day) -> None:
    assert texts(day.jon.chat_search(day.rid, "soup")) == ["Today: *pumpkin soup*", "Soup", "Pizza or soup?"]
    found = day.ida.chat_search(day.rid, "table for two", max_count=1)
    (booking,) = texts(found)
    assert booking == "book a table for two"
    day.ida.chat_pin_message(next(day.ida.chat_search(day.rid, "pumpkin"))["_id"])
    assert texts(day.jon.chat_get_pinned_messages(day.rid)) == ["Today: *pumpkin soup*"]
    hears_nothing(day.kai, day)


def the_group_gets_another_name(day: Day) -> None:
    with pytest.raises(RocketApiException, match="Editing room is not allowed"):
        day.jon.groups_rename(day.rid, "soup")
    day.ida.groups_rename(day.rid, "soup-club")
    assert groups(day.jon) == groups(day.ida) == ["soup-club"]
    bound = {one["name"]: one["channel"] for one in day.ida.groups_get_integrations(day.rid)}
    assert bound == {"menu": ["#soup-club"], "table": ["#soup-club"]}
    day.jon.chat_post_message("book again", room_id=day.rid)
    assert day.receiver.wait(2)[1].json()["channel_name"] == "soup-club"
    until(lambda: history(day.ida, day)[-1] == "It is booked." or None, "answers")


def one_leaves_and_one_is_put_out(day: Day) -> None:
    day.ida.groups_invite(day.rid, id_of(day.kai))
    assert history(day.kai, day)[-1] == "It is booked."
    day.kai.groups_leave(day.rid)
    assert groups(day.kai) == []
    hears_nothing(day.kai, day)
    with pytest.raises(RocketApiException, match="last owner"):
        day.ida.groups_leave(day.rid)
    day.ida.groups_add_owner(day.rid, id_of(day.jon))
    day.jon.groups_kick(day.rid, id_of(day.ida))
    hears_nothing(day.ida, day)
    assert told(day.jon, day)[-4:] == ["au", "ul", "subscription-role-added", "ru"]
    members = day.jon.groups_members(day.rid)
    assert [member["username"] for member in members] == ["jon", "rocket.cat"]


def the_group_is_put_away_and_deleted(day: Day) -> None:
    day.jon.groups_archive(day.rid)
    with pytest.raises(RocketApiException, match="room_is_archived"):
        day.jon.chat_post_message("One more?", room_id=day.rid)
    assert history(day.jon, day)[-1] == "It is booked."
    day.jon.groups_delete(day.rid)
    assert groups(day.jon) == []
    hears_nothing(day.jon, day)
    kept = {one["name"]: one for one in day.ida.integrations_list()}
    assert {name: one["enabled"] for name, one in kept.items()} == {"menu": False, "table": False}
    assert kept["menu"]["disabledReason"] == "The room #soup-club was deleted"
    hook = f"{day.people.server.url}/hooks/{kept['menu']['_id']}/{kept['menu']['token']}"
    assert httpx.post(hook, json={"text": "Tomorrow: fish"}).status_code == 503
