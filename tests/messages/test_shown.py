"""Messages as one reader sees them (spec/07 section 4)."""

from typing import Any

import msgspec
import pytest

from strongback.documents.document import Document
from strongback.messages.shown import clean, shown, with_names
from strongback.storage.steps import Put
from tests.messages.chat import Chat

pytestmark = pytest.mark.anyio

STARRED: dict[str, Any] = {"_id": "m1", "msg": "a", "starred": [{"_id": "u-ann"}, {"_id": "u-bob"}]}
NAMED: dict[str, Any] = {
    "_id": "m1",
    "u": {"_id": "u-ann", "username": "ann"},
    "mentions": [{"_id": "u-bob", "username": "bob"}, {"_id": "all", "username": "all"}],
    "reactions": {":x:": {"usernames": ["bob", "cid", "gone"]}},
}


async def test_others_stars_are_cut(chat: Chat) -> None:
    ann = chat.world.caller("ann")
    assert (await shown(chat.world.store, ann, STARRED))["starred"] == [{"_id": "u-ann"}]
    assert STARRED["starred"][1] == {"_id": "u-bob"}, "the message itself stays as it is"
    text = msgspec.json.encode(STARRED).decode()
    assert msgspec.json.decode(clean(text, "u-bob"))["starred"] == [{"_id": "u-bob"}]
    assert msgspec.json.decode(clean(text, "u-cid"))["starred"] == []
    plain = '{"_id":"m1", "msg":"a"}'
    assert clean(plain, "u-ann") is plain, "what has no star is not decoded"


async def rename(chat: Chat) -> None:
    for name, real in (("ann", "Ann A"), ("bob", "Bob B")):
        body = {"_id": f"u-{name}", "username": name, "name": real}
        await chat.world.write(Put("users", Document(f"u-{name}", body)))


EXPECTED: dict[str, Any] = {
    "_id": "m1",
    "u": {"_id": "u-ann", "username": "ann", "name": "Ann A"},
    "mentions": [{"_id": "u-bob", "username": "bob", "name": "Bob B"}, {"_id": "all", "username": "all"}],
    "reactions": {":x:": {"usernames": ["bob", "cid", "gone"], "names": ["Bob B", "cid", "gone"]}},
}


async def test_real_names_where_the_setting_asks_for_them(chat: Chat) -> None:
    await rename(chat)
    copy = msgspec.json.decode(msgspec.json.encode(NAMED))
    assert await shown(chat.world.store, chat.world.caller("ann"), copy) == NAMED
    caller = chat.world.caller("ann", UI_Use_Real_Name=True)
    assert await shown(chat.world.store, caller, copy) == EXPECTED


async def test_real_names_in_many_texts(chat: Chat) -> None:
    await rename(chat)
    text = msgspec.json.encode(NAMED).decode()
    named = await with_names(chat.world.store, [text] * 120)
    assert [msgspec.json.decode(one) for one in named] == [EXPECTED] * 120


@pytest.mark.parametrize(
    "odd",
    [
        {"u": 5, "mentions": {}, "reactions": [], "starred": "x"},
        {
            "u": {"username": 5},
            "mentions": [5, {}],
            "reactions": {"a": 5, "b": {"usernames": 5}},
            "starred": [5],
        },
        {"reactions": {"a": {"usernames": [5, None]}}},
        {},
    ],
)
async def test_what_an_import_may_have_brought(chat: Chat, odd: dict[str, Any]) -> None:
    caller = chat.world.caller("ann", UI_Use_Real_Name=True)
    await shown(chat.world.store, caller, odd)
    await with_names(chat.world.store, [clean(msgspec.json.encode(odd).decode(), "u-ann")])
