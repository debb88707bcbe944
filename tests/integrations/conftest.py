"""The world of these tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strongback.integrations.create import create
from tests.integrations.examples import IN, INCOMING, OUT, OUTGOING, fake_compile
from tests.room_world import ALL_FOUR, RoomWorld, room_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[RoomWorld]:
    """An empty store."""
    async with room_world(tmp_path) as opened:
        yield opened


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann is in `eng`; `bot` is an account."""
    await world.users("ann", "bot")
    await world.room("eng", "ann")
    await world.room("ops")
    return world


@pytest.fixture
async def made(rooms: RoomWorld) -> dict[str, str]:
    """The ids of Ann's incoming and outgoing integration."""
    ann = rooms.caller("ann", *ALL_FOUR)
    ids = {
        kind: (await create(rooms.store, rooms.clock, ann, kind, given, frozen="", compile=fake_compile)).id
        for kind, given in ((IN, INCOMING), (OUT, OUTGOING))
    }
    rooms.now += 1000
    return ids
