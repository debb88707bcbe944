"""What comes from a database that other servers wrote: archived rooms, and members that no answer carries."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import httpx
import pytest

from strongback.documents.document import Document
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Link, Put, PutIntegration
from tests.stores import open_store
from tests.wire.making import post, reach_bot
from tests.wire.server import Server

API = "/api/v1"
HIDDEN = {"joinCode": "s3cret", "members": ["x"], "importIds": ["y"], "e2e": {"key": "z"}}
INTEGRATION = {
    "type": "webhook-incoming",
    "username": "reach-bot",
    "channel": "#live",
    "scriptEnabled": False,
    "name": "old",
    "enabled": True,
}


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The administrator, in the group and channel `archived` and in `live`, whose integration `old` hides members."""
    folder = tmp_path_factory.mktemp("stored")
    first = Server.start(folder)
    for kind, name in (("groups", "live"), ("groups", "old-group"), ("channels", "old-channel")):
        post(first.admin, f"{kind}.create", {"name": name})
    reach_bot(first)
    owner = first.admin.get(f"{API}/users.info", params={"username": "reach-bot"}).json()["user"]["_id"]
    assert first.stop() == 0
    anyio.run(_change, folder, owner)
    second = Server.start(folder)
    try:
        yield second.admin
    finally:
        second.stop()


async def _change(folder: Path, poster: str) -> None:
    store = await open_store(folder)
    try:
        for name in ("old-group", "old-channel"):
            stored = await store.get("rooms", await _room_id(store, name))
            assert stored is not None
            room = stored.decode()
            room.set("archived", value=True)
            await store.commit(Changes(steps=[Put("rooms", room)]))
        body = INTEGRATION | HIDDEN | {"_id": "old", "channel": ["#live"], "token": "t", "userId": poster}
        document = Document("old", body | {"_createdBy": {"_id": "gone", "username": "gone"}})
        document.set_date("_createdAt", 0)
        link = Link("#live", "room", await _room_id(store, "live"))
        await store.commit(Changes(steps=[PutIntegration(document, [link])]))
    finally:
        await store.close()


async def _room_id(store: Store, name: str) -> str:
    room = await store.room_by_name(name, "")
    assert room is not None
    return room.id


@pytest.mark.parametrize("kind", ["group", "channel"])
def test_an_archived_room_is_listed_and_keeps_its_name(admin: httpx.Client, kind: str) -> None:
    name = f"old-{kind}"
    listed = admin.get(f"{API}/{kind}s.getIntegrations", params={"roomName": name})
    assert (listed.status_code, listed.json()["total"]) == (200, 0)
    again = admin.post(f"{API}/{kind}s.create", json={"name": name})
    error = f"There's an archived channel with name {name} [error-archived-duplicate-name]"
    assert (again.status_code, again.json()["error"]) == (400, error)


def test_an_archived_group_can_be_deleted(admin: httpx.Client) -> None:
    post(admin, "groups.delete", {"roomName": "old-group"})
    post(admin, "groups.create", {"name": "old-group"})


def test_hidden_members_are_in_no_answer(admin: httpx.Client) -> None:
    id = {"integrationId": "old"}
    fields = {"fields": '{"joinCode":0}'}
    shown = [
        *admin.get(f"{API}/groups.getIntegrations", params={"roomName": "live"}).json()["integrations"],
        *admin.get(f"{API}/groups.getIntegrations", params={"roomName": "live"} | fields).json()[
            "integrations"
        ],
        *admin.get(f"{API}/integrations.list", params={"query": '{"_id":"old"}'}).json()["integrations"],
        admin.get(f"{API}/integrations.get", params=id).json()["integration"],
        admin.put(f"{API}/integrations.update", json=INTEGRATION | id | {"name": "new"}).json()[
            "integration"
        ],
        admin.get(f"{API}/integrations.get", params=id).json()["integration"],
        admin.post(f"{API}/integrations.remove", json={"type": "webhook-incoming"} | id).json()[
            "integration"
        ],
    ]
    assert [one["name"] for one in shown] == ["old"] * 4 + ["new"] * 3
    assert not any(HIDDEN.keys() & one.keys() for one in shown)
