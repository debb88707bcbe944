"""What receivers are told: the seven events, member by member, as spec/06 B2 lists them."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.documents.document import Document
from strongback.documents.event import Event, EventKind
from strongback.integrations.validate_outgoing import EVENTS
from strongback.webhooks.payload import event_data, payload

SITE = "https://chat.example"
AT = 1_700_000_000_123
AT_TEXT = "2023-11-14T22:13:20.123Z"
SECRET = {"password": {"bcrypt": "$2b$10$hash"}, "resume": {"loginTokens": [{"hashedToken": "h4sh"}]}}

ANN: dict[str, Any] = {"_id": "uann", "username": "ann", "name": "Ann", "type": "user"}
ANN |= {"createdAt": "2020-01-01T00:00:00.000Z"}
GROUP: dict[str, Any] = {"_id": "rgifs", "name": "gifs", "t": "p", "ts": "2021-01-01T00:00:00.000Z"}
MESSAGE: dict[str, Any] = {
    "_id": "m1",
    "rid": "rgifs",
    "msg": "!gif party",
    "ts": AT_TEXT,
    "u": {"_id": "uann", "username": "ann", "name": "Ann"},
}


def document(*parts: dict[str, Any]) -> Document:
    body = {name: value for part in parts for name, value in part.items()}
    return Document(body["_id"], body)


def event(kind: EventKind, **changes: Any) -> Event:
    """An event of this kind, its documents with everything that must stay here."""
    whole = Event(
        kind=kind,
        room=document(GROUP, {"lastMessage": MESSAGE, "joinCode": "open sesame"}),
        user=document(ANN, {"services": SECRET, "inviteToken": "inv1te"}),
        message=None,
        owner=None,
        at=AT,
    )
    return replace(whole, **changes)


def test_the_kinds_are_those_that_integrations_may_name() -> None:
    assert set(get_args(EventKind)) == EVENTS.keys()


def test_send_message() -> None:
    assert event_data(event("sendMessage", message=document(MESSAGE)), SITE) == {
        "channel_id": "rgifs",
        "channel_name": "gifs",
        "message_id": "m1",
        "timestamp": AT_TEXT,
        "user_id": "uann",
        "user_name": "ann",
        "text": "!gif party",
        "siteUrl": SITE,
    }


def test_an_edited_reply_of_a_bot() -> None:
    marks = {"alias": "Giphy", "bot": {"i": "other"}, "editedAt": AT_TEXT, "tmid": "m0"}
    data = event_data(event("sendMessage", message=document(MESSAGE, marks)), SITE)
    assert list(data.items())[8:] == [
        ("alias", "Giphy"),
        ("bot", {"i": "other"}),
        ("isEdited", True),
        ("tmid", "m0"),
    ]


def test_marks_that_say_nothing_are_left_out() -> None:
    marks = {"alias": "", "bot": False, "editedAt": None, "tmid": ""}
    message = document(MESSAGE, marks)
    assert event_data(event("sendMessage", message=message), SITE).keys() == (
        event_data(event("sendMessage", message=document(MESSAGE)), SITE).keys()
    )


def test_a_direct_message_has_no_channel_name() -> None:
    room = Document("d1", {"_id": "d1", "t": "d"})
    data = event_data(event("sendMessage", room=room, message=document(MESSAGE)), SITE)
    assert data["channel_id"] == "d1"
    assert "channel_name" not in data


def test_file_uploaded() -> None:
    message = document(MESSAGE, {"file": {"_id": "f1"}, "editedAt": AT_TEXT, "tmid": "m0", "alias": "Scan"})
    assert event_data(event("fileUploaded", message=message), SITE) == {
        "channel_id": "rgifs",
        "channel_name": "gifs",
        "message_id": "m1",
        "timestamp": AT_TEXT,
        "user_id": "uann",
        "user_name": "ann",
        "text": "!gif party",
        "user": ANN,
        "room": GROUP,
        "message": message.body,
        "alias": "Scan",
    }


def test_room_created() -> None:
    owner = document({"_id": "uowner", "username": "olga", "services": SECRET})
    assert event_data(event("roomCreated", owner=owner), SITE) == {
        "channel_id": "rgifs",
        "channel_name": "gifs",
        "timestamp": "2021-01-01T00:00:00.000Z",
        "user_id": "uowner",
        "user_name": "olga",
        "owner": {"_id": "uowner", "username": "olga"},
        "room": GROUP,
    }


@pytest.mark.parametrize("kind", ["roomArchived", "roomJoined", "roomLeft"])
def test_what_members_do_to_rooms(kind: EventKind) -> None:
    expected = {
        "timestamp": AT_TEXT,
        "channel_id": "rgifs",
        "channel_name": "gifs",
        "user_id": "uann",
        "user_name": "ann",
        "user": ANN,
        "room": GROUP,
    }
    assert event_data(event(kind), SITE) == expected
    bot = ANN | {"type": "bot"}
    assert event_data(event(kind, user=document(bot)), SITE) == expected | {"user": bot, "bot": True}


def test_user_created() -> None:
    expected = {
        "timestamp": "2020-01-01T00:00:00.000Z",
        "user_id": "uann",
        "user_name": "ann",
        "user": ANN,
    }
    assert event_data(event("userCreated", room=None), SITE) == expected
    bot = ANN | {"type": "bot"}
    assert event_data(event("userCreated", user=document(bot)), SITE) == expected | {"user": bot, "bot": True}


def test_upstreams_order() -> None:
    shared = event_data(event("sendMessage", message=document(MESSAGE, {"bot": {"i": "x"}})), SITE)
    data = payload(shared, "s3cret", "!gif")
    assert list(data)[:4] == ["token", "bot", "trigger_word", "channel_id"]
    assert (data["token"], data["bot"], data["trigger_word"]) == ("s3cret", {"i": "x"}, "!gif")
    assert list(data).count("bot") == 1


def test_the_base_alone() -> None:
    assert payload({}, None, None) == {"bot": False}
    assert payload({}, "", "") == {"token": "", "bot": False}


@given(st.sampled_from(get_args(EventKind)), st.sampled_from(["services", "inviteToken", "e2e"]))
def test_no_secret_leaves(kind: EventKind, member: str) -> None:
    hidden = document(ANN, {member: SECRET})
    data = event_data(event(kind, user=hidden, owner=hidden, message=document(MESSAGE)), SITE)
    assert not {"$2b$10$hash", "h4sh", "open sesame", "inv1te"} & set(strings(data))
    assert "lastMessage" not in data.get("room", {})


def strings(value: Any) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []
