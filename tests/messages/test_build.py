"""The builder of messages that hooks, chat.postMessage and replies share (spec/06 A6)."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongback.errors import Failure
from strongback.messages.build import Defaults, draft

LOOKS = Defaults(channel="#eng", alias="Bot", avatar="https://x.example/a.png", emoji=":robot:")


def test_a_text_alone() -> None:
    made = draft({"text": " hi \n"}, Defaults("#eng"))
    assert (made.msg, made.targets, made.tmid, made.parse_urls) == ("hi", ("#eng",), None, True)
    assert made.members == {"groupable": False, "attachments": [], "parseUrls": True}


def test_an_empty_body_is_an_empty_message() -> None:
    assert draft({}).msg == ""
    assert draft({}).targets == ("",)


@pytest.mark.parametrize(
    ("body", "msg"),
    [
        ({"text": "a", "msg": "b"}, "a"),
        ({"text": "", "msg": "b"}, "b"),
        ({"text": None, "msg": "b"}, "b"),
        ({"text": 5}, "5"),
        ({"text": True}, "true"),
        ({"text": "\ufeff\u00a0a\u2028"}, "a"),
        ({"text": "\x1fa"}, "\x1fa"),
    ],
)
def test_the_text(body: dict[str, Any], msg: str) -> None:
    assert draft(body).msg == msg


def test_a_text_that_is_none() -> None:
    with pytest.raises(Failure, match=r"^Match error: Expected string, got object in field text$"):
        draft({"text": {"a": 1}})


@pytest.mark.parametrize(
    ("body", "targets"),
    [
        ({"channel": "#a"}, ("#a",)),
        ({"channel": ["#a", "@b", "#a"]}, ("#a", "@b")),
        ({"channel": "", "roomId": "r1"}, ("r1",)),
        ({"channel": "#a", "roomId": "r1"}, ("#a",)),
        ({"roomId": ["r1", "r2"]}, ("r1", "r2")),
        ({"channel": []}, ()),
        ({}, ("#eng",)),
    ],
)
def test_targets(body: dict[str, Any], targets: tuple[str, ...]) -> None:
    assert draft(body, LOOKS).targets == targets


@pytest.mark.parametrize("channel", [5, True, {"a": 1}, ["#a", 5], [None], ["x" * n for n in range(101)]])
def test_targets_that_are_none(channel: Any) -> None:
    with pytest.raises(Failure) as caught:
        draft({"channel": channel})
    assert caught.value.error == "error-invalid-params"


@pytest.mark.parametrize(
    ("body", "looks"),
    [
        ({}, {"alias": "Bot", "avatar": "https://x.example/a.png"}),
        ({"username": "u", "alias": "a"}, {"alias": "u", "avatar": "https://x.example/a.png"}),
        ({"alias": "a"}, {"alias": "a", "avatar": "https://x.example/a.png"}),
        ({"icon_emoji": ":x:"}, {"alias": "Bot", "emoji": ":x:"}),
        ({"emoji": ":y:", "icon_emoji": ""}, {"alias": "Bot", "emoji": ":y:"}),
        ({"icon_url": "/a/b", "emoji": ":x:"}, {"alias": "Bot", "avatar": "/a/b"}),
        ({"icon_url": "", "avatar": "/a/c"}, {"alias": "Bot", "avatar": "/a/c"}),
        ({"avatar": 5, "emoji": 0}, {"alias": "Bot", "avatar": "https://x.example/a.png"}),
    ],
)
def test_looks(body: dict[str, Any], looks: dict[str, Any]) -> None:
    made = draft(body, LOOKS).members
    assert {name: made[name] for name in ("alias", "avatar", "emoji") if name in made} == looks


def test_the_default_emoji_where_there_is_no_default_avatar() -> None:
    assert draft({}, Defaults("#a", emoji=":robot:")).members["emoji"] == ":robot:"


def test_attachments_decide_on_links_and_slack_texts_are_renamed() -> None:
    made = draft({"attachments": [{"msg": " t ", "text": "old", "color": "red"}]})
    assert made.members["attachments"] == [{"text": "t", "color": "red"}]
    assert made.members["parseUrls"] is False
    assert not made.parse_urls
    assert draft({"attachments": [{}], "parseUrls": True}).parse_urls
    assert not draft({"parseUrls": False}).parse_urls


@pytest.mark.parametrize("attachments", ["text", {"text": "a"}, 5, None])
def test_attachments_that_are_no_list_are_left_out(attachments: Any) -> None:
    made = draft({"attachments": attachments})
    assert made.members["attachments"] == []
    assert made.parse_urls


def test_members_that_pass_through() -> None:
    body = {"bot": {"i": "x"}, "tmid": "m1", "customFields": {"a": 1}, "groupable": True, "unknown": 1}
    made = draft(body)
    assert made.tmid == "m1"
    assert made.members == {
        "bot": {"i": "x"},
        "groupable": True,
        "attachments": [],
        "parseUrls": True,
        "customFields": {"a": 1},
    }


def test_forms_have_texts_for_flags() -> None:
    made = draft({"groupable": "true", "parseUrls": "false"})
    assert (made.members["groupable"], made.parse_urls) == (True, False)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"groupable": "yes"}, "groupable"),
        ({"parseUrls": 1}, "parseUrls"),
        ({"tmid": 5}, "tmid"),
        ({"customFields": []}, "customFields"),
        ({"alias": 5}, "alias"),
        ({"icon_emoji": [":x:"]}, "emoji"),
        ({"avatar": ["x"]}, "avatar"),
        ({"bot": "x"}, "bot"),
    ],
)
def test_members_of_another_type(body: dict[str, Any], field: str) -> None:
    with pytest.raises(Failure, match=rf"^Match error: .* in field {field}$"):
        draft(body)


@pytest.mark.parametrize(
    "body", [{"text": "\ud800"}, {"channel": "\udfff"}, {"tmid": "\ud800"}, {"customFields": {"\ud800": 1}}]
)
def test_what_is_no_unicode(body: dict[str, Any]) -> None:
    with pytest.raises(Failure, match="not valid Unicode"):
        draft(body)


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
)
NAMES = st.sampled_from(
    "channel roomId text msg alias username avatar icon_url emoji icon_emoji attachments parseUrls groupable bot tmid"
    " customFields title title_link image_url fields actions url value short ts collapsed color".split()
) | st.text(max_size=3)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_any_json_is_a_message_or_a_failure(body: dict[str, Any]) -> None:
    before = repr(body)
    try:
        made = draft(body, LOOKS)
    except Failure:
        pass
    else:
        msgspec.json.encode((made.msg, made.members, made.targets))
        assert isinstance(made.msg, str)
        assert all(isinstance(target, str) for target in made.targets)
    assert repr(body) == before, "a body is read, never changed"
