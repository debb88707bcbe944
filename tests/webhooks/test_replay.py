"""What a replay owes: from a delivery, from a record whose delivery is gone, from a record of Rocket.Chat."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.deliveries import Delivery, Wanted
from strongback.storage.steps import Put, PutDeliveries, PutEvent, PutIntegration, SettleDelivery, Target
from strongback.webhooks import request as requests
from strongback.webhooks.replay import replay
from tests.room_world import IN_ALL, OUT_ALL, OUT_OWN, RoomWorld, room_world

pytestmark = pytest.mark.anyio

TOKEN = "s3cret-token-wxyz"
SHOWN = "*************wxyz"
URL = f"https://hooks.example/in?t={TOKEN}"
EVENT = "0123456789abcdef01234567"
DATA = {"bot": False, "channel_id": "r-ops", "message_id": "m1", "user_id": "u-ann", "text": "!gif party"}
SENT = {"token": TOKEN, **DATA}
RECORD: dict[str, Any] = {"type": "outgoing-webhook", "event": "sendMessage", "url": URL, "data": SENT}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[RoomWorld]:
    """Ann's outgoing integration `i1`, another `i2`, and an incoming one."""
    async with room_world(tmp_path) as opened:
        for id, kind in (("i1", "outgoing"), ("i2", "outgoing"), ("in", "incoming")):
            body = {"_id": id, "type": f"webhook-{kind}", "enabled": True, "token": TOKEN, "urls": [URL]}
            body |= {"channel": [], "_createdBy": {"_id": "u-ann", "username": "ann"}}
            await opened.write(PutIntegration(Document(id, body), []))
        yield opened


async def owe(world: RoomWorld, *, request: str | None = None, state: str = "delivered") -> str:
    """A delivery that has ended; its id."""
    event = PutEvent(EVENT, "sendMessage", "r-ops", "m1", "u-ann", 2, json.dumps(DATA), world.now)
    target = Target("i1", URL, "https://hooks.example:443", "!gif")
    await world.write(event, PutDeliveries(EVENT, [target], world.now, 99))
    await world.store.claim("w", world.now, world.now + 60, Wanted(1, 1, {}))
    await world.write(SettleDelivery(f"{EVENT}.0", state, None, world.now, world.now, request, 1))
    return f"{EVENT}.0"


async def keep(world: RoomWorld, id: str = "h1", of: str = "i1", **members: Any) -> None:
    """A record of history."""
    body = {"_id": id, **RECORD, "integration": {"_id": of, "token": TOKEN}, **members}
    document = Document(id, {name: value for name, value in body.items() if value is not None})
    document.set_date("_updatedAt", world.now)
    await world.write(Put("history", document))


async def replayed(world: RoomWorld, *, by: Caller | None = None, of: str = "i1", **what: Any) -> Delivery:
    """The delivery that a replay owes."""
    what = what or {"history_id": "h1"}
    caller = by or world.caller("ann", OUT_ALL)
    delivery = await world.store.delivery(await replay(world.store, world.clock, caller, of, **what))
    assert delivery is not None
    return delivery


def body_of(delivery: Delivery) -> Any:
    """What is going to be sent."""
    assert delivery.request is not None
    request = requests.decode(delivery.request)
    assert request.body is not None
    return json.loads(request.body)


async def told(world: RoomWorld, delivery: Delivery) -> dict[str, Any]:
    """What the event of a delivery says."""
    event = await world.store.event(delivery.event_id)
    assert event is not None
    found: dict[str, Any] = json.loads(event.body)
    return found


async def refused(world: RoomWorld, **what: Any) -> tuple[str, str | None]:
    with pytest.raises(Failure) as caught:
        await replayed(world, **what)
    return caught.value.text, caught.value.error


async def test_the_stored_request_is_owed_again_under_the_next_number(world: RoomWorld) -> None:
    id = await owe(
        world, request='{"method":"PUT","url":"https://other.example/","headers":[["a","b"]],"text":"x"}'
    )
    await keep(world, deliveryId=id)
    world.now += 5_000
    first, second = await replayed(world), await replayed(world, delivery_id=id)
    third = await replayed(world, delivery_id=first.id)
    assert [one.id for one in (first, second, third)] == [f"{EVENT}.0.{n}" for n in (1, 2, 3)]
    assert [one.replay for one in (first, second, third)] == [1, 2, 3]
    original = await world.store.delivery(id)
    assert original is not None
    assert first.request == second.request == third.request == original.request
    assert (first.event_id, first.url, first.origin) == (EVENT, URL, "https://hooks.example:443")
    assert (first.state, first.trigger_word, first.next_at, first.created) == (
        "pending",
        "!gif",
        world.now,
        world.now,
    )


async def test_what_was_sent_without_a_script_is_made_of_the_event(world: RoomWorld) -> None:
    id = await owe(world)
    await keep(world, deliveryId=id, data={}, httpCallData={"not": "this"})
    expected = {"token": TOKEN, "bot": False, "trigger_word": "!gif", **DATA}
    assert body_of(await replayed(world)) == expected
    assert body_of(await replayed(world, delivery_id=id)) == expected


@pytest.mark.parametrize("what", [{"history_id": "h1"}, {"delivery_id": f"{EVENT}.0"}], ids=str)
async def test_what_was_never_sent_is_prepared_when_it_is(world: RoomWorld, what: dict[str, Any]) -> None:
    id = await owe(world, state="failed")
    await keep(world, deliveryId=id, url=None)
    assert (await replayed(world, **what)).request is None


async def test_render_leaves_the_request_to_the_integration(world: RoomWorld) -> None:
    id = await owe(world, request='{"method":"PUT","url":"https://other.example/","headers":[]}')
    delivery = await replayed(world, delivery_id=id, render=True)
    assert (delivery.request, delivery.request_revision) == (None, None)


async def test_a_record_outlives_its_delivery(world: RoomWorld) -> None:
    masked: dict[str, Any] = {
        "url": URL.replace(TOKEN, SHOWN),
        "data": {**SENT, "token": SHOWN},
        "triggerWord": "!gif",
    }
    await keep(world, deliveryId=f"{EVENT}.3.1", httpCallData={"token": SHOWN, "gif": "party"}, **masked)
    first, second = await replayed(world), await replayed(world)
    assert (first.id, second.id) == (f"{EVENT}.3.1", f"{EVENT}.3.2")
    assert (first.url, first.trigger_word) == (URL, "!gif")
    assert body_of(first) == body_of(second) == {"token": TOKEN, "gif": "party"}
    assert await told(world, first) == DATA
    event = await world.store.event(EVENT)
    assert event is not None
    assert (event.rid, event.message_id, event.user_id) == ("r-ops", "m1", "u-ann")


async def test_a_record_of_rocket_chat_has_an_id_of_its_own(world: RoomWorld) -> None:
    await keep(world, "Ab.c/d", httpCallData={"token": "of old", "text": "x"})
    await keep(world, "h2", httpCallData="plain text")
    first = await replayed(world, history_id="Ab.c/d")
    assert body_of(first) == {"token": TOKEN, "text": "x"}
    again, other = await replayed(world, history_id="Ab.c/d"), await replayed(world, history_id="h2")
    assert again.id == f"{first.event_id}.0.2"
    assert len(first.event_id) == 24
    assert first.event_id != other.event_id
    assert other.request is not None
    assert requests.decode(other.request).body == b"plain text"


async def test_a_record_without_what_was_sent_is_prepared_from_its_data(world: RoomWorld) -> None:
    for id, sent in (
        ("h1", None),
        ("h2", "x" * 20_000),
        ("h3", {"auth": SHOWN}),
        ("h4", f"Bearer {SHOWN}"),
    ):
        await keep(world, id, httpCallData=sent)
        delivery = await replayed(world, history_id=id)
        assert (delivery.request, delivery.url) == (None, URL)
        assert await told(world, delivery) == DATA


async def test_a_url_of_a_script_is_kept(world: RoomWorld) -> None:
    await keep(world, url="https://elsewhere.example/", httpCallData={"a": 1})
    delivery = await replayed(world)
    assert (delivery.url, delivery.origin) == ("https://elsewhere.example/", "https://elsewhere.example:443")


HISTORY = "error-invalid-integration-history"


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"of": "i2"}, "Invalid Integration History"),
        ({"type": "incoming-webhook"}, "it is not the record of an outgoing call"),
        ({"data": {}}, "it does not hold what was sent"),
        ({"data": "cut off", "httpCallData": "y" * 20_000}, "it does not hold what was sent"),
        ({"event": None}, "it does not hold what was sent"),
        ({"url": f"https://elsewhere.example/{SHOWN}"}, "it does not say to which URL the call went"),
    ],
)
async def test_a_record_that_can_not_be_replayed(
    world: RoomWorld, members: dict[str, Any], text: str
) -> None:
    await keep(world, **members)
    said, error = await refused(world)
    assert error == HISTORY
    assert said.endswith(text)
    assert said.startswith("Invalid Integration History")


async def test_an_unknown_record_and_deliveries_of_others(world: RoomWorld) -> None:
    await owe(world)
    assert await refused(world, history_id="h9") == ("Invalid Integration History", HISTORY)
    for of, id in (("i1", f"{EVENT}.7"), ("i1", ""), ("i2", f"{EVENT}.0")):
        assert await refused(world, of=of, delivery_id=id) == ("Invalid delivery", "error-invalid-delivery")


@pytest.mark.parametrize(
    ("name", "held", "of", "error"),
    [
        ("ann", [], "i1", "not_authorized"),
        ("ann", [IN_ALL], "in", "not_authorized"),
        ("ann", [OUT_ALL, IN_ALL], "in", "error-invalid-integration"),
        ("ann", [OUT_ALL], "nothing", "error-invalid-integration"),
        ("bob", [OUT_OWN], "i1", "error-invalid-integration"),
        ("bob", [OUT_ALL], "i1", HISTORY),
        ("ann", [OUT_OWN], "i1", HISTORY),
    ],
)
async def test_who_may_replay(world: RoomWorld, name: str, held: list[str], of: str, error: str) -> None:
    caller = world.caller(name, *held)
    assert (await refused(world, by=caller, of=of, history_id="h9"))[1] == error


async def test_a_disabled_integration_replays_nothing(world: RoomWorld) -> None:
    await keep(world)
    body = await world.body("integrations", "i1")
    await world.write(PutIntegration(Document("i1", body | {"enabled": False}), []))
    assert await refused(world) == (
        "The integration is disabled: enable it, then replay",
        "error-integration-disabled",
    )
