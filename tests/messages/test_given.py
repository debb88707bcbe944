"""The message object of chat.sendMessage (spec/07 section 3)."""

from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from strongback.errors import Failure
from strongback.messages.given import given
from tests.messages.test_build import JSON, NAMES
from tests.room_world import NOW

draft = partial(given, previews=None, now=NOW, threads=True)


def test_unknown_keys_stay_and_the_servers_own_do_not() -> None:
    own = {
        "msg": "hi",
        "text": "t",
        "t": "e2e",
        "e2e": "pending",
        "content": {"a": 1},
        "bot": {"i": "js.SDK"},
    }
    forged: dict[str, Any] = {
        "_updatedAt": "x",
        "u": {"_id": "u-bob"},
        "ts": NOW,
        "pinned": True,
        "pinnedAt": "x",
        "pinnedBy": {},
        "starred": [],
        "reactions": {},
        "editedAt": "x",
        "editedBy": {},
        "_hidden": True,
        "replies": [],
        "tcount": 5,
        "tlm": "x",
        "urls": [],
        "mentions": [],
        "channels": [],
        "md": [],
        "files": [],
    }
    made = draft({"rid": "r-eng", "_id": "m1", **own, **forged})
    assert (made.id, made.msg, made.at, made.parse_urls, made.tmid) == ("m1", "hi", NOW, True, None)
    assert made.members == {name: value for name, value in own.items() if name != "msg"}


@pytest.mark.parametrize("msg", [{}, {"msg": None}, {"text": "not a synonym"}])
def test_a_missing_text_is_empty(msg: dict[str, Any]) -> None:
    assert draft({"rid": "r", **msg}).msg == ""


@pytest.mark.parametrize(
    "kind",
    "r au ru ul uj ut ult ujt wm rm rtc user-muted user-unmuted subscription-role-added room-archived room-set-read-only"
    " room_e2e_enabled room_changed_topic added-user-to-team removed-user-from-team user-converted-to-team"
    " user-deleted-room-from-team videoconf message_pinned message_pinned_e2e discussion-created".split(),
)
def test_system_messages_are_the_servers(kind: str) -> None:
    with pytest.raises(Failure) as caught:
        draft({"rid": "r", "t": kind})
    assert caught.value.message == "Cannot send system messages using 'chat.sendMessage'"


@pytest.mark.parametrize("kind", ["custom", "", None, 5, ["uj"]])
def test_other_types_are_left_out(kind: Any) -> None:
    assert "t" not in draft({"rid": "r", "t": kind}).members


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"_id": 5}, "_id"),
        ({"rid": {"$ne": 1}}, "rid"),
        ({"msg": []}, "msg"),
        ({"text": 5}, "text"),
        ({"alias": 5}, "alias"),
        ({"emoji": {}}, "emoji"),
        ({"avatar": "javascript:a/b"}, "avatar"),
        ({"tmid": 5}, "tmid"),
        ({"tmid": "m", "tshow": "yes"}, "tshow"),
        ({"attachments": {}}, "attachments"),
        ({"attachments": [5]}, r"attachments\[0\]"),
        ({"blocks": "x"}, "blocks"),
    ],
)
def test_members_of_another_type(message: dict[str, Any], field: str) -> None:
    with pytest.raises(Failure, match=rf"^Match error: .* in field {field}$"):
        draft({"rid": "r", **message})


def test_threads() -> None:
    assert draft({"tmid": "m", "tshow": True}).members == {"tshow": True}
    assert draft({"tmid": "m", "tshow": False}).members == {}
    with pytest.raises(Failure) as caught:
        draft({"tshow": True})
    assert (caught.value.text, caught.value.error) == ("tshow provided but missing tmid", "invalid-params")
    with pytest.raises(Failure) as caught:
        given({"tmid": "m"}, None, NOW, threads=False)
    assert caught.value.message == "not-allowed [error-not-allowed]"


@pytest.mark.parametrize(
    ("ts", "at"),
    [
        (None, NOW),
        (NOW - 10_000, NOW - 10_000),
        (NOW + 10_000, NOW + 10_000),
        (NOW - 10_001, NOW),
        (NOW + 60_000, NOW),
        ("2023-11-14T22:13:15.000Z", NOW - 5_000),
        ("2023-11-14T23:13:15+01:00", NOW - 5_000),
        ({"$date": NOW - 1}, NOW - 1),
    ],
)
def test_a_time_near_the_servers(ts: Any, at: int) -> None:
    assert draft({"ts": ts}).at == at


@pytest.mark.parametrize("ts", [NOW - 60_001, NOW + 60_001, "yesterday", {"$date": "x"}, [1], True, 1e300])
def test_a_time_far_from_the_servers(ts: Any) -> None:
    with pytest.raises(Failure) as caught:
        draft({"ts": ts})
    assert caught.value.message == "Message timestamp is out of sync [error-message-ts-out-of-sync]"


@pytest.mark.parametrize("message", [{"msg": "\ud800"}, {"_id": "\ud800"}, {"content": ["\ud800"]}])
def test_what_is_no_unicode(message: dict[str, Any]) -> None:
    with pytest.raises(Failure, match="not valid Unicode"):
        draft(message)


MORE = st.sampled_from(["_id", "rid", "ts", "t", "tshow", "blocks", "e2e", "content", "u"]) | NAMES


@settings(max_examples=300, deadline=None)
@examples(st.dictionaries(MORE, JSON, max_size=6))
def test_any_json_is_a_message_or_a_failure(message: dict[str, Any]) -> None:
    before = repr(message)
    try:
        made = draft(message)
    except Failure:
        pass
    else:
        msgspec.json.encode((made.msg, made.members, made.id, made.tmid))
        assert not {"_id", "rid", "ts", "u", "mentions"} & made.members.keys()
    assert repr(message) == before, "a message is read, never changed"
