"""Commits of two nodes side by side on one database: what each alone makes sure of is so at the end, too."""

import asyncio
import random
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from strongback.errors import Conflict
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Old, Wanted
from strongback.storage.guards import Absent, Guard, Held, KeyFree, TokenNameFree, TriggersAt, Unchanged
from strongback.storage.postgres.store import PostgresStore
from strongback.storage.steps import (
    CountOutcome,
    Put,
    PutHistory,
    PutKey,
    PutReplay,
    PutToken,
    Remove,
    RemoveAll,
    SetMembers,
    SettleDelivery,
    Step,
    Target,
    Token,
)
from tests.storage.postgres.commits import message, outcomes, told, value
from tests.storage.postgres.world import put
from tests.storage_contract.conftest import integration, login_token, room, user, write
from tests.stores import execute

pytestmark = pytest.mark.anyio

ROOMS = ("r0", "r1", "r2", "r3")
HOOKS = ("i0", "i1", "i2", "i3")
TRIES = 200
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
MISCOUNTED = (
    "SELECT count(*) FROM queues q WHERE open <> (SELECT count(*) FROM deliveries d"
    " WHERE d.integration = q.integration AND d.state IN ('pending', 'sending'))"
)


async def until_done(store: Store, read: Any) -> None:
    """Commit what `read` makes of the state it finds, again as long as others are first."""
    for _ in range(TRIES):
        try:
            await store.commit(await read())
        except Conflict:
            continue
        return
    raise AssertionError(f"others were first {TRIES} times")


async def test_who_writes_in_several_rooms_meets_nobody_in_a_deadlock(
    nodes: tuple[PostgresStore, ...], tmp_path: Path
) -> None:
    await write(nodes[0], *(room(id, None) for id in ROOMS), *told("first", HOOKS))
    chance, before = random.Random(7), value(tmp_path, DEADLOCKS)

    def posting(number: int) -> Awaitable[None]:
        steps: list[Step] = []
        for turn, rid in enumerate(chance.sample(ROOMS, 3)):
            id = f"m{number}-{turn}"
            steps += [message(id, rid), *told(f"e{id}", chance.sample(HOOKS, chance.choice([1, 2, 3])))]
        return nodes[number % 2].commit(Changes(steps=steps))

    assert set(await outcomes(*map(posting, range(40)))) == {"done"}
    assert value(tmp_path, DEADLOCKS) == before
    assert value(tmp_path, "SELECT sum(messages)::int FROM rooms") == 120
    assert value(tmp_path, MISCOUNTED) == 0


async def test_replies_of_integrations_and_messages_meet_in_no_deadlock(
    nodes: tuple[PostgresStore, ...], tmp_path: Path
) -> None:
    await write(nodes[0], *(room(id, None) for id in ROOMS), *told("first", HOOKS))
    for number in range(5):
        await write(nodes[0], *told(f"e{number}", HOOKS))
    chance, before = random.Random(7), value(tmp_path, DEADLOCKS)
    commits = []
    for number, node in enumerate(nodes):
        worker = f"w{number}"
        for one, _ in (await node.claim(worker, 10, 1_000, Wanted(10, 10, {}))).taken:
            reply = [
                message(f"m-{one.id}", chance.choice(ROOMS)),
                *told(f"e-{one.id}", chance.sample(HOOKS, 2)),
            ]
            settled = SettleDelivery(one.id, "delivered", None, 0, 5)
            steps = [*reply, settled, CountOutcome(one.integration_id, True, 5)]
            commits.append(node.commit(Changes([Held(one.id, worker)], steps)))
        posts = [
            [message(f"m{number}-{n}", chance.choice(ROOMS)), *told(f"p{number}-{n}", HOOKS)]
            for n in range(10)
        ]
        commits += [write(node, *steps) for steps in posts]
    chance.shuffle(commits)
    assert await outcomes(*commits) == ["done"] * 40
    assert value(tmp_path, DEADLOCKS) == before
    assert value(tmp_path, MISCOUNTED) == 0


async def test_no_more_login_tokens_stay_than_are_kept(
    nodes: tuple[PostgresStore, ...], tmp_path: Path
) -> None:
    await write(nodes[0], user("u1", "ann"))
    steps = [
        PutToken(login_token("u1", f"hash-{n}", f"2024-01-01T00:00:{n:02}.000Z"), keep=3) for n in range(40)
    ]
    assert set(await outcomes(*(write(nodes[n % 2], step) for n, step in enumerate(steps)))) == {"done"}
    assert value(tmp_path, "SELECT count(*) FROM tokens WHERE user_id = 'u1'") == 3


@pytest.mark.parametrize(
    ("guard", "step"),
    [
        (Absent("messages", "id", "m1"), message("m1", "r0")),
        (KeyFree("i1", "once", 0), PutKey("i1", "once", "d", 200, "{}", 5)),
        (TokenNameFree("u1", "mine"), None),
    ],
    ids=["message", "key", "token"],
)
async def test_of_many_who_take_what_is_free_one_gets_it(
    nodes: tuple[PostgresStore, ...], guard: Guard, step: Step | None
) -> None:
    def taking(number: int) -> Changes:
        body = {"type": "personalAccessToken", "name": "mine", "createdAt": "2024-01-01T00:00:00.000Z"}
        return Changes([guard], [step or PutToken(Token("u1", f"hash-{number}", body))])

    ends = await outcomes(*(nodes[n % 2].commit(taking(n)) for n in range(16)))
    assert ends.count("done") == 1
    assert ends.count(type(guard).__name__) == 15


async def test_every_change_of_a_message_counts(nodes: tuple[PostgresStore, ...], tmp_path: Path) -> None:
    await write(nodes[0], room("r0", None), message("root", "r0", tcount=0, mentions=[], starred=[]))

    def answering(store: Store, number: int) -> Awaitable[None]:
        async def read() -> Changes:
            stored = await store.get("messages", "root")
            assert stored is not None
            root = stored.decode()
            root.set("tcount", root.body["tcount"] + 1)
            root.set("starred", [*root.body["starred"], {"_id": f"u{number}"}])
            reply = message(f"reply-{number}", "r0", tmid="root")
            return Changes([Unchanged("messages", "root", root.revision)], [reply, Put("messages", root)])

        return until_done(store, read)

    await asyncio.gather(*(answering(nodes[n % 2], n) for n in range(20)))
    root = await nodes[0].get("messages", "root")
    assert root is not None
    assert root.decode().body["tcount"] == 20
    assert value(tmp_path, "SELECT count(*) FROM stars WHERE message = 'root'") == 20
    assert value(tmp_path, "SELECT messages FROM rooms") == 21


async def test_nothing_is_written_in_a_room_that_goes(
    nodes: tuple[PostgresStore, ...], tmp_path: Path
) -> None:
    for turn in range(10):
        rid = f"gone-{turn}"
        await write(nodes[0], room(rid, None))
        stored = await nodes[1].get("rooms", rid)
        assert stored is not None
        guard = Unchanged("rooms", rid, stored.revision)
        removal = Changes([guard], [RemoveAll("messages", "rid", rid), Remove("rooms", rid)])
        posts = [
            Changes([guard], [message(f"{rid}-{n}", rid), *told(f"e-{rid}-{n}", ["i0"])]) for n in range(8)
        ]
        commits = [*(nodes[n % 2].commit(one) for n, one in enumerate(posts[:4])), nodes[0].commit(removal)]
        commits += [nodes[n % 2].commit(one) for n, one in enumerate(posts[4:])]
        ends = await outcomes(*commits)
        assert ends.count("done") >= 1
        assert (
            value(tmp_path, "SELECT count(*) FROM events WHERE id LIKE $1", f"e-{rid}-%")
            == ends.count("done") - 1
        )
    assert value(tmp_path, "SELECT count(*) FROM messages") == 0


async def test_nothing_is_owed_to_an_integration_that_goes(
    nodes: tuple[PostgresStore, ...], tmp_path: Path
) -> None:
    for turn in range(10):
        hook = f"h{turn}"
        await write(nodes[0], integration(hook, type="webhook-outgoing"))
        guard = TriggersAt(await nodes[1].trigger_revision())
        posts = [nodes[n % 2].commit(Changes([guard], told(f"e{turn}-{n}", [hook]))) for n in range(10)]
        posts.insert(5, write(nodes[1], Remove("integrations", hook)))
        await outcomes(*posts)
    assert value(tmp_path, "SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')") == 0
    assert value(tmp_path, "SELECT count(*) FROM queues") == 0


async def test_no_more_is_open_than_the_limit(nodes: tuple[PostgresStore, ...], tmp_path: Path) -> None:
    commits = [write(nodes[n % 2], *told(f"e{n}", ["i0"], limit=7)) for n in range(30)]
    assert set(await outcomes(*commits)) == {"done"}
    states = execute(tmp_path, "SELECT state, count(*) FROM outbox GROUP BY state", store="postgres")
    assert {row["state"]: row["count"] for row in states} == {"pending": 7, "failed": 23}
    assert value(tmp_path, "SELECT open FROM queues") == 7


async def test_of_replays_with_one_number_one_is_owed(
    nodes: tuple[PostgresStore, ...], tmp_path: Path
) -> None:
    await write(nodes[0], *told("e", ["i0"]))
    target = Target("i0", "http://i0.example/", "http://i0.example")
    again = PutReplay("e.0.1", "e", target, 1, 2)
    ends = await outcomes(*(write(nodes[n % 2], again) for n in range(10)))
    assert ends.count("done") == 1
    assert value(tmp_path, "SELECT count(*) FROM outbox") == value(tmp_path, "SELECT open FROM queues") == 2


async def test_every_record_has_what_it_ran_with(nodes: tuple[PostgresStore, ...], tmp_path: Path) -> None:
    records = []
    for number in range(60):
        record = put("history", f"h{number}", step="x", integration={"_id": "i1"}).document
        record.set_date("_updatedAt", number)
        records.append(
            write(nodes[number % 2], PutHistory(record, "i1", f'{{"n":{number % 3}}}', number % 3))
        )
    old = Old(now=1_000, before=0, pending_before=0, keys_before=0, expired="old", keep=1, batch=5)
    sweeps = [nodes[n % 2].retire(old) for n in range(20)]
    await asyncio.gather(*records, *sweeps)
    missing = (
        "SELECT count(*) FROM history h WHERE NOT EXISTS"
        " (SELECT FROM copies c WHERE c.integration = h.integration_id AND c.revision = h.copy)"
    )
    assert value(tmp_path, missing) == 0


async def test_many_rows_are_set_beside_light_commits(
    nodes: tuple[PostgresStore, ...], tmp_path: Path
) -> None:
    await write(nodes[0], room("r0", None), *(message(f"m{n}", "r0") for n in range(50)))
    setting = SetMembers("messages", "rid", "r0", {"alias": "new"})
    posts = [write(nodes[n % 2], message(f"m{n}", "r0", alias="mine")) for n in range(50, 80)]
    await outcomes(*posts[:15], write(nodes[1], setting), *posts[15:])
    aliases = [row["text"] for row in execute(tmp_path, "SELECT text FROM messages", store="postgres")]
    assert sum('"alias"' in text for text in aliases) == 80
    assert sum('"alias":"new"' in text for text in aliases) >= 50
