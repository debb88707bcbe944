"""Which messages an integration is told of, and by which word (spec/06 B1)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.documents.document import Document
from strongback.documents.event import Event, EventKind
from strongback.webhooks.trigger_word import Match, matches

USER = Document("u1", {"_id": "u1", "username": "ann"})


def event(
    text: str | None = "hello", kind: EventKind = "sendMessage", hops: int = 0, **members: Any
) -> Event:
    body = {"_id": "m1", **members} if text is None else {"_id": "m1", "msg": text, **members}
    message = None if kind in ("roomJoined", "userCreated") else Document("m1", body)
    return Event(kind, None, USER, message, None, 0, hops)


def integration(**members: Any) -> dict[str, Any]:
    return {"_id": "i1", "event": "sendMessage", **members}


@pytest.mark.parametrize(
    ("words", "text", "word"),
    [
        (["!gif"], "!gif party", "!gif"),
        (["!gif"], "!gif", "!gif"),
        (["!gif"], "!gifs are fun", "!gif"),
        (["!gif"], "!GIF party", None),
        (["!gif"], " !gif party", None),
        (["!gif"], "a !gif", None),
        (["!gif"], "", None),
        (["!g", "!gif"], "!gif party", "!g"),
        (["!gif", "!g"], "!gif party", "!gif"),
        (["!pic", "!gif"], "!gif party", "!gif"),
        (["!gif "], "!gif", None),
        (["", "!gif"], "!gif party", "!gif"),
        ([""], "anything", None),
        ([" "], " anything", None),
    ],
)
def test_words_begin_the_message(words: list[str], text: str, word: str | None) -> None:
    expected = None if word is None else Match(word)
    assert matches(integration(triggerWords=words), event(text)) == expected
    assert matches(integration(triggerWords=words, triggerWordAnywhere=False), event(text)) == expected


@pytest.mark.parametrize(
    ("words", "text", "word"),
    [
        (["gif"], "a gif of gifs", "gif"),
        (["gif"], "a GIF", None),
        (["pic", "gif"], "gif, then pic", "pic"),
        (["", "gif"], "a gif", "gif"),
        ([""], "anything", None),
    ],
)
def test_words_anywhere(words: list[str], text: str, word: str | None) -> None:
    body = integration(triggerWords=words, triggerWordAnywhere=True)
    assert matches(body, event(text)) == (None if word is None else Match(word))


@pytest.mark.parametrize("members", [{}, {"triggerWords": None}, {"triggerWords": []}])
def test_without_words_every_message_counts(members: dict[str, Any]) -> None:
    for text in ("hello", "", None):
        assert matches(integration(**members), event(text)) == Match(None)


def test_a_message_without_text_has_no_word() -> None:
    assert matches(integration(triggerWords=["!gif"]), event(None)) is None


@pytest.mark.parametrize("kind", ["fileUploaded", "roomJoined", "userCreated"])
def test_words_count_for_messages_alone(kind: EventKind) -> None:
    assert matches(integration(triggerWords=["!gif"]), event("hello", kind)) == Match(None)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({}, False),
        ({"runOnEdits": False}, False),
        ({"runOnEdits": None}, False),
        ({"runOnEdits": True}, True),
    ],
)
def test_edits(members: dict[str, Any], told: bool) -> None:
    edited = event("!gif", editedAt="2023-11-14T22:13:20.123Z")
    assert (matches(integration(**members), edited) is not None) == told
    assert matches(integration(**members), event("!gif", editedAt=None)) == Match(None)


@pytest.mark.parametrize(
    ("bot", "told"),
    [({"i": "i1"}, False), ({"i": "i2"}, True), ({}, True), (None, True), (True, True), ("i1", True)],
)
def test_no_integration_hears_itself(bot: Any, told: bool) -> None:
    assert (matches(integration(), event(bot=bot)) is not None) == told


@pytest.mark.parametrize(("hops", "told"), [(0, True), (1, True), (4, True), (5, False), (6, False)])
def test_chains_stop(hops: int, told: bool) -> None:
    assert (matches(integration(), event(hops=hops)) is not None) == told
    assert (matches(integration(), event(kind="roomJoined", hops=hops)) is not None) == told


WORDS = st.lists(st.text("!ab ", max_size=3), min_size=1, max_size=4)


@given(WORDS, st.text("!ab ", max_size=8), st.booleans())
def test_the_word_is_the_first_that_fits(words: list[str], text: str, anywhere: bool) -> None:
    found = matches(integration(triggerWords=words, triggerWordAnywhere=anywhere), event(text))
    fitting = [
        word
        for word in words
        if word.strip() and (text.find(word) >= 0 if anywhere else text[: len(word)] == word)
    ]
    assert found == (Match(fitting[0]) if fitting else None)
