"""Integrations of an account that goes (spec/05 section 6): kept, disabled, and none slips through."""

from typing import Any

import pytest

from strongback.accounts import user_deletion
from strongback.accounts.users import OnUser
from strongback.documents.document import Document
from strongback.integrations.create import create
from strongback.integrations.user_deletion import disable_integrations
from strongback.storage.steps import Link
from tests.integrations.examples import IN, INCOMING, OUT, OUTGOING, fake_compile
from tests.room_world import ALL_FOUR, RoomWorld

pytestmark = pytest.mark.anyio


async def delete_bot(rooms: RoomWorld, *hooks: OnUser) -> None:
    stored = await rooms.store.get("users", "u-bot")
    assert stored is not None
    caller = rooms.caller("ann", "delete-user")
    await user_deletion.delete(
        rooms.store,
        rooms.clock,
        caller,
        stored.decode(),
        agreed=False,
        hooks=[disable_integrations, *hooks],
    )


async def test_they_are_disabled_and_stay_as_they_are(rooms: RoomWorld, made: dict[str, str]) -> None:
    ann = rooms.caller("ann", *ALL_FOUR)
    other = await create(
        rooms.store, rooms.clock, ann, OUT, OUTGOING | {"username": "ann"}, frozen="", compile=fake_compile
    )
    before = {id: await rooms.body("integrations", id) for id in made.values()}
    await delete_bot(rooms)
    for id in made.values():
        changed = {
            "enabled": False,
            "disabledReason": "The account bot, as which it posts, was deleted",
            "_updatedAt": "2023-11-14T22:13:21.000Z",
        }
        assert await rooms.body("integrations", id) == before[id] | changed
        assert await rooms.store.links(id) == [Link("#eng", "room", "r-eng")]
    assert (await rooms.body("integrations", other.id))["enabled"] is True


@pytest.mark.parametrize("given", [INCOMING, OUTGOING])
async def test_one_that_is_made_meanwhile_is_disabled_too(rooms: RoomWorld, given: dict[str, Any]) -> None:
    ann = rooms.caller("ann", *ALL_FOUR)
    await create(
        rooms.store, rooms.clock, ann, IN, INCOMING, frozen="", compile=fake_compile
    )  # the account is a bot already
    late: list[Document] = []

    async def meddle(*_: Any) -> None:
        if not late:
            late.append(
                await create(
                    rooms.store, rooms.clock, ann, given["type"], given, frozen="", compile=fake_compile
                )
            )

    await delete_bot(rooms, meddle)
    assert await rooms.store.get("users", "u-bot") is None
    posting = await rooms.bodies("integrations", "user_id", "u-bot")
    assert {one["_id"] for one in posting} >= {late[0].id}
    assert [one["enabled"] for one in posting] == [False, False]
