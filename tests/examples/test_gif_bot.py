"""The GIF bot, from a member's message to the group's GIF."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from strongback.testing.answer import Answer
from strongback.testing.receiver import Receiver
from tests.examples.conftest import EXAMPLES, Chat

GIF_BOT = EXAMPLES / "gif-bot"
ANSWERS = sorted(GIF_BOT.glob("fixtures/process-*.json"))


@pytest.fixture(scope="module")
def search() -> Iterator[Receiver]:
    """What the bot takes for the GIF search."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def bot(chat: Chat, search: Receiver) -> Any:
    return chat.attach(
        "gif-bot",
        type="webhook-outgoing",
        alias="GIF bot",
        event="sendMessage",
        urls=[f"{search.url}/search"],
        triggerWords=["!gif"],
        retryFailedCalls=False,
    )


def answered(chat: Chat, bot: Any, said: Any) -> Any:
    """What the bot answers to a message."""
    return chat.wait(lambda message: message.get("bot") == {"i": bot["_id"]} and message["ts"] >= said["ts"])


def test_a_member_writes_gif_party_and_the_group_shows_a_gif(chat: Chat, bot: Any, search: Receiver) -> None:
    found = {
        "title": "Party Parrot GIF",
        "url": "https://example.com/party",
        "images": {"original": {"url": "https://example.com/party.gif"}},
    }
    search.answer(200, {"data": [found]})
    search.clear()

    message = answered(chat, bot, chat.write("!gif party"))

    [call] = search.requests
    assert (call.method, call.target, call.body) == ("GET", "/search?q=party&limit=1", b"")
    assert call.header("Accept") == "application/json"
    assert message["attachments"] == [
        {
            "title": "Party Parrot GIF",
            "title_link": "https://example.com/party",
            "image_url": "https://example.com/party.gif",
        }
    ]
    assert (message["msg"], message["alias"], message["u"]["username"]) == ("", "GIF bot", "rocket.cat")
    read = chat.ada.get("groups.messages", roomId=chat.server.group.id)["messages"]
    assert read[0]["_id"] == message["_id"], "Ada sees it as the newest message"


@pytest.mark.parametrize("fixture", ANSWERS, ids=lambda path: path.stem)
def test_every_answer_of_the_search(fixture: Any, chat: Chat, bot: Any, search: Receiver) -> None:
    response = json.loads(fixture.read_text())["response"]
    search.script("/search", [Answer(response["status_code"], response["content"], response["headers"])])
    expected = json.loads((GIF_BOT / "expected" / fixture.name).read_text())["content"]
    words = {"process-nothing-found": "ship it & größer"}.get(fixture.stem, "party")

    message = answered(chat, bot, chat.write(f"!gif {words}"))

    assert message["msg"] == expected["text"]
    assert message.get("attachments", []) == expected.get("attachments", [])


def test_words_that_ask_for_nothing_are_not_searched(chat: Chat, bot: Any, search: Receiver) -> None:
    search.clear()
    chat.write("!gifted people")
    asked_back = answered(chat, bot, chat.write("!gif"))
    assert asked_back["msg"] == "@ada a GIF of what? Write for example `!gif party`."
    last = answered(chat, bot, chat.write("!gif cat"))
    assert last["_id"] != asked_back["_id"]
    assert [call.target for call in search.requests] == ["/search?q=cat&limit=1"]
