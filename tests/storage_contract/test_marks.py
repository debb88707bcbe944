"""Messages that are pinned, starred, mention somebody, start a thread, changed, went, or hold words."""

import json
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.storage.contract import Store
from strongback.storage.selections import Having, Marked, Selection, Thread
from strongback.storage.steps import Put, Remove, RemoveAll
from tests.storage_contract.conftest import room, write
from tests.storage_contract.test_rooms import message

pytestmark = pytest.mark.anyio


async def ids(store: Store, selection: Selection, order: str = "newest") -> str:
    page = await store.page(selection, order, 0, 50)
    assert page.total == len(page.texts)
    return "".join(json.loads(text)["_id"] for text in page.texts)


async def change(store: Store, id: str, **members: Any) -> None:
    stored = await store.get("messages", id)
    assert stored is not None
    document = stored.decode()
    for name, value in members.items():
        document.set(name, value) if value is not None else document.drop(name)
    await write(store, Put("messages", document))


async def test_marks_follow_their_message(store: Store) -> None:
    star = {"starred": [{"_id": "u1"}]}
    await write(store, room("r1", "one"), message("a", 1_000, **star), message("b", 2_000, pinned=True))
    await write(store, message("c", 3_000, mentions=[{"_id": "u1"}, {"_id": "u1"}, "junk"], **star))
    assert await ids(store, Marked("r1", "starred", "u1")) == "ca"
    assert await ids(store, Marked("r1", "starred", "u2")) == ""
    assert await ids(store, Marked("r1", "mentions", "u1")) == "c"
    assert await ids(store, Marked("r1", "pinned")) == "b"
    await change(store, "a", starred=[], pinned=True)
    await change(store, "c", mentions=[{"_id": "u2"}], starred=[{"_id": "u2"}])
    assert await ids(store, Marked("r1", "starred", "u1")) == ""
    assert await ids(store, Marked("r1", "starred", "u2")) == "c"
    assert await ids(store, Marked("r1", "mentions", "u1")) == ""
    assert await ids(store, Marked("r1", "mentions", "u2")) == "c"
    assert await ids(store, Marked("r1", "pinned")) == "ba"
    await write(store, Remove("messages", "c"), Remove("messages", "b"))
    assert await ids(store, Marked("r1", "starred", "u2")) == ""
    assert await ids(store, Marked("r1", "pinned")) == "a"


def with_date(put: Put, name: str, at: int) -> Put:
    put.document.set_date(name, at)
    return put


async def test_threads_stand_by_their_last_reply(store: Store) -> None:
    await write(store, room("r1", "one"), with_date(message("a", 1_000), "tlm", 9_000), message("b", 2_000))
    await write(store, with_date(message("c", 3_000), "tlm", 5_000))
    await write(store, message("d", 4_000, tmid="a"), message("e", 3_500, tmid="a"))
    assert await ids(store, Marked("r1", "roots"), "threads") == "ac"
    assert await ids(store, Having("messages", "thread", "a"), "created") == "ed"
    await change(store, "e", _hidden=True)
    assert await ids(store, Thread("a"), "created") == "d"
    assert await ids(store, Thread("a"), "newest") == "d"


async def test_what_changed_and_what_went_is_known(store: Store) -> None:
    await write(store, room("r1", "one"), with_date(message("a", 1_000), "_updatedAt", 1_000))
    await write(store, with_date(message("b", 1_500), "_updatedAt", 7_000), message("c", 1_700))
    assert await ids(store, Marked("r1", "changed", after=1_000)) == "b"
    await write(store, Remove("messages", "c"))
    assert [id for id, _ in await store.deleted("r1", 0)] == ["c"]
    assert await store.deleted("r1", 99_999_999_999_999) == []
    await write(store, Remove("rooms", "r1"), RemoveAll("messages", "rid", "r1"))
    assert await store.deleted("r1", 0) == []


async def found(store: Store, *words: str, rid: str = "r1") -> str:
    return "".join(stored.id for stored in await store.search(rid, words, 0, 50))


async def test_a_search_finds_all_words_in_its_room(store: Store) -> None:
    texts = {
        "a": "the quick brown fox",
        "b": "A QUICK dog; naïve",
        "c": "quicksand",
        "d": 'quote " AND OR words:x',
    }
    await write(store, room("r1", "one"), room("r2", "two"))
    await write(store, *(message(id, n, msg=text) for n, (id, text) in enumerate(texts.items())))
    other = Document("z", {"_id": "z", "rid": "r2", "msg": "quick", "u": {"_id": "u1"}})
    await write(
        store,
        Put("messages", other),
        message("s", 9, t="uj", msg="quick"),
        message("h", 9, msg="quick", _hidden=True),
    )
    assert await found(store, "quick") == "ba"
    assert await found(store, "quick", "fox") == "a"
    assert await found(store, "naive") == "b"
    assert await found(store, "quick", rid="r2") == "z"
    assert await found(store, "OR") == "d"
    assert await found(store, '"') == ""
    assert await found(store, "words:x") == "d"
    assert await found(store) == ""
    assert [one.id for one in await store.search("r1", ["quick"], 1, 1)] == ["a"]


async def test_a_search_stays_in_its_room_however_many_hold_the_words(store: Store) -> None:
    rooms = ("abc", "ABC", "abc-d", "d abc")
    for number, rid in enumerate(rooms):
        rare = Document(f"z{number}", {"_id": f"z{number}", "rid": rid, "msg": "rare", "u": {"_id": "u1"}})
        await write(store, room(rid, rid), Put("messages", rare))
    assert [await found(store, "rare", rid=rid) for rid in rooms] == ["z0", "z1", "z2", "z3"]
    steps = []
    for number in range(1_200):
        body: dict[str, Any] = {
            "_id": f"m{number:04}",
            "rid": rooms[number % 4],
            "msg": "common word",
            "u": {"_id": "u1"},
        }
        steps.append(Put("messages", Document(body["_id"], body)))
    await write(store, *steps)
    for number, rid in enumerate(rooms):
        expected = [f"m{one:04}" for one in range(1_196 + number, -1, -4)]
        assert [one.id for one in await store.search(rid, ["word", "common"], 0, 0)] == expected
        page = await store.search(rid, ["common"], 250, 100)
        assert [one.id for one in page] == expected[250:]
    assert await found(store, "common", "rare", rid="abc") == ""


async def test_a_search_for_a_character_that_ends_texts_elsewhere_finds_what_is_beside_it(
    store: Store,
) -> None:
    await write(store, room("r1", "one"), message("a", 1, msg="quick fox"))
    assert await found(store, "quick\0fox") == "a"
    assert await found(store, "fox\0quick") == ""


async def test_a_search_sees_edits_and_deletions(store: Store) -> None:
    await write(store, room("r1", "one"), message("a", 1, msg="old words"), message("b", 2, msg="old things"))
    await change(store, "a", msg="new words")
    await write(store, Remove("messages", "b"))
    assert await found(store, "old") == ""
    assert await found(store, "new") == "a"
    await change(store, "a", _hidden=True)
    assert await found(store, "new") == ""
    await change(store, "a", _hidden=None)
    assert await found(store, "new") == "a"
    assert await store.check() == []
