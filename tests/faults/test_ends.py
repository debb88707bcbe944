"""Whatever goes wrong inside, no delivery stays `sending`: each waits, with a reason, or has reached its end."""

import asyncio
from typing import Any

import pytest

from strongback.errors import Unavailable
from strongback.testing.receiver import Receiver
from strongback.webhooks import attempt as attempts
from strongback.webhooks.secrets import KEY_FILE
from tests.faults.report import Report
from tests.faults.world import MINUTE, World

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


async def test_a_database_that_can_not_be_read_delays_a_delivery(
    world: World, receiver: Receiver, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await world.hook(f"{receiver.url}/a")
    get, failing = world.store.get, True

    async def reading(kind: str, wanted: str) -> Any:
        if failing and wanted == id:
            raise Unavailable("the database is locked by another program; try again in a moment")
        return await get(kind, wanted)

    monkeypatch.setattr(world.store, "get", reading)
    await world.say("one")
    assert (await world.waiting(id, attempts=0)).reason == attempts.NOT_NOW
    failing = False
    world.advance(MINUTE)
    assert await world.ended(id) == {"delivered": 1}
    report("database can not be read", world.oracle.judge(receiver.requests, "/a"))


async def test_a_lost_key_delays_a_delivery(world: World, receiver: Receiver, report: Report) -> None:
    id = await world.hook(f"{receiver.url}/a")
    (await world.post("integrations.setSecret", integrationId=id, secret=SECRET)).raise_for_status()
    await world.stop()
    key = world.database.with_name(KEY_FILE)
    text = key.read_text()
    key.unlink()
    await world.start()
    await world.say("one")
    assert (await world.waiting(id, attempts=0)).reason == attempts.NOT_NOW
    key.touch(0o600)
    key.write_text(text)
    world.advance(MINUTE)
    assert await world.ended(id) == {"delivered": 1}
    report("key of the secrets lost", world.oracle.judge(receiver.requests, "/a"))


async def test_an_error_of_ours_ends_a_delivery(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await world.hook(f"{receiver.url}/a")

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("nobody thought of this")

    with monkeypatch.context() as patched:
        patched.setattr(attempts, "classify", broken)
        await world.say("one")
        assert await world.ended(id) == {"failed": 1}
    assert (await world.delivery(id)).reason == attempts.INTERNAL
    await world.say("two")
    assert await world.ended(id) == {"failed": 1, "delivered": 1}


async def test_a_stop_starts_nothing_more(
    world: World, receiver: Receiver, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = await world.hook(f"{receiver.url}/a")
    claim, claiming, gate = world.store.claim, asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any) -> Any:
        claims = await claim(*arguments)
        if claims.taken:
            claiming.set()
            await gate.wait()
        return claims

    monkeypatch.setattr(world.store, "claim", slow)
    await world.say("one")
    await claiming.wait()
    stopping = asyncio.create_task(world.stop_delivering())
    await asyncio.sleep(0)
    gate.set()
    await stopping
    for _ in range(10):
        await asyncio.sleep(0)
    assert world.started == []
    assert (await world.delivery(id)).state == "pending"
    await world.stop()
    await world.start()
    assert await world.ended(id) == {"delivered": 1}
    verdict = world.oracle.judge(receiver.requests, "/a")
    assert verdict.duplicates == 0
    report("stop during a claim", verdict)
