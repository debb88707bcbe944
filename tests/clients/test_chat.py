"""Messages with rocketchat-API."""

from itertools import count
from typing import Any

import pytest
from rocketchat_API.APIExceptions.RocketExceptions import (
    RocketApiException,
)

from tests.clients.conftest import People, id_of

LONG_AGO = "2020-01-01T00:00:00.000Z"
_numbers = count()


@pytest.fixture(scope="module")
def ann(people: People) -> Any:
    """Who owns the group."""
    (client,) = people.create("ann")
    return client


@pytest.fixture(scope="module")
def bob(people: People) -> Any:
    """A member of the group."""
    (client,) = people.create("bob")
    return client


@pytest.fixture
def rid(ann: Any, bob: Any) -> str:
    """A group of Ann's with Bob in it."""
    made = ann.groups_create(f"talk-{next(_numbers)}", members=["bob"])
    id: str = made["group"]["_id"]
    return id


def texts(messages: Any) -> list[str]:
    """What messages say."""
    return [message["msg"] for message in messages]


def test_post_and_read(ann: Any, bob: Any, rid: str) -> None:
    posted = ann.chat_post_message("Hello *Bob*, 100% & more: ünïcode", room_id=rid)
    assert posted["channel"] == rid
    message = posted["message"]
    assert (message["msg"], message["u"]["username"], message["attachments"]) == (
        "Hello *Bob*, 100% & more: ünïcode",
        "ann",
        [],
    )
    assert bob.chat_get_message(message["_id"])["message"]["_id"] == message["_id"]
    name = ann.groups_info(rid)["group"]["name"]
    bob.chat_post_message("Hi", channel=f"#{name}", attachments=[{"title": "A", "text": "B", "color": "red"}])
    sent = bob.chat_send_message({"rid": rid, "msg": "Fine", "_id": f"own-{rid}"})["message"]
    assert sent["_id"] == f"own-{rid}"
    assert texts(ann.groups_history(rid)) == ["Fine", "Hi", "Hello *Bob*, 100% & more: ünïcode"]


def test_every_page_of_a_history_comes(ann: Any, bob: Any, rid: str) -> None:
    for number in range(7):
        ann.chat_post_message(f"m{number}", room_id=rid)
    assert texts(bob.groups_history(rid, count=3)) == [f"m{number}" for number in reversed(range(7))]


def test_edit_and_delete(ann: Any, bob: Any, rid: str) -> None:
    own = bob.chat_post_message("Helo", room_id=rid)["message"]["_id"]
    edited = bob.chat_update(rid, own, "Hello")["message"]
    assert (edited["msg"], edited["editedBy"]["username"]) == ("Hello", "bob")
    other = ann.chat_post_message("Mine", room_id=rid)["message"]["_id"]
    with pytest.raises(RocketApiException, match="Message editing not allowed"):
        bob.chat_update(rid, other, "Yours")
    with pytest.raises(RocketApiException) as refused:
        bob.chat_delete(rid, other)
    assert refused.value.error_type == "error-action-not-allowed"
    gone = bob.chat_delete(rid, own)
    assert (gone["_id"], gone["message"]["rid"]) == (own, rid)
    assert texts(ann.groups_history(rid)) == ["Mine"]
    deleted = [*ann.chat_get_deleted_messages(rid, LONG_AGO)]
    assert [message["_id"] for message in deleted] == [own]


def test_marks(ann: Any, bob: Any, rid: str) -> None:
    id = ann.chat_post_message("Remember @bob", room_id=rid)["message"]["_id"]
    bob.chat_react(id)
    bob.chat_react(id, emoji=":tada:")
    ann.chat_pin_message(id)
    bob.chat_star_message(id)
    message = bob.chat_get_message(id)["message"]
    assert message["reactions"] == {":smile:": {"usernames": ["bob"]}, ":tada:": {"usernames": ["bob"]}}
    assert (message["pinned"], message["starred"]) == (True, [{"_id": id_of(bob)}])
    for found in (
        bob.chat_get_pinned_messages(rid),
        bob.chat_get_starred_messages(rid),
        bob.chat_get_mentioned_messages(rid),
    ):
        assert texts(found) == ["Remember @bob"]
    assert texts(ann.chat_get_starred_messages(rid)) == []
    assert texts(ann.chat_get_mentioned_messages(rid)) == []
    ann.chat_unpin_message(id)
    bob.chat_unstar_message(id)
    bob.chat_react(id, shouldReact=False)
    assert texts(bob.chat_get_pinned_messages(rid)) == []
    assert texts(bob.chat_get_starred_messages(rid)) == []
    assert bob.chat_get_message(id)["message"]["reactions"] == {":tada:": {"usernames": ["bob"]}}


def test_search(ann: Any, bob: Any, rid: str) -> None:
    for text in ("The cake is in the oven", "Which oven?", "The big one"):
        ann.chat_post_message(text, room_id=rid)
    assert sorted(texts(bob.chat_search(rid, "oven"))) == ["The cake is in the oven", "Which oven?"]
    assert texts(bob.chat_search(rid, "cake oven")) == ["The cake is in the oven"]
    assert texts(bob.chat_search(rid, "bread")) == []


def test_threads(ann: Any, bob: Any, rid: str) -> None:
    root = ann.chat_post_message("Lunch?", room_id=rid)["message"]["_id"]
    bob.chat_post_message("Yes", room_id=rid, tmid=root)
    ann.chat_send_message({"rid": rid, "msg": "Where?", "tmid": root})
    assert sorted(texts(bob.chat_get_thread_messages(root))) == ["Where?", "Yes"]
    (thread,) = ann.chat_get_threads_list(rid)
    assert (thread["msg"], thread["tcount"], sorted(thread["replies"])) == (
        "Lunch?",
        2,
        sorted([id_of(ann), id_of(bob)]),
    )
    assert bob.chat_unfollow_message(root) == {"success": True}
    assert ann.chat_get_message(root)["message"]["replies"] == [id_of(ann)]
    assert bob.chat_follow_message(root) == {"success": True}
    assert sorted(ann.chat_get_message(root)["message"]["replies"]) == sorted([id_of(ann), id_of(bob)])


def test_sync(ann: Any, bob: Any, rid: str) -> None:
    root = ann.chat_post_message("Root", room_id=rid)["message"]["_id"]
    bob.chat_post_message("Reply", room_id=rid, tmid=root)
    gone = bob.chat_post_message("Oops", room_id=rid)["message"]["_id"]
    bob.chat_delete(rid, gone)
    result = ann.chat_sync_messages(rid, LONG_AGO)["result"]
    assert sorted(texts(result["updated"])) == ["Reply", "Root"]
    assert [message["_id"] for message in result["deleted"]] == [gone]
    assert texts(ann.chat_sync_thread_list(rid, LONG_AGO)["threads"]["update"]) == ["Root"]
    assert texts(ann.chat_sync_thread_messages(root, LONG_AGO)["messages"]["update"]) == ["Reply"]


def test_read_and_unread(ann: Any, bob: Any, rid: str) -> None:
    def unread() -> tuple[bool, int, int]:
        found = bob.subscriptions_get_one(rid)["subscription"]
        return found["alert"], found["unread"], found["userMentions"]

    assert unread() == (False, 0, 0)
    ann.chat_post_message("Are you there?", room_id=rid)
    ann.chat_post_message("@bob?", room_id=rid)
    alert, _, mentions = unread()
    assert (alert, mentions) == (True, 1)
    assert rid in {one["rid"] for one in bob.subscriptions_get()["update"]}
    assert bob.subscriptions_read(rid) == {"success": True}
    assert unread() == (False, 0, 0)
    assert bob.subscriptions_unread(rid) == {"success": True}
    assert unread()[0] is True


def test_rooms(ann: Any, bob: Any, rid: str) -> None:
    assert rid in {room["_id"] for room in bob.rooms_get()["update"]}
    assert bob.rooms_info(rid)["room"]["t"] == "p"
    name = bob.rooms_info(rid)["room"]["name"]
    assert ann.rooms_info(room_name=name)["room"]["_id"] == rid
    assert {room["_id"] for room in bob.rooms_get(updatedSince="2120-01-01T00:00:00.000Z")["update"]} == set()
