"""An integration or its room changes between two attempts: what is owed follows the new state, or is cancelled."""

from typing import Any

import pytest

from strongback.testing.answer import Answer, Hold
from strongback.testing.receiver import Receiver
from tests.faults.report import Report
from tests.faults.world import SECOND, World, outgoing, until

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

SCRIPT = """
class Script {
  prepare_outgoing_request({request}) {
    request.headers = {'X-Drawn': String(Math.random()), 'X-Version': 'VERSION'};
    return request;
  }
}
"""


async def refused_once(world: World, receiver: Receiver, **members: Any) -> str:
    """Make an integration whose first call is answered 503, and which waits for the second; answers its id."""
    receiver.script("/a", [world.oracle.refusing(Answer(503)), Answer()])
    id = await world.hook(f"{receiver.url}/a", **members)
    assert await world.say("one") == 200
    await world.waiting(id, attempts=1)
    return id


async def change(world: World, id: str, url: str, **members: Any) -> None:
    """Edit an integration, as the page of integrations does."""
    body = outgoing(url, **members) | {"integrationId": id, "token": "a-token-of-ours"}
    (await world.put("integrations.update", **body)).raise_for_status()


async def cancelled(world: World, receiver: Receiver, id: str, reason: str) -> None:
    """Fail unless the delivery is cancelled when its time comes, and nothing more was sent."""
    world.advance(6 * SECOND)
    assert await world.ended(id) == {"cancelled": 1}
    assert (await world.delivery(id)).reason == reason
    assert receiver.count == 1


async def test_what_did_not_change_is_sent_again_to_the_byte(
    world: World, receiver: Receiver, report: Report
) -> None:
    id = await refused_once(world, receiver, script=SCRIPT)
    world.advance(6 * SECOND)
    assert await world.ended(id) == {"delivered": 1}
    first, second = receiver.requests
    assert first.body == second.body
    assert first.header("x-drawn") == second.header("x-drawn")
    assert first.header("webhook-timestamp") != second.header("webhook-timestamp")
    report("nothing changed", world.oracle.judge(receiver.requests, "/a"))


async def test_an_edited_script_prepares_the_next_attempt(
    world: World, receiver: Receiver, report: Report
) -> None:
    id = await refused_once(world, receiver, script=SCRIPT)
    await change(world, id, f"{receiver.url}/a", script=SCRIPT.replace("VERSION", "2"))
    world.advance(6 * SECOND)
    assert await world.ended(id) == {"delivered": 1}
    assert [one.header("x-version") for one in receiver.requests] == ["VERSION", "2"]
    report("script edited", world.oracle.judge(receiver.requests, "/a"))


async def test_a_url_that_was_taken_away_is_not_called_again(world: World, receiver: Receiver) -> None:
    id = await refused_once(world, receiver)
    await change(world, id, f"{receiver.url}/b")
    await cancelled(world, receiver, id, "the integration no longer calls this URL")


async def test_a_disabled_integration_calls_nobody(world: World, receiver: Receiver) -> None:
    id = await refused_once(world, receiver)
    await change(world, id, f"{receiver.url}/a", enabled=False)
    await cancelled(world, receiver, id, "the integration is disabled")


async def test_an_integration_that_is_enabled_again_in_time_goes_on(
    world: World, receiver: Receiver, report: Report
) -> None:
    id = await refused_once(world, receiver)
    await change(world, id, f"{receiver.url}/a", enabled=False)
    await change(world, id, f"{receiver.url}/a")
    world.advance(6 * SECOND)
    assert await world.ended(id) == {"delivered": 1}
    report("disabled and enabled", world.oracle.judge(receiver.requests, "/a"))


async def test_a_removed_integration_calls_nobody(world: World, receiver: Receiver) -> None:
    id = await refused_once(world, receiver)
    body = {"type": "webhook-outgoing", "integrationId": id}
    (await world.post("integrations.remove", **body)).raise_for_status()
    await cancelled(world, receiver, id, "the integration was removed")


async def test_an_integration_that_is_removed_while_it_calls_leaves_nothing_behind(
    world: World, receiver: Receiver
) -> None:
    hold = Hold(Answer(200, {"text": "a reply"}))
    receiver.script("/a", [hold])
    id = await world.hook(f"{receiver.url}/a")
    await world.say("one")
    await until(lambda: receiver.count == 1)
    body = {"type": "webhook-outgoing", "integrationId": id}
    (await world.post("integrations.remove", **body)).raise_for_status()
    hold.release()
    other = await world.hook(f"{receiver.url}/b")
    await world.say("two")
    assert await world.ended(other) == {"delivered": 1}
    assert await world.states(id) == {"cancelled": 1}
    messages = await world.get("groups.messages", roomId=world.group)
    assert {message["msg"] for message in messages["messages"]} == {"one", "two"}


async def test_a_room_that_is_gone_is_not_told_of(world: World, receiver: Receiver) -> None:
    id = await refused_once(world, receiver, channel="all_private_groups")
    (await world.post("groups.delete", roomId=world.group)).raise_for_status()
    await cancelled(world, receiver, id, "the room is gone")


async def test_a_receiver_that_is_gone_disables_the_integration(world: World, receiver: Receiver) -> None:
    id = await refused_once(world, receiver)
    receiver.script("/a", [Answer(410)])
    await world.say("two")
    await until(lambda: is_disabled(world, id))
    world.advance(6 * SECOND)
    assert await world.ended(id) == {"failed": 1, "cancelled": 1}
    messages = await world.get("groups.messages", roomId=world.group)
    told = [message["msg"] for message in messages["messages"] if "was disabled" in message["msg"]]
    assert len(told) == 1
    assert "410" in told[0]


async def is_disabled(world: World, id: str) -> bool:
    """Whether an integration is disabled."""
    shown = await world.get("integrations.get", integrationId=id)
    return shown["integration"]["enabled"] is False
