"""Removed integrations (spec/05 sections 4 and 6)."""

import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.integrations.remove import remove
from strongback.storage.steps import Put
from tests.integrations.examples import IN, OUT
from tests.room_world import ALL_FOUR, IN_OWN, OUT_ALL, OUT_OWN, RoomWorld

pytestmark = pytest.mark.anyio


async def test_removal_takes_links_and_history_along(rooms: RoomWorld, made: dict[str, str]) -> None:
    await rooms.write(
        *(
            Put("history", Document(f"h-{id}", {"_id": f"h-{id}", "integration": {"_id": id}}))
            for id in made.values()
        )
    )
    before = await rooms.body("integrations", made[OUT])
    by_url = {"target_url": "http://127.0.0.1/a"}
    removed = await remove(rooms.store, rooms.caller("ann", OUT_OWN), OUT, by_url)
    assert removed.body == before
    assert await rooms.store.get("integrations", made[OUT]) is None
    assert await rooms.store.links(made[OUT]) == []
    assert await rooms.bodies("history", "integration_id", made[OUT]) == []
    assert len(await rooms.bodies("history", "integration_id", made[IN])) == 1


@pytest.mark.parametrize(
    ("by", "held", "message"),
    [
        ("ann", (OUT_ALL, OUT_OWN), "Unauthorized [not_authorized]"),
        ("bot", (IN_OWN, OUT_ALL), "Invalid integration [error-invalid-integration]"),
    ],
)
async def test_refused_removals(
    rooms: RoomWorld,
    made: dict[str, str],
    by: str,
    held: tuple[str, ...],
    message: str,
) -> None:
    with pytest.raises(Failure) as caught:
        await remove(rooms.store, rooms.caller(by, *held), IN, {"integrationId": made[IN]})
    assert caught.value.message == message
    assert await rooms.store.get("integrations", made[IN]) is not None


async def test_the_stored_type_is_what_counts(rooms: RoomWorld, made: dict[str, str]) -> None:
    ann = rooms.caller("ann", *ALL_FOUR)
    for kind, other in ((IN, OUT), (OUT, IN)):
        with pytest.raises(Failure, match=r"No integration found\."):
            await remove(rooms.store, ann, kind, {"integrationId": made[other]})
    assert (await rooms.store.counts())["integrations"] == 2
