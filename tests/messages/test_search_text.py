"""What the text of a search asks for."""

from datetime import UTC, datetime
from typing import Any

import pytest

from strongback.errors import Failure
from strongback.messages.search_text import MOST_WORDS, Asked, asked


def read(text: str) -> Asked:
    return asked(text, "u-ann", "ann.a")


def day(year: int, month: int, date: int) -> dict[str, int]:
    return {"$date": int(datetime(year, month, date, tzinfo=UTC).timestamp()) * 1000}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        ("  two  words ", ("two", "words")),
        ('say "hello there" twice', ("say", "hello there", "twice")),
        ('"open', ('"open',)),
        (':-) "" " " !', ()),
        ("a/b https://x.example", ("a/b", "https://x.example")),
        ("from: is:open before:tomorrow on:31/02/2024 after:1/1/24", None),
        ("xfrom:bob", ("xfrom:bob",)),
        ("naïve 東京", ("naïve", "東京")),
        ("/x", ("/x",)),
        ("/x/y", ("/x/y",)),
    ],
)
def test_words(text: str, words: tuple[str, ...] | None) -> None:
    assert read(text) == Asked(tuple(text.split()) if words is None else words)


def who(member: str, name: str) -> dict[str, Any]:
    return {member: {"$regex": f"^{name}$", "$options": "i"}}


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("from:bob", [{"$or": [who("u.username", "bob")]}]),
        ("from:me", [{"$or": [who("u.username", r"ann\.a")]}]),
        ("from:bob from:cid", [{"$or": [who("u.username", "bob"), who("u.username", "cid")]}]),
        ("mention:me", [{"$or": [who("mentions.username", r"ann\.a")]}]),
        ("has:star", [{"starred._id": "u-ann"}]),
        ("has:url", [{"urls.0": {"$exists": True}}]),
        ("has:link has:pin", [{"urls.0": {"$exists": True}}, {"pinned": True}]),
        ("is:pinned", [{"pinned": True}]),
        ("before:2/1/2024", [{"ts": {"$lt": day(2024, 1, 2)}}]),
        ("after:31-12-2023", [{"ts": {"$gte": day(2024, 1, 1)}}]),
        ("on:29.02.2024", [{"ts": {"$gte": day(2024, 2, 29), "$lt": day(2024, 3, 1)}}]),
        ("/a b+/", [{"msg": {"$regex": "a b+", "$options": ""}}]),
        ("/a/b/is", [{"msg": {"$regex": "a/b", "$options": "is"}}]),
        ("is:pinned  /x/i ", [{"pinned": True}, {"msg": {"$regex": "x", "$options": "i"}}]),
    ],
)
def test_conditions(text: str, conditions: list[dict[str, Any]]) -> None:
    assert read(text) == Asked((), tuple(conditions))


def test_words_and_conditions() -> None:
    assert read("one is:pinned two") == Asked(("one", "two"), ({"pinned": True},))


def test_too_many_words() -> None:
    assert len(read("w " * MOST_WORDS).words) == MOST_WORDS
    with pytest.raises(Failure, match=r"^A search has at most 50 words$"):
        read("w " * (MOST_WORDS + 1))
