"""Searching a room."""

import msgspec
import pytest

from strongback.errors import Failure
from strongback.messages import search as search_module
from strongback.messages.pin import pin
from strongback.messages.search import narrowed, search
from strongback.messages.search_text import asked
from strongback.messages.sender import Sender
from strongback.messages.star import star
from strongback.storage.selections import Marked, Selection, Timeline
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio

DAY_MS = 86_400_000


@pytest.fixture
async def ann(chat: Chat) -> Sender:
    return await chat.sender("ann", "pin-message")


async def found(
    chat: Chat, who: Sender, text: str, offset: int = 0, count: int = 50, rid: str = "r-eng", ms: int = 250
) -> list[str] | None:
    texts = await search(chat.world.store, who.caller, rid, text, offset, count, matching_ms=ms)
    return None if texts is None else [msgspec.json.decode(text)["msg"] for text in texts]


async def test_all_words_newest_first(chat: Chat, ann: Sender) -> None:
    for text in ("red fox", "red hen", "Red, the fox!", "foxes are red"):
        chat.world.now += 1_000
        await chat.say(ann, text)
    await chat.say(ann, "red fox elsewhere", "r-town")
    assert await found(chat, ann, "fox red") == ["Red, the fox!", "red fox"]
    assert await found(chat, ann, '"red fox"') == ["red fox"]
    assert await found(chat, ann, "red", 1, 2) == ["Red, the fox!", "red hen"]
    assert await found(chat, ann, "red", 3, 0) == ["red fox"]
    for text in ("blue", "?!", "", "red blue", 'fox" OR "hen'):
        assert await found(chat, ann, text) == []


async def test_patterns_and_conditions(chat: Chat, ann: Sender) -> None:
    bob, world = await chat.sender("bob"), chat.world
    first = await chat.say(ann, "ship it https://a.example")
    world.now += DAY_MS
    second = await chat.say(bob, "ship @ann a SHIP")
    world.now += DAY_MS
    await chat.say(ann, "harbour")
    await star(world.store, world.clock, ann, second.id, starred=True)
    await pin(world.store, world.clock, ann, first.id)
    one, two = first.body["msg"], second.body["msg"]
    for text, expected in (
        ("/s.ip/", [two, one]),
        ("/^s.+ip$/i", [two]),
        ("/it|our/", ["harbour", one]),
        ("from:me", ["harbour", one]),
        ("from:BOB ship", [two]),
        ("from:bob harbour", []),
        ("mention:ann", [two]),
        ("has:star", [two]),
        ("has:link", [one]),
        ("is:pinned ship", [one]),
        ("on:15/11/2023", [two]),
        ("before:15/11/2023", [one]),
        ("after:15/11/2023", ["harbour"]),
    ):
        assert await found(chat, ann, text) == expected, text
    assert await found(chat, bob, "has:star") == []
    assert await found(chat, ann, "/./", 1, 1) == [two]


async def test_what_is_found_is_as_the_reader_sees_it(chat: Chat, ann: Sender) -> None:
    made = await chat.say(ann, "hello")
    await star(chat.world.store, chat.world.clock, ann, made.id, starred=True)
    bob = await chat.sender("bob")
    for text in ("hello", "/hello/"):
        texts = await search(chat.world.store, bob.caller, "r-eng", text, 0, 50)
        assert texts is not None
        assert [msgspec.json.decode(text)["starred"] for text in texts] == [[]]


async def test_more_messages_than_are_looked_at(
    chat: Chat, ann: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_module, "MOST_HOLDING", 450)
    monkeypatch.setattr(search_module, "MOST_SAID", 450)
    for number in range(450):
        chat.world.now += DAY_MS
        await chat.say(ann, f"same {number}")
    for text in ("same from:bob", "from:bob", "/other/"):
        assert await found(chat, ann, text) == []
    for text in ("same from:ann", "/same/"):
        assert await found(chat, ann, text, 440, 5) == [f"same {n}" for n in range(9, 4, -1)]
    await chat.say(ann, "same again")
    assert await found(chat, ann, "same from:ann", 440, 5) == [f"same {n}" for n in range(10, 5, -1)]
    for text in ("same from:bob", "from:bob", "/other/"):
        with pytest.raises(Failure, match=r"^(There are m|M)ore than 450 messages .*: narrow the") as caught:
            await found(chat, ann, text)
        assert caught.value.error == "error-query-too-expensive"
    assert await found(chat, ann, "from:bob before:1/1/2024") == []
    assert await found(chat, ann, "has:star") == []


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("/x/", Timeline("r1")),
        ("from:bob has:star", Marked("r1", "starred", "u-ann")),
        ("after:1/1/1970 is:pinned", Marked("r1", "pinned")),
        ("before:2/1/1970", Timeline("r1", before=DAY_MS)),
        ("after:1/1/1970 before:4/1/1970", Timeline("r1", after=DAY_MS - 1, before=3 * DAY_MS)),
        ("on:2/1/1970 /x/", Timeline("r1", after=DAY_MS - 1, before=2 * DAY_MS)),
    ],
)
def test_the_store_leaves_out_what_it_can(text: str, selection: Selection) -> None:
    assert narrowed("r1", asked(text, "u-ann", "ann").conditions) == selection


async def test_patterns_that_are_refused(chat: Chat, ann: Sender) -> None:
    await chat.say(ann, "hello")
    for text in ("/(/", "/(*LIMIT_MATCH=9)x/"):
        with pytest.raises(Failure) as caught:
            await found(chat, ann, text)
        assert caught.value.error == "error-invalid-query"
    with pytest.raises(Failure) as caught:
        await found(chat, ann, "/x/", ms=0)
    assert caught.value.error == "error-query-too-expensive"


async def test_only_in_rooms_that_the_caller_sees(chat: Chat, ann: Sender) -> None:
    await chat.say(ann, "hello")
    cid = await chat.sender("cid")
    for rid in ("r-eng", "nowhere"):
        assert await found(chat, cid, "hello", rid=rid) is None
        assert await found(chat, cid, "/hello/", rid=rid) is None
