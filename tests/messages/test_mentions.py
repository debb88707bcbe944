"""Whom and what a message mentions."""

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages.sender import Sender
from strongback.storage.steps import Put
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio


async def mentioned(chat: Chat, who: Sender, text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await chat.say(who, text)).body["mentions"]
    return found


async def test_accounts_by_their_exact_name(chat: Chat) -> None:
    bob = {"_id": "u-bob", "username": "bob", "name": "Bob B", "emails": [{"address": "bob@example.com"}]}
    await chat.world.write(Put("users", Document("u-bob", bob)))
    ann = await chat.sender("ann")
    assert await mentioned(chat, ann, "hi @bob, @nobody @BOB and @cid.") == [
        {"_id": "u-bob", "username": "bob", "name": "Bob B", "type": "user"},
        {"_id": "u-cid", "username": "cid", "type": "user"},
    ]


@pytest.mark.parametrize("name", ["all", "here"])
async def test_everybody(chat: Chat, name: str) -> None:
    found = await mentioned(chat, await chat.sender("ann", f"mention-{name}"), f"@{name} @bob")
    assert found[0] == {"_id": name, "username": name}
    with pytest.raises(Failure) as caught:
        await chat.say(await chat.sender("ann"), f"@{name}")
    text = f"Notify {name} in this room not allowed [error-action-not-allowed]"
    assert caught.value.message == text


async def test_rooms_that_the_sender_knows(chat: Chat) -> None:
    text = "see #town, #eng. #nowhere #town"
    ann = (await chat.say(await chat.sender("ann"), text)).body["channels"]
    assert ann == [{"_id": "r-town", "name": "town"}, {"_id": "r-eng", "name": "eng"}]
    cid = (await chat.say(await chat.sender("cid"), text, "r-town")).body["channels"]
    assert cid == [{"_id": "r-town", "name": "town"}], "a group of others is not told apart from none"
