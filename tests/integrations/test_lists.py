"""Lists and history of integrations (spec/05 section 4)."""

from typing import Any

import msgspec
import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.integrations import lists
from strongback.integrations.reveal import masked
from strongback.listing import Wanted
from strongback.storage.steps import Put, PutIntegration
from tests.room_world import IN_ALL, IN_OWN, OUT_ALL, OUT_OWN, RoomWorld

pytestmark = pytest.mark.anyio


def run(id: str, updated: int, integration: str = "i1") -> Put:
    owner = {"_id": integration, "token": "abcdefgh-secret", "_createdBy": {"_id": "u-ann"}}
    body: dict[str, Any] = {"_id": id, "integration": owner, "data": {"token": "abcdefgh-secret"}}
    document = Document(id, body | {"event": "sendMessage"})
    document.set_date("_updatedAt", updated)
    return Put("history", document)


@pytest.fixture
async def imported(world: RoomWorld) -> RoomWorld:
    """Ann's outgoing integration `i1` with three calls, and `i2` with one."""
    for id, name in (("i1", "ann"), ("i2", "bob")):
        creator = {"_id": f"u-{name}", "username": name}
        body = {"_id": id, "type": "webhook-outgoing", "channel": [], "_createdBy": creator}
        await world.write(PutIntegration(Document(id, body), []))
    await world.write(run("h1", 1000), run("h2", 3000), run("h3", 2000), run("h4", 9000, "i2"))
    return world


async def history(
    world: RoomWorld, name: str, *held: str, id: str = "i1", **wanted: Any
) -> list[dict[str, Any]]:
    page = await lists.history(world.store, world.caller(name, *held), id, Wanted(**wanted), matching_ms=1000)
    return [msgspec.json.decode(text) for text in page.texts]


async def test_history_is_newest_first(imported: RoomWorld) -> None:
    assert [one["_id"] for one in await history(imported, "bob", OUT_ALL)] == ["h2", "h3", "h1"]
    oldest = await history(imported, "bob", OUT_ALL, sort={"_updatedAt": 1})
    assert [one["_id"] for one in oldest] == ["h1", "h3", "h2"]
    assert await history(imported, "bob", OUT_ALL, id="unknown") == []


async def test_own_history_alone(imported: RoomWorld) -> None:
    assert len(await history(imported, "ann", OUT_OWN)) == 3
    assert await history(imported, "bob", OUT_OWN) == []
    attack = {"$or": [{"integration._id": "i1"}, {"integration._createdBy._id": "u-ann"}]}
    assert await history(imported, "bob", OUT_OWN, filter=attack) == []
    assert await history(imported, "bob", OUT_OWN, id="i2", filter={"integration._id": "i1"}) == []


async def test_history_neither_shows_nor_compares_tokens(imported: RoomWorld) -> None:
    text = str(await history(imported, "ann", OUT_ALL))
    assert "abcdefgh" not in text
    assert "***cret" in text
    for filter in ({"integration.token": {"$gt": ""}}, {"data.token": "x"}):
        with pytest.raises(Failure, match="token"):
            await history(imported, "ann", OUT_ALL, filter=filter)
    whole = {"data": {"token": "abcdefgh-secret"}}
    assert await history(imported, "ann", OUT_ALL, filter=whole) == []
    assert len(await history(imported, "ann", OUT_ALL, filter={"event": "sendMessage"})) == 3


async def test_a_blank_id_is_refused(imported: RoomWorld) -> None:
    with pytest.raises(Failure, match=r"Invalid integration id\."):
        await history(imported, "ann", OUT_ALL, id=" ")


@pytest.mark.parametrize(
    ("name", "held", "created_by", "error"),
    [
        ("ann", [OUT_ALL], None, None),
        ("ann", [OUT_OWN], "u-ann", None),
        ("bob", [OUT_ALL], "u-ann", None),
        ("bob", [OUT_OWN], None, "not-authorized"),
        ("ann", [IN_ALL, IN_OWN], None, "not-authorized"),
        ("ann", [], None, "not-authorized"),
        ("ann", [OUT_ALL], "u-bob", "The integration does not exists."),
        ("ann", [], "u-bob", "The integration does not exists."),
    ],
)
async def test_one(
    imported: RoomWorld, name: str, held: list[str], created_by: str | None, error: str | None
) -> None:
    caller = imported.caller(name, *held)
    if error is None:
        assert (await lists.one(imported.store, caller, "i1", created_by)).id == "i1"
        return
    with pytest.raises(Failure) as caught:
        await lists.one(imported.store, caller, "i1", created_by)
    assert (caught.value.message, caught.value.error) == (error, None)


def test_masking() -> None:
    assert masked({"token": "0123456789", "name": "x"}) == {"token": "******6789", "name": "x"}
    assert masked({"token": "abcd"}) == masked({"token": ""}) == {"token": "****"}
    assert masked({"token": "abcdef"}) == {"token": "****ef"}
    assert masked({"name": "x"}) == {"name": "x"}
    assert masked({"token": None}) == {"token": None}
