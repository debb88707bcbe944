"""Which outgoing integrations hear of an event, by the table of spec/06 B1."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.documents.event import Event, EventKind
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import TriggerChanges
from strongback.storage.steps import Link, Put, PutIntegration, Remove
from strongback.webhooks.triggers import Triggers
from tests.stores import open_store

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path)
    yield opened
    await opened.close()


def outgoing(id: str, *links: Link, event: str = "sendMessage", **members: Any) -> PutIntegration:
    body = {
        "_id": id,
        "type": "webhook-outgoing",
        "enabled": True,
        "event": event,
        "urls": ["http://x.example/"],
    }
    return PutIntegration(Document(id, {**body, **members}), links)


def scope(name: str) -> Link:
    return Link(name, "scope", name)


def room(id: str) -> Link:
    return Link(f"#{id}", "room", id)


def user(id: str) -> Link:
    return Link(f"@{id}", "user", id)


def happened(kind: EventKind, room_type: str | None = "p", rid: str = "r1", by: str = "ann") -> Event:
    body = {"_id": rid, "t": room_type, "uids": ["ann", "bob"]}
    where = None if room_type is None else Document(rid, body)
    return Event(kind, where, Document(by, {"_id": by}), None, None, 0)


async def told(store: Store, event: Event) -> set[str]:
    triggers = Triggers(store)
    await triggers.refresh()
    found = [trigger.id for trigger in triggers.select(event)]
    assert len(found) == len(set(found))
    return set(found)


ALL = (
    outgoing("public", scope("all_public_channels")),
    outgoing("private", scope("all_private_groups")),
    outgoing("direct", scope("all_direct_messages")),
    outgoing("room", room("r1")),
    outgoing("other", room("r2")),
    outgoing("both", room("r1"), scope("all_private_groups")),
    outgoing("ann", user("ann")),
    outgoing("bob", user("bob")),
    outgoing("dangling", Link("#gone", "room", None)),
    outgoing("empty"),
    outgoing("joined", room("r1"), event="roomJoined"),
    outgoing("created", event="roomCreated"),
    outgoing("account", event="userCreated"),
    outgoing("off", room("r1"), enabled=False),
)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (happened("sendMessage", "p"), {"private", "room", "both"}),
        (happened("sendMessage", "c"), {"public", "room", "both", "empty"}),
        (happened("sendMessage", "l"), {"private", "room", "both"}),
        (happened("sendMessage", "d", "r9"), {"direct", "bob"}),
        (happened("sendMessage", "d", "r9", by="bob"), {"direct", "ann"}),
        (happened("sendMessage", "p", "r2"), {"private", "other", "both"}),
        (happened("roomJoined", "p"), {"joined"}),
        (happened("roomJoined", "p", "r2"), set()),
        (happened("roomCreated", "p", "r2"), {"created"}),
        (happened("userCreated", None), {"account"}),
        (happened("roomLeft", "p"), set()),
    ],
)
async def test_the_table_of_channels(store: Store, event: Event, expected: set[str]) -> None:
    await store.commit(Changes(steps=list(ALL)))
    assert await told(store, event) == expected


async def test_what_changes_is_taken_in_and_nothing_else_is_read(store: Store) -> None:
    triggers = Triggers(store)
    await store.commit(Changes(steps=[outgoing("a", room("r1")), outgoing("b", room("r1"))]))
    await triggers.refresh()
    first = next(trigger for trigger in triggers.select(happened("sendMessage")) if trigger.id == "b")
    await store.commit(Changes(steps=[outgoing("a", room("r2"))]))
    await triggers.refresh()
    [left] = triggers.select(happened("sendMessage"))
    assert left is first
    await store.commit(Changes(steps=[Remove("integrations", "b")]))
    await triggers.refresh()
    assert list(triggers.select(happened("sendMessage"))) == []
    assert triggers.revision == await store.trigger_revision()


async def test_an_integration_that_is_enabled_again_runs_again(store: Store) -> None:
    triggers = Triggers(store)
    for enabled in (True, False, True):
        document = outgoing("a", room("r1"), enabled=enabled)
        await store.commit(Changes(steps=[document]))
        await triggers.refresh()
        assert [trigger.id for trigger in triggers.select(happened("sendMessage"))] == ["a"] * enabled


@pytest.mark.parametrize("odd", [{"event": ["sendMessage"]}, {"event": {}}, {"event": None}, {"urls": "x"}])
async def test_what_is_not_as_it_should_be_hears_of_nothing(store: Store, odd: dict[str, Any]) -> None:
    await store.commit(Changes(steps=[outgoing("odd", room("r1"), **odd), outgoing("other", room("r1"))]))
    assert await told(store, happened("sendMessage")) == {"other"}


async def test_disabling_without_touching_the_links_is_seen(store: Store) -> None:
    await store.commit(Changes(steps=[outgoing("a", room("r1"))]))
    body = {**outgoing("a").document.body, "enabled": False}
    await store.commit(Changes(steps=[Put("integrations", Document("a", body))]))
    assert await told(store, happened("sendMessage")) == set()


async def test_an_answer_that_was_overtaken_is_not_taken_in(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    triggers = Triggers(store)
    await store.commit(Changes(steps=[outgoing("a", room("r1"))]))
    early = await store.triggers(0)
    await store.commit(Changes(steps=[Remove("integrations", "a")]))
    read = store.triggers

    async def overtaken(since: int) -> TriggerChanges:
        monkeypatch.setattr(store, "triggers", read)
        await triggers.refresh()  # another event's look begins later, and is answered first
        return early

    monkeypatch.setattr(store, "triggers", overtaken)
    await triggers.refresh()
    assert list(triggers.select(happened("sendMessage"))) == []
    assert triggers.revision == await store.trigger_revision()
