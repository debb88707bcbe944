"""Accounts that post, as they are stored."""

from typing import Any

import pytest

from strongback.documents.document import Document, Stored
from strongback.errors import Failure
from strongback.messages.sender import calling, sender
from strongback.storage.contract import Access
from strongback.storage.steps import Put
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio

ACCESS = Access(1, {"message-impersonate": frozenset({"bot"})}, {}, {})


async def stored(chat: Chat, **members: Any) -> Stored:
    """An account with these members, as the store reads it."""
    await chat.world.write(Put("users", Document("u-x", {"_id": "u-x", "username": "x", **members})))
    found = await chat.world.store.get("users", "u-x")
    assert found is not None
    return found


async def test_an_account_with_its_roles_and_without_its_secrets(chat: Chat) -> None:
    row = await stored(chat, name="X", roles=["bot"], services={"password": "h"})
    made = sender(row, ACCESS)
    assert (made.id, made.username, made.author) == ("u-x", "x", {"_id": "u-x", "username": "x", "name": "X"})
    assert made.caller.may("message-impersonate")
    assert "services" not in made.account.body


@pytest.mark.parametrize("roles", [None, "bot", ["user", {"a": 1}], {"bot": True}])
async def test_roles_that_an_import_brought_in_another_shape_grant_nothing(chat: Chat, roles: Any) -> None:
    assert not sender(await stored(chat, roles=roles), ACCESS).caller.may("message-impersonate")


@pytest.mark.parametrize(
    "text", ['{"_id":"u-x"}', '{"_id":"u-x","username":""}', '{"_id":"u-x","username":5}']
)
async def test_an_account_without_a_name_does_not_post(text: str) -> None:
    with pytest.raises(Failure, match="Invalid user"):
        sender(Stored("u-x", 1, text), ACCESS)


async def test_a_caller_whose_account_is_gone(chat: Chat) -> None:
    with pytest.raises(Failure) as caught:
        await calling(chat.world.store, chat.world.caller("nobody"))
    assert caught.value.error == "error-invalid-user"
