"""Deliveries: owed in a commit, claimed per origin, held by a lease, settled once."""

from typing import Any

import pytest

from strongback import metrics
from strongback.errors import Conflict
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Old, Queue, Wanted
from strongback.storage.guards import Held, KeyFree, TriggersAt
from strongback.storage.steps import (
    CountOutcome,
    Link,
    PutDeliveries,
    PutEvent,
    PutKey,
    PutReplay,
    Remove,
    SettleDelivery,
    Target,
)
from tests.storage_contract.conftest import integration

pytestmark = pytest.mark.anyio

ALL = Wanted(total=64, each=4, busy={})
DAY = 86_400_000


def event(id: str, created: int = 0) -> PutEvent:
    return PutEvent(id, "sendMessage", "r1", "m1", "u1", 0, '{"text":"hi"}', created)


def owed(
    id: str, *, origin: str = "http://a:80", at: int = 0, to: str = "i1", event_at: int | None = None
) -> list[PutEvent | PutDeliveries]:
    """Steps that owe one delivery because of an event of its own, due at a moment."""
    event_id = id.removesuffix(".0")
    happened = event(event_id, at if event_at is None else event_at)
    return [happened, PutDeliveries(event_id, [Target(to, f"{origin}/hook", origin)], at, 99)]


def replayed(id: str, replay: int) -> PutReplay:
    target = Target("i1", "http://a:80/hook", "http://a:80")
    return PutReplay(f"{id}.{replay}", id.partition(".")[0], target, replay, 0)


async def write(store: Store, *steps: Any) -> None:
    """Commit steps, or lists of steps, without guards."""
    await store.commit(
        Changes(steps=[one for step in steps for one in (step if isinstance(step, list) else [step])])
    )


def settled(id: str, state: str, at: int = 9, **more: Any) -> SettleDelivery:
    return SettleDelivery(id, state, None, at, at, **more)


def number(id: str) -> int:
    return int(id.removesuffix(".0").removeprefix("e"))


async def claimed(store: Store, wanted: Wanted = ALL, now: int = 100, worker: str = "w") -> list[str]:
    return [delivery.id for delivery, _ in (await store.claim(worker, now, now + 60, wanted)).taken]


async def test_what_is_due_is_claimed_in_the_order_in_which_it_was_owed(store: Store) -> None:
    await write(
        store, event("e"), owed("e0.0", at=5), owed("e1.0", at=3), owed("e2.0", at=5), owed("e3.0", at=500)
    )
    assert await claimed(store) == ["e1.0", "e0.0", "e2.0"]
    assert await claimed(store) == []
    assert await claimed(store, now=500) == ["e3.0"]


async def test_a_claim_says_what_happened_and_when_the_next_one_is_due(store: Store) -> None:
    await write(
        store,
        owed("e0.0", at=5, event_at=7),
        owed("e1.0", at=900),
        owed("e2.0", origin="http://b:80", at=800),
    )
    claims = await store.claim("w", 100, 160, ALL)
    delivery, happened = claims.taken[0]
    assert (delivery.id, delivery.state, delivery.attempts, delivery.worker) == ("e0.0", "sending", 1, "w")
    assert (happened.id, happened.kind, happened.rid, happened.body, happened.created) == (
        "e0",
        "sendMessage",
        "r1",
        '{"text":"hi"}',
        7,
    )
    assert claims.next_at == 800
    assert await store.delivery("e0.0") == delivery
    assert await store.event("e0") == happened


async def test_each_origin_gives_what_it_has_room_for(store: Store) -> None:
    await write(store, *(owed(f"e{n}.0", origin=f"http://{n % 3}:80") for n in range(30)))
    wanted = Wanted(total=6, each=4, busy={"http://0:80": 3, "http://1:80": 4})
    first = await claimed(store, wanted)
    assert sorted(number(id) % 3 for id in first) == [0, 2, 2, 2, 2]
    everything = set(first)
    while more := await claimed(store, Wanted(total=5, each=4, busy={})):
        assert len(more) <= 5
        assert everything.isdisjoint(more)
        everything |= set(more)
    assert len(everything) == 30


async def test_a_claim_with_little_room_goes_on_with_the_next_origin(store: Store) -> None:
    await write(store, *(owed(f"e{n}.0", origin=f"http://{n % 5}:80") for n in range(25)))
    origins = []
    for _ in range(5):
        [id] = await claimed(store, Wanted(total=1, each=4, busy={}))
        origins.append(number(id) % 5)
    assert sorted(origins) == [0, 1, 2, 3, 4]


async def test_a_lease_that_ended_is_given_to_another_worker(store: Store) -> None:
    await write(store, owed("e0.0"))
    assert await claimed(store, now=100) == ["e0.0"]
    assert await store.reclaim(159) == 0
    assert await store.renew("w", 300, ["e0.0", "e9.0"]) == {"e0.0"}
    assert await store.reclaim(299) == 0
    assert await store.reclaim(301) == 1
    assert await claimed(store, now=301, worker="other") == ["e0.0"]
    with pytest.raises(Conflict):
        await store.commit(Changes([Held("e0.0", "w")], [settled("e0.0", "delivered")]))
    await store.commit(Changes([Held("e0.0", "other")], [settled("e0.0", "delivered")]))
    found = await store.delivery("e0.0")
    assert found is not None
    assert (found.state, found.attempts, found.worker) == ("delivered", 2, None)


async def test_only_what_is_named_is_held_for_longer(store: Store) -> None:
    await write(store, *(owed(f"e{n}.0") for n in range(3)))
    assert await claimed(store, Wanted(2, 4, {})) == ["e0.0", "e1.0"]
    assert await claimed(store, worker="other") == ["e2.0"]
    assert await store.renew("w", 300, ["e1.0", "e2.0", "e", "", "e1.0.1"]) == {"e1.0"}
    assert await store.renew("w", 300, []) == set()
    assert await store.reclaim(299) == 2
    found = [await store.delivery(f"e{n}.0") for n in range(3)]
    assert [one and one.state for one in found] == ["pending", "sending", "pending"]


async def test_what_is_let_go_wakes_whoever_delivers(store: Store) -> None:
    await write(store, owed("e0.0"), owed("e1.0"))
    woken: list[str] = []
    store.on_deliveries(lambda: woken.append("wake"))
    await claimed(store, Wanted(1, 1, {}))
    await claimed(store, worker="other", now=200)
    assert await store.reclaim(100) == 0
    assert woken == []
    assert await store.reclaim(161) == 1
    assert len(woken) == 1
    assert await store.reclaim(161, "other") == 1
    assert len(woken) == 2


async def test_what_a_stopping_worker_lets_go_counts_no_attempt(store: Store) -> None:
    await write(store, owed("e0.0"))
    await claimed(store)
    assert await store.reclaim(100, "w") == 1
    found = await store.delivery("e0.0")
    assert found is not None
    assert (found.state, found.attempts) == ("pending", 0)


async def test_an_end_is_the_end(store: Store) -> None:
    await write(store, owed("e0.0"))
    await claimed(store)
    await write(store, settled("e0.0", "delivered"))
    await write(store, settled("e0.0", "pending"))
    found = await store.delivery("e0.0")
    assert found is not None
    assert found.state == "delivered"
    assert await claimed(store, now=1000) == []


async def test_a_retry_keeps_the_request_that_was_prepared(store: Store) -> None:
    await write(store, owed("e0.0"))
    await claimed(store)
    await write(store, settled("e0.0", "pending", 200, request="{}", request_revision=3))
    await claimed(store, now=200)
    await write(store, settled("e0.0", "pending", 300))
    [(delivery, _)] = (await store.claim("w", 300, 360, ALL)).taken
    assert (delivery.request, delivery.request_revision, delivery.attempts) == ("{}", 3, 3)


def owing(event_id: str, *integrations: str, limit: int = 3) -> PutDeliveries:
    return PutDeliveries(
        event_id, [Target(id, "http://a/", "http://a:80", f"for {id}") for id in integrations], 7, limit
    )


async def test_an_event_owes_a_delivery_to_each_target(store: Store) -> None:
    await write(store, event("e"), owing("e", "i1", "i2", "i1"))
    first, second, third = [await store.delivery(f"e.{n}") for n in range(3)]
    assert await store.delivery("e.3") is None
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.integration_id, second.integration_id, third.integration_id) == ("i1", "i2", "i1")
    assert (second.event_id, second.url, second.origin, second.trigger_word) == (
        "e",
        "http://a/",
        "http://a:80",
        "for i2",
    )
    assert (second.state, second.next_at, second.created, second.attempts) == ("pending", 7, 7, 0)


async def test_a_target_that_is_new_and_one_that_is_known(store: Store) -> None:
    await write(store, event("e1"), owing("e1", "i1"), event("e2"), owing("e2", "i2", "i1", "i3"))
    found = [await store.delivery(f"e2.{n}") for n in range(3)]
    assert [one and one.integration_id for one in found] == ["i2", "i1", "i3"]
    assert [(await store.queue(f"i{n}")).open for n in (1, 2, 3)] == [2, 1, 1]
    assert await claimed(store) == ["e1.0", "e2.0", "e2.1", "e2.2"]


async def test_two_urls_of_an_integration_count_once_against_its_limit(store: Store) -> None:
    targets = [Target("i1", f"http://a/{n}", "http://a:80") for n in range(3)]
    for n in range(3):
        await write(store, event(f"e{n}"), PutDeliveries(f"e{n}", targets, 7, 4))
    found = [await store.delivery(f"e{n}.{number}") for n in range(3) for number in range(3)]
    assert [one and one.state for one in found] == ["pending"] * 6 + ["failed"] * 3
    assert (await store.queue("i1")).open == 6


async def test_a_reason_may_hold_any_character(store: Store) -> None:
    await write(store, event("e"), owing("e", "i1"))
    await write(store, SettleDelivery("e.0", "failed", "the script said \0", 9, 9))
    found = await store.delivery("e.0")
    assert found is not None
    assert found.state == "failed"


async def test_a_url_that_nobody_can_be_called_at_is_owed_like_any_other(store: Store) -> None:
    odd = Target("i1", "http://a\0b/", "http://a\0b:80")  # a copy takes such an integration as it is
    await write(store, event("e"), PutDeliveries("e", [odd, Target("i2", "http://c/", "http://c:80")], 0, 9))
    assert await claimed(store) == ["e.0", "e.1"]
    assert (await store.queue("i1")).open == 1


async def test_beyond_the_limit_of_an_integration_a_delivery_has_failed(store: Store) -> None:
    for n in range(4):
        await write(store, event(f"e{n}"), owing(f"e{n}", "i1", "i2" if n == 3 else "i3"))
    found = [await store.delivery(f"e{n}.0") for n in range(4)]
    assert [one and one.state for one in found] == ["pending", "pending", "pending", "failed"]
    assert found[3] is not None
    assert found[3].reason == "the integration already has 3 deliveries open"
    other = await store.delivery("e3.1")
    assert other is not None
    assert other.state == "pending"
    assert (await store.queue("i1")).open == 3
    await claimed(store)
    await write(store, settled("e0.0", "delivered"), settled("e1.0", "pending"))
    assert (await store.queue("i1")).open == 2
    await write(store, event("e4"), owing("e4", "i1"))
    found = [await store.delivery("e4.0")]
    assert found[0] is not None
    assert found[0].state == "pending"


async def test_what_is_open_is_counted_over_all_integrations(store: Store) -> None:
    assert await store.open_deliveries() == 0
    await write(store, integration("i1"), owed("e0.0"), owed("e1.0", to="i2"), owed("e2.0", to="i3"))
    await write(store, event("e"), owing("e", "i2", "i2", "i3", limit=1))
    assert await store.open_deliveries() == 3
    await claimed(store)
    assert await store.open_deliveries() == 3
    await write(store, settled("e1.0", "delivered"), settled("e2.0", "pending"))
    assert await store.open_deliveries() == 2
    await write(store, Remove("integrations", "i1"))
    assert await store.open_deliveries() == 1


async def test_failures_in_a_row_are_counted_until_a_success(store: Store) -> None:
    await write(store, owed("e0.0"))
    for at in (10, 20, 30):
        await write(store, CountOutcome("i1", False, at))
    assert await store.queue("i1") == Queue(open=1, failures=3, failing_since=10)
    await write(store, CountOutcome("i1", True, 40))
    assert await store.queue("i1") == Queue(open=1)
    assert await store.queue("nobody") == Queue()


async def test_a_removed_integration_cancels_what_was_owed_to_it(store: Store) -> None:
    await write(store, integration("i1"), event("e"), owed("e0.0"), owed("e1.0"), owed("e2.0", to="i2"))
    await claimed(store, Wanted(1, 1, {}))
    await write(store, Remove("integrations", "i1"))
    found = [await store.delivery(f"e{n}.0") for n in range(3)]
    assert [one and one.state for one in found] == ["cancelled", "cancelled", "pending"]
    assert found[1] is not None
    assert found[1].reason == "the integration was removed"
    assert await claimed(store) == ["e2.0"]


async def test_a_page_of_deliveries_is_newest_first(store: Store) -> None:
    await write(store, *(owed(f"e{n}.0") for n in range(5)), owed("e9.0", to="i2"))
    await claimed(store, Wanted(2, 2, {}))
    await write(store, settled("e0.0", "delivered"))
    page = await store.deliveries("i1", None, 1, 2)
    assert ([one.id for one in page.deliveries], page.total) == (["e3.0", "e2.0"], 5)
    page = await store.deliveries("i1", "pending", 0, 0)
    assert ([one.id for one in page.deliveries], page.total) == (["e4.0", "e3.0", "e2.0"], 3)
    page = await store.deliveries("i1", None, 7, 2)
    assert (page.deliveries, page.total) == ([], 5)
    page = await store.deliveries("i3", None, 0, 2)
    assert (page.deliveries, page.total) == ([], 0)


async def test_two_replays_with_one_number_are_one_and_a_conflict(store: Store) -> None:
    await write(store, event("e"), owing("e", "i1"), replayed("e.0", 1))
    with pytest.raises(Conflict):
        await write(store, replayed("e.0", 1))
    assert (await store.deliveries("i1", None, 0, 0)).total == 2
    assert (await store.queue("i1")).open == 2


async def test_replays_are_numbered_by_the_delivery_they_repeat(store: Store) -> None:
    await write(store, event("e"), owing("e", "i1", "i1"), replayed("e.1", 4), replayed("e.1", 5))
    assert await store.last_replay("e.1") == 5
    assert await store.last_replay("e.0") == 0
    first, again = await store.delivery("e.1"), await store.delivery("e.1.4")
    assert first is not None
    assert again is not None
    assert (first.id, first.replay, again.id, again.replay) == ("e.1", 0, "e.1.4", 4)
    for unknown in ("e.1.6", "e.9", "e", "e.x", "e.1.4.1", "", "e.-1", "e.99999999999999999999"):
        assert await store.delivery(unknown) is None
    await write(store, settled("e.1.4", "delivered"))
    again = await store.delivery("e.1.4")
    assert again is not None
    assert again.state == "delivered"


async def test_an_event_that_is_there_stays_as_it_is(store: Store) -> None:
    await write(store, event("e", 5))
    await write(store, event("e", 9), replayed("e.0", 1))
    found = await store.event("e")
    assert found is not None
    assert found.created == 5


async def test_a_clock_that_went_back_lets_nothing_wait_for_longer(store: Store) -> None:
    await write(store, owed("e0.0", at=DAY), owed("e1.0", at=5))
    await write(store, settled("e0.0", "pending", DAY))
    await write(store, SettleDelivery("e0.0", "pending", None, DAY + 5_000, DAY))
    assert await store.rebase(1_000) == 1
    found = await store.delivery("e0.0")
    assert found is not None
    assert (found.next_at, found.updated) == (6_000, 1_000)


async def test_the_triggers_are_a_guard_and_say_what_changed(store: Store) -> None:
    await write(
        store,
        integration("in"),
        integration("a", type="webhook-outgoing"),
        integration("b", type="webhook-outgoing"),
    )
    first = await store.triggers(0)
    assert {stored.id for stored, _ in first.changed} == {"a", "b"}
    await store.commit(Changes([TriggersAt(first.revision)], [event("e")]))
    assert (await store.triggers(first.revision)).changed == []
    await write(store, integration("b", type="webhook-outgoing", name="x"), Remove("integrations", "a"))
    with pytest.raises(Conflict):
        await store.commit(Changes([TriggersAt(first.revision)], [event("f")]))
    second = await store.triggers(first.revision)
    assert ([stored.id for stored, _ in second.changed], second.removed) == (["b"], ["a"])
    assert second.changed[0][0] == await store.get("integrations", "b")
    assert second.revision == await store.trigger_revision() > first.revision


async def test_triggers_come_with_their_links(store: Store) -> None:
    links = [
        Link("#b", "room", "r2"),
        Link("#gone", "room", None),
        Link("all", "scope", "all_public_channels"),
    ]
    await write(store, integration("a", *links, type="webhook-outgoing"))
    await write(store, integration("b", type="webhook-outgoing"))
    found = await store.triggers(0)
    assert [(stored.id, list(linked)) for stored, linked in found.changed] == [("a", links), ("b", [])]
    assert await store.links("a") == links
    assert await store.links("b") == []


async def test_a_key_answers_for_as_long_as_it_is_asked(store: Store) -> None:
    key = PutKey("i1", "k", "digest", 200, "{}", 1_000)
    await store.commit(Changes([KeyFree("i1", "k", 0)], [key]))
    with pytest.raises(Conflict):
        await store.commit(Changes([KeyFree("i1", "k", 1_000)], [key]))
    assert await store.answered("i2", "k", 0) is None
    assert await store.answered("i1", "k", 1_001) is None
    await store.commit(Changes([KeyFree("i1", "k", 1_001)], [PutKey("i1", "k", "other", 400, "[]", 2_000)]))
    found = await store.answered("i1", "k", 1_001)
    assert found is not None
    assert (found.digest, found.status, found.body) == ("other", 400, "[]")


async def test_only_what_is_old_and_over_goes(store: Store) -> None:
    await write(
        store,
        event("old", 10),
        PutDeliveries("old", [Target("i1", "http://a/", "http://a:80")] * 2, 10, 99),
        owed("new.0", at=500),
    )
    await claimed(store, Wanted(1, 1, {}))
    await write(store, settled("old.0", "delivered"), PutKey("i1", "k", "d", 200, "", 10))
    old = Old(now=900, before=100, pending_before=0, keys_before=100, expired="late", keep=10, batch=50)
    assert await store.retire(old) == 2
    assert await store.retire(old) == 0
    assert await store.delivery("old.0") is None
    assert await store.event("old") is not None  # old.1 still needs it
    old = Old(now=900, before=100, pending_before=100, keys_before=100, expired="late", keep=10, batch=50)
    while await store.retire(old):
        pass
    assert await store.delivery("old.1") is None
    assert await store.event("old") is None
    assert await store.event("new") is not None


def counted_as_expired() -> float:
    return metrics.registry.get_sample_value("strongback_deliveries_total", {"state": "expired"}) or 0


async def test_what_waits_for_too_long_expires_with_a_reason_and_is_counted(store: Store) -> None:
    before = counted_as_expired()
    await write(store, owed("e0.0", at=500))
    old = Old(now=900, before=100, pending_before=600, keys_before=0, expired="late", keep=10, batch=50)
    assert await store.retire(old) == 1
    found = await store.delivery("e0.0")
    assert found is not None
    assert (found.state, found.reason, found.updated) == ("expired", "late", 900)
    assert await store.retire(old) == 0
    assert counted_as_expired() - before == 1
    assert (await store.queue("i1")).open == 0


async def test_the_newest_of_an_integration_stay(store: Store) -> None:
    await write(store, *(owed(f"e{n}.0", at=500) for n in range(8)))
    await claimed(store, Wanted(8, 8, {}))
    await write(store, *(settled(f"e{n}.0", "failed") for n in range(6)))
    old = Old(now=900, before=100, pending_before=0, keys_before=0, expired="", keep=4, batch=50)
    while await store.retire(old):
        pass
    page = await store.deliveries("i1", None, 0, 0)
    assert [one.id for one in page.deliveries] == [
        f"e{n}.0" for n in (7, 6, 5, 4, 3, 2)
    ]  # two are still open


async def test_whoever_delivers_is_woken_for_what_is_new_and_for_what_is_tried_again(store: Store) -> None:
    woken: list[str] = []
    store.on_deliveries(lambda: woken.append("wake"))
    await write(store, event("e"))
    assert woken == []
    await write(store, owed("e0.0"))
    assert len(woken) == 1
    await claimed(store)
    await write(store, settled("e0.0", "pending"))
    assert len(woken) == 2
    await write(store, settled("e0.0", "failed"))
    assert len(woken) == 2


@pytest.mark.parametrize("origins", [4, 5])
async def test_claims_with_little_room_starve_no_origin(store: Store, origins: int) -> None:
    await write(store, *(owed(f"e{n}.0", origin=f"http://{n % origins}:80") for n in range(40)))
    taken = [await claimed(store, Wanted(total=1, each=4, busy={})) for _ in range(2 * origins)]
    found = [number(id) % origins for (id,) in taken]
    assert sorted(found) == sorted([*range(origins)] * 2)
