"""A search looks at the newest messages first, then at all that hold the words; what can not be stored finds nothing."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strongback.documents.document import Document
from strongback.storage.contract import RoomKey, Store
from strongback.storage.postgres.selections import RECENT
from strongback.storage.postgres.store import open_store
from strongback.storage.selections import Having
from strongback.storage.steps import Put, PutToken, Step
from tests.storage_contract.conftest import login_token, room, user, write
from tests.stores import database_url

pytestmark = pytest.mark.anyio

MANY = RECENT + 100


def message(n: int, text: str) -> Step:
    put = Put(
        "messages", Document(f"m{n:04}", {"_id": f"m{n:04}", "rid": "r1", "msg": text, "u": {"_id": "u1"}})
    )
    put.document.set_date("ts", n * 1_000)
    return put


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(database_url(tmp_path, "postgres"))
    yield opened
    await opened.close()


async def test_what_many_and_what_few_hold_comes_newest_first(store: Store) -> None:
    rare = {5: "common rare", MANY - 5: "common rare"}
    await write(store, room("r1", "one"), *(message(n, rare.get(n, "common")) for n in range(MANY)))

    async def found(word: str, offset: int, count: int) -> list[int]:
        return [int(row.id[1:]) for row in await store.search("r1", [word], offset, count)]

    newest = list(range(MANY - 1, -1, -1))
    for offset, count in (
        (0, 3),
        (10, 3),
        (RECENT - 1, 3),
        (RECENT + 10, 3),
        (0, MANY),
        (0, 0),
        (7, 0),
        (MANY, 3),
    ):
        assert await found("common", offset, count) == newest[offset:][: count or None]
    assert await found("rare", 0, 1) == [MANY - 5]
    assert await found("rare", 0, 2) == [MANY - 5, 5]
    assert await found("rare", 1, 1) == [5]


@pytest.mark.parametrize("odd", ["a\0b", "\ud800"])
async def test_a_text_that_no_row_can_have_is_in_no_row(store: Store, odd: str) -> None:
    await write(
        store, user("u1", "ann"), room("r1", "ab"), PutToken(login_token("u1", "h1")), message(1, "a b")
    )
    login = await store.authenticate("u1", "h1", RoomKey("name", odd))
    assert login is not None
    assert login.room is None
    assert await store.authenticate(odd, "h1") is None
    assert await store.get("rooms", odd) is None
    assert await store.select(Having("messages", "rid", odd)) == []
    assert (await store.page(Having("messages", "rid", odd), "newest", 0, 5)).total == 0
    assert await store.search(odd, ["a"], 0, 0) == []
