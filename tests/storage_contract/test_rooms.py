"""What a room says of its messages is what they are."""

import json
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.storage.contract import Store
from strongback.storage.selections import Having, Timeline
from strongback.storage.steps import Put, Remove
from tests.storage_contract.conftest import room, write

pytestmark = pytest.mark.anyio


def message(id: str, at: int, **members: Any) -> Put:
    """A step that puts a message into the room r1."""
    document = Document(id, {"_id": id, "rid": "r1", "msg": id, "u": {"_id": "u1"}, **members})
    document.set_date("ts", at)
    return Put("messages", document)


async def shown(store: Store) -> dict[str, Any]:
    stored = await store.get("rooms", "r1")
    assert stored is not None
    body: dict[str, Any] = json.loads(stored.text)
    return body


async def test_a_room_without_messages_has_no_last_one(store: Store) -> None:
    await write(store, room("r1", "one", msgs=7, lastMessage={"_id": "x"}, lm="2020-01-01T00:00:00.000Z"))
    body = await shown(store)
    assert body["msgs"] == 0
    assert "lm" not in body
    assert "lastMessage" not in body


async def test_messages_are_counted_and_the_newest_is_shown(store: Store) -> None:
    await write(store, room("r1", "one"), room("r2", "two"))
    await write(store, message("a", 1_000), message("b", 3_000), message("c", 2_000))
    body = await shown(store)
    assert (body["msgs"], body["lm"], body["lastMessage"]["_id"]) == (3, "1970-01-01T00:00:03.000Z", "b")
    await write(store, Remove("messages", "b"))
    body = await shown(store)
    assert (body["msgs"], body["lastMessage"]["_id"]) == (2, "c")
    await write(store, message("c", 2_000, msg="edited"))
    body = await shown(store)
    assert (body["msgs"], body["lastMessage"]["msg"]) == (2, "edited")


async def test_system_hidden_and_thread_messages_are_not_the_last(store: Store) -> None:
    await write(store, room("r1", "one"), message("a", 1_000))
    await write(store, message("b", 2_000, t="uj"), message("c", 3_000, _hidden=True))
    await write(store, message("d", 4_000, tmid="a"), message("e", 1_500, tmid="a", tshow=True))
    body = await shown(store)
    assert (body["lastMessage"]["_id"], body["msgs"]) == ("e", 4)
    await write(store, message("c", 3_000))
    assert (await shown(store))["msgs"] == 5
    await write(store, message("a", 1_000, _hidden=True), message("e", 1_500, _hidden=True))
    body = await shown(store)
    assert (body["msgs"], body["lastMessage"]["_id"]) == (3, "c")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Timeline("r1"), "edcba"),
        (Timeline("r1", threads=False), "edba"),
        (Timeline("r1", after=2_000), "edc"),
        (Timeline("r1", after=2_000, before=5_000), "dc"),
        (Timeline("r1", after=2_000, before=5_000, inclusive=True), "edcb"),
        (Timeline("r1", before=2_000, inclusive=True), "ba"),
        (Timeline("r9"), ""),
    ],
)
async def test_a_timeline_lies_between_its_moments(store: Store, asked: Timeline, expected: str) -> None:
    await write(store, room("r1", "one"), *(message(id, (n + 1) * 1_000) for n, id in enumerate("abde")))
    await write(
        store, message("b", 2_000), message("c", 3_000, tmid="a"), message("d", 4_000), message("e", 5_000)
    )
    await write(store, message("f", 6_000, _hidden=True))
    page = await store.page(asked, "newest", 0, 50)
    assert "".join(json.loads(text)["_id"] for text in page.texts) == expected
    assert page.total == len(expected)


async def test_a_conversation_is_found_by_its_members(store: Store) -> None:
    body = {"_id": "d1", "t": "d", "uids": ["zoe", "ann"]}
    await write(store, Put("rooms", Document("d1", body)), room("r1", "one", uids=["ann", "zoe"]))
    assert [one.id for one in await store.select(Having("rooms", "direct", "ann,zoe"))] == ["d1"]
