"""Rooms, subscriptions and messages of a dump."""

from pathlib import Path
from typing import Any

import pytest

from tests.importing.imports import SAMPLE, Database, changed, refused, room, subscription, user, write_dump

pytestmark = pytest.mark.anyio


async def test_members_are_counted_not_copied(database: Database, tmp_path: Path) -> None:
    folder = write_dump(
        tmp_path / "d",
        users=[user("u1", "ann"), user("u2", "bob")],
        rooms=[room("r1", "one", usersCount=99, odd={"kept": True}), room("dm", None, t="d")],
        subscriptions=[subscription("s1", "r1", "u1", roles="owner"), subscription("s2", "r1", "u2")],
    )
    for _ in range(2):
        done = await database.take(folder)
        body = await database.body("rooms", "r1")
        assert (body["usersCount"], body["odd"]) == (2, {"kept": True})
    assert changed(done) == [("s1", "roles: a single text became a list")]
    assert await database.store.owners("r1") == ["u1"]


async def test_the_sample_counts_what_it_says(database: Database) -> None:
    await database.take(SAMPLE)
    assert (await database.body("rooms", "1a4b7d0b352ad6074dce1118"))["usersCount"] == 2
    view = await database.store.room_by_name("archive-me", "NBTm56xe8Rh5cF47X")
    assert view is not None
    assert (view.archived, view.subscribed) == (True, True)


@pytest.mark.parametrize("broken", [{"t": None}, {"t": 1}, {"t": ""}, {"name": 7}, {"name": ["a"]}])
async def test_rooms_that_can_not_be_kept(database: Database, tmp_path: Path, broken: Any) -> None:
    done = await database.take(
        write_dump(tmp_path / "d", rooms=[{**room("r1", "one"), **broken}, room("r2", "two")])
    )
    assert list(refused(done)) == ["r1"]
    assert done.counts["rooms"].taken == 1


async def test_who_is_in_a_conversation_is_a_list(database: Database, tmp_path: Path) -> None:
    rooms = [
        room("dm", None, t="d", uids="u1", usernames=["ann", 7]),
        room("r1", "one", uids=1.5, usernames={}),
        room("r2", "two", uids=None),
    ]
    done = await database.take(write_dump(tmp_path / "d", rooms=rooms))
    kept = [await database.body("rooms", id) for id in ("dm", "r1", "r2")]
    assert [(one["uids"], one.get("usernames")) for one in kept] == [
        (["u1"], ["ann"]),
        ([], []),
        (None, None),
    ]
    assert changed(done) == [
        ("dm", "uids: a single text became a list"),
        ("dm", "usernames: 1 entries that are no text were left out"),
        ("r1", "uids was a number and became an empty list"),
        ("r1", "usernames was an object and became an empty list"),
    ]


async def test_a_room_of_a_name_that_is_taken(database: Database, tmp_path: Path) -> None:
    await database.take(write_dump(tmp_path / "d", rooms=[room("GENERAL", "general", t="c")]))
    folder = write_dump(tmp_path / "d", rooms=[room("r1", "general"), room("r2", "x"), room("r3", "x")])
    for _ in range(2):
        assert refused(await database.take(folder)) == {
            "r1": "the name general belongs to the room GENERAL",
            "r3": "the name x belongs to the room r2",
        }


async def test_swapped_room_names(database: Database, tmp_path: Path) -> None:
    people = {"users": [user("u1", "ann")], "subscriptions": [subscription("s1", "r1", "u1")]}
    await database.take(write_dump(tmp_path / "d", **people, rooms=[room("r1", "a"), room("r2", "b")]))
    done = await database.take(write_dump(tmp_path / "d", rooms=[room("r1", "b"), room("r2", "a")]))
    assert refused(done) == {}
    body = await database.body("rooms", "r1")
    assert (body["name"], body["usersCount"]) == ("b", 1)
    assert await database.store.check() == []


async def test_a_swap_that_a_third_stands_behind(database: Database, tmp_path: Path) -> None:
    await database.take(
        write_dump(tmp_path / "d", rooms=[room("r1", "a"), room("r2", "b"), room("here", "c")])
    )
    swapped = [room("r1", "b"), room("r2", "a"), room("r3", "a"), room("r4", "c")]
    done = await database.take(write_dump(tmp_path / "d", rooms=swapped))
    assert refused(done) == {
        "r3": "the name a belongs to the room r2",
        "r4": "the name c belongs to the room here",
    }


async def test_subscriptions_that_can_not_be_kept(database: Database, tmp_path: Path) -> None:
    folder = write_dump(
        tmp_path / "d",
        users=[user("u1", "ann")],
        rooms=[room("r1", "one")],
        subscriptions=[
            subscription("s1", "gone", "u1"),
            subscription("s2", "r1", "gone"),
            subscription("s3", "r1", "u1"),
            subscription("s4", "r1", "u1"),
            {"_id": "s5", "rid": "r1"},
            {"_id": "s6", "u": {"_id": "u1"}},
            {"_id": "s7", "rid": "r1", "u": {"_id": 7}},
        ],
    )
    for _ in range(2):
        done = await database.take(folder)
        assert refused(done) == {
            "s1": "the room gone does not exist",
            "s2": "the user gone does not exist",
            "s4": "the user u1 is subscribed to the room r1 already, by another subscription",
            "s5": "its u._id is missing, not a text",
            "s6": "its rid is missing, not a text",
            "s7": "its u._id is a number, not a text",
        }
    assert (await database.body("rooms", "r1"))["usersCount"] == 1
    assert await database.store.check() == []


async def test_messages(database: Database, tmp_path: Path) -> None:
    folder = write_dump(
        tmp_path / "d",
        messages=[
            {"_id": "m1", "rid": "r1", "msg": "x", "odd": [1]},
            {"_id": "m2", "msg": "x"},
            {"_id": "m3", "rid": 5},
        ],
    )
    done = await database.take(folder)
    assert set(refused(done)) == {"m2", "m3"}
    assert await database.body("messages", "m1") == {"_id": "m1", "rid": "r1", "msg": "x", "odd": [1]}
