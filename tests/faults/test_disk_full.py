"""The disk is full: posters hear 503, nothing is half-written, and delivery goes on by itself when there is room."""

import contextlib
import sqlite3
from typing import cast

import pytest

from strongback.errors import Unavailable
from strongback.storage.changes import Changes
from strongback.storage.sqlite.store import SQLiteStore
from strongback.storage.steps import SettleDelivery
from strongback.testing.answer import Answer, Hold
from strongback.testing.receiver import Receiver
from strongback.webhooks import settle
from strongback.webhooks.dispatcher import CLAIMED
from tests.faults.report import Report
from tests.faults.world import World, until

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

ENOUGH = 1_000_000


def fill(world: World) -> None:
    """Let the database grow no further."""
    store = cast("SQLiteStore", world.store)
    store.writer_pragma(f"max_page_count = {store.writer_pragma('page_count')}")


def make_room(world: World) -> None:
    """Let it grow again."""
    cast("SQLiteStore", world.store).writer_pragma(f"max_page_count = {ENOUGH}")


async def say_until_refused(world: World) -> str:
    """Post until there is no room for a message any more; answers the text that was refused."""
    for number in range(1_000):
        text = f"filling {number} " + "x" * 1_000
        if (status := await world.say(text)) != 200:
            assert status == 503
            return text
    raise AssertionError("the disk is not full")


async def test_a_full_disk_refuses_posters_and_goes_on_by_itself(
    world: World, receiver: Receiver, report: Report
) -> None:
    id = await world.hook(f"{receiver.url}/a")
    await world.say("before")
    await world.ended(id)
    fill(world)
    refused = await say_until_refused(world)
    make_room(world)
    assert await world.say("after") == 200
    assert set(await world.ended(id)) == {"delivered"}
    report("disk full, posting", world.oracle.judge(receiver.requests, "/a"))
    assert refused not in [request.json()["text"] for request in receiver.requests]
    with contextlib.closing(sqlite3.connect(world.database)) as database:
        texts = [text for (text,) in database.execute("SELECT json_extract(text, '$.msg') FROM messages")]
        assert refused not in texts
        assert len(texts) == len(world.oracle.accepted)
        counted = "SELECT messages FROM rooms WHERE id = ?", (world.group,)
        assert database.execute(*counted).fetchone() == (len(texts),)
        assert database.execute("SELECT count(*) FROM events").fetchone() == (len(texts),)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_full_disk_stops_what_is_being_delivered(
    world: World, receiver: Receiver, report: Report
) -> None:
    id = await world.hook(f"{receiver.url}/a")
    hold = Hold(Answer(200, "x" * 3_000))
    receiver.script("/a", [hold])
    for number in range(100):
        await world.say(f"m{number}")
    fill(world)
    await say_until_refused(world)
    hold.release()
    await until(lambda: any(one.answered for one in receiver.requests))
    make_room(world)
    assert set(await world.ended(id)) == {"delivered"}
    verdict = world.oracle.judge(receiver.requests, "/a")
    report("disk full, delivering", verdict)
    assert verdict.duplicates == 0


async def test_no_more_is_sent_than_waits_to_be_recorded(
    world: World, receiver: Receiver, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await world.hook(f"{receiver.url}/a")
    commit, refused, full = world.store.commit, [0], True

    async def refusing(changes: Changes) -> None:
        if full and any(isinstance(step, SettleDelivery) for step in changes.steps):
            refused[0] += 1
            raise Unavailable("the disk is full")
        await commit(changes)

    monkeypatch.setattr(world.store, "commit", refusing)
    monkeypatch.setattr(settle, "PAUSES", (0.05,))
    for number in range(400):
        await world.say(f"m{number}")
    await until(lambda: receiver.count >= CLAIMED)
    counted = refused[0]
    await until(lambda: refused[0] > counted + 5 * CLAIMED)
    assert receiver.count == CLAIMED
    full = False
    assert await world.ended(id) == {"delivered": 400}
    verdict = world.oracle.judge(receiver.requests, "/a")
    report("nothing can be recorded", verdict)
    assert verdict.duplicates == 0
