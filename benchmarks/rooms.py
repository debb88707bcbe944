"""Pages of rooms, members and messages, against the same rows read by one SQL statement and written out; and search.

Everything runs in one process on one file. Prints each ratio for a small and for a ten times larger total, what a post
costs in a large group against a small one, and the median of a search for two words.

    python benchmarks/rooms.py [--messages 1000000]
"""

import argparse
import json
import os
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import uvloop

from strongback import app
from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.groups import listings
from strongback.groups.members import members
from strongback.http.services import Services
from strongback.listing import Wanted
from strongback.messages import read
from strongback.messages.build import draft
from strongback.messages.place import place_by_id
from strongback.messages.post import post
from strongback.messages.search import search
from strongback.messages.sender import sender
from strongback.settings import Settings
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomView, Store
from strongback.storage.sqlite.selections import shown_text
from strongback.storage.steps import Put, Step

GROUPS = 500
WORDS = [f"word{n}" for n in range(2_000)]
ROUNDS = 200


async def fill(store: Store, people: int, rooms: int) -> None:
    """A user in 500 of the groups, and one group with so many members."""
    steps: list[Step] = [user(n) for n in range(people)]
    steps += [room(n) for n in range(rooms)]
    steps += [member(n, 0) for n in range(GROUPS)]
    steps += [Put("rooms", Document("large", {"_id": "large", "t": "p", "name": "large", "ro": False}))]
    steps += [Put("rooms", Document("small", {"_id": "small", "t": "p", "name": "small", "ro": False}))]
    steps += [member("large", n) for n in range(people)] + [member("small", n) for n in range(10)]
    await write(store, steps)


async def write(store: Store, steps: list[Step]) -> None:
    """Commit steps, some thousand at a time."""
    for start in range(0, len(steps), 2_000):
        await store.commit(Changes(steps=steps[start : start + 2_000]))


def user(n: int) -> Put:
    """An account."""
    body = {
        "_id": f"u{n}",
        "username": f"user{n}",
        "name": f"User {n}",
        "active": True,
        "roles": ["user"],
        "status": "offline",
    }
    return Put("users", Document(f"u{n}", body))


def room(n: int) -> Put:
    """A group of about 400 bytes."""
    body = {
        "_id": f"r{n}",
        "t": "p",
        "name": f"group-{n:06d}",
        "fname": f"group-{n:06d}",
        "ro": False,
        "topic": "x" * 250,
    }
    return Put("rooms", Document(f"r{n}", body))


def member(rid: int | str, n: int) -> Put:
    """A membership."""
    rid = rid if isinstance(rid, str) else f"r{rid}"
    body = {"_id": f"{rid}-{n}", "rid": rid, "t": "p", "name": rid, "u": {"_id": f"u{n}"}, "open": True}
    return Put("subscriptions", Document(f"{rid}-{n}", body))


def message(n: int, chance: random.Random) -> Put:
    """A message of about 300 bytes in the large group."""
    text = " ".join(chance.choices(WORDS, k=12))
    body = {
        "_id": f"m{n:012d}",
        "rid": "large",
        "msg": text,
        "u": {"_id": "u0", "username": "user0"},
        "groupable": False,
    }
    document = Document(body["_id"], body)
    document.set_date("ts", 1_700_000_000_000 + n)
    document.set_date("_updatedAt", 1_700_000_000_000 + n)
    return Put("messages", document)


async def timed(call: Callable[[], Awaitable[object]], rounds: int = ROUNDS) -> float:
    """The median microseconds of a call."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        await call()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e6


def plain(path: Path, sql: str) -> Callable[[], Awaitable[object]]:
    """One statement whose texts are written out."""
    connection = sqlite3.connect(path)

    async def call() -> object:
        return ",".join([text for (text,) in connection.execute(sql)]).encode()

    return call


PLAIN = {
    "groups.list, 500 groups": (
        f"SELECT {shown_text('rooms')} FROM subscriptions s JOIN rooms t ON t.id = s.rid"
        " WHERE s.user_id = 'u0' AND t.type = 'p' ORDER BY t.name LIMIT 500"
    ),
    "groups.members, page of 50": (
        "SELECT t.text FROM subscriptions s CROSS JOIN users t ON t.id = s.user_id WHERE s.rid = 'large'"
        " AND s.member_active = 1 ORDER BY s.member_status DESC, s.member_name, s.user_id LIMIT 50"
    ),
    "groups.messages, page of 50": (
        "SELECT text FROM messages WHERE rid = 'large' ORDER BY created DESC, id DESC LIMIT 50"
    ),
}


async def pages(services: Services, path: Path) -> dict[str, tuple[float, float]]:
    """By page, its time and that of the plain statement, in microseconds."""
    store = services.store
    caller = Caller("u0", "user0", frozenset({"user", "admin"}), services.access.newest)
    view = RoomView("large", "large", "p", False, None, None, True, frozenset())

    async def of(call: Callable[[], Awaitable[object]]) -> object:
        found = await call()
        return ",".join(found.texts).encode()  # type: ignore[attr-defined]

    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "groups.list, 500 groups": partial(
            listings.joined, store, caller, ("p",), Wanted(0, GROUPS), matching_ms=250
        ),
        "groups.members, page of 50": partial(members, store, caller, view, Wanted(0, 50), matching_ms=250),
        "groups.messages, page of 50": partial(
            read.of_room, store, caller, view, Wanted(0, 50), matching_ms=250
        ),
    }
    return {
        name: (await timed(partial(of, call)), await timed(plain(path, PLAIN[name])))
        for name, call in calls.items()
    }


async def posts(services: Services, rid: str) -> float:
    """The median microseconds of a post."""
    stored = await services.store.get("users", "u0")
    assert stored is not None
    who = sender(stored, services.access.newest)
    find = partial(place_by_id, services.store, rid, "u0")
    words = draft({"text": "T-minus ten minutes"})
    return await timed(
        partial(post, services.store, services.clock, who, find, words, on_event=services.on_event)
    )


async def searching(services: Services) -> float:
    """The median milliseconds of a search for two words."""
    chance = random.Random(7)
    caller = Caller("u0", "user0", frozenset({"user", "admin"}), services.access.newest)
    times = []
    for _ in range(100):
        words = " ".join(chance.choices(WORDS, k=2))
        started = time.perf_counter()
        await search(services.store, caller, "large", words, 0, 50)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e3


async def main(count: int) -> None:
    """Measure and print."""
    found: list[dict[str, tuple[float, float]]] = []
    for people, rooms, messages in ((1_000, 1_000, count // 10), (10_000, 10_000, count)):
        with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
            settings = Settings(database=f"sqlite:///{folder}/bench.db")
            store = await app.open_store(settings, writing=True)
            services = await app.prepare(store, settings)
            await fill(store, people, rooms)
            chance = random.Random(1)
            for start in range(0, messages, 50_000):
                await write(store, [message(n, chance) for n in range(start, min(start + 50_000, messages))])
            found.append(await pages(services, settings.database_path))
            if messages == count:
                large, small = await posts(services, "large"), await posts(services, "small")
                print(
                    f"a post in a group of {people:,} against one of 10: {large / small:.2f}x (asked: 1.5x)"
                )
                print(
                    f"a search for two words in {count:,} messages: {await searching(services):.1f} ms (asked: 20 ms)"
                )
            await store.close()
    print(f"{'page':30} {'against plain SQL':>18} {'ten times the total':>20}   (asked: 3x, flat)")
    for name, (large, bare) in found[1].items():
        print(f"{name:30} {large / bare:17.2f}x {large / found[0][name][0]:19.2f}x")
    print(json.dumps({"machine": f"{os.cpu_count()} cores", "date": time.strftime("%Y-%m-%d")}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=1_000_000)
    uvloop.run(main(parser.parse_args().messages))
