"""A receiver that fails for days: its integration is disabled, the group hears why, and a success in between counts."""

import pytest

from strongback.testing.answer import Answer
from strongback.testing.receiver import Receiver
from tests.faults.world import DAY, HOUR, World

pytestmark = [pytest.mark.anyio, pytest.mark.faults]


async def told(world: World) -> list[str]:
    """What the group was told of disabled integrations."""
    messages = (await world.get("groups.messages", roomId=world.group))["messages"]
    return [message["msg"] for message in messages if "was disabled" in message["msg"]]


async def enabled(world: World, id: str) -> bool:
    """Whether an integration is enabled."""
    shown = await world.get("integrations.get", integrationId=id)
    return bool(shown["integration"]["enabled"])


async def fail(world: World, id: str, days: int) -> None:
    """Let an integration meet nothing but failures for so many days, twice a day."""
    for _ in range(2 * days):
        await world.say(f"at {world.now}")
        await world.ended(id)
        world.advance(12 * HOUR)


async def test_five_days_of_failures_disable_an_integration(world: World, receiver: Receiver) -> None:
    receiver.answer(404)
    id = await world.hook(f"{receiver.url}/a", name="pager")
    await fail(world, id, days=5)
    assert await enabled(world, id)
    assert await told(world) == []
    await world.say("one more")
    assert await world.ended(id) == {"failed": 11}
    assert not await enabled(world, id)
    assert await told(world) == [
        "The integration pager was disabled: every call has failed for 5 days. "
        "Enable it again when its receiver works."
    ]
    await world.say("and another")
    assert sum((await world.states(id)).values()) == 11
    assert receiver.count == 11


async def test_a_success_begins_the_days_anew(world: World, receiver: Receiver) -> None:
    receiver.answer(404)
    id = await world.hook(f"{receiver.url}/a")
    await fail(world, id, days=4)
    receiver.script("*", [Answer(), Answer(404)])
    await world.say("works")
    assert await world.ended(id) == {"failed": 8, "delivered": 1}
    await fail(world, id, days=4)
    assert await enabled(world, id)
    assert await told(world) == []


async def test_few_failures_disable_nothing(world: World, receiver: Receiver) -> None:
    receiver.answer(404)
    id = await world.hook(f"{receiver.url}/a")
    for _ in range(9):
        await world.say(f"at {world.now}")
        await world.ended(id)
        world.advance(DAY)
    assert await enabled(world, id)
    await world.say("the tenth")
    await world.ended(id)
    assert not await enabled(world, id)
