"""The world of these tests: Ann and Bob in a private group, Cid outside, a public channel."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.messages.chat import Chat
from tests.room_world import room_world


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    """Accounts ann, bob and cid; the group eng of ann (its owner) and bob; the channel town, which is empty."""
    async with room_world(tmp_path) as world:
        await world.users("ann", "bob", "cid")
        await world.room("eng", "ann", "bob")
        await world.room("town", kind="c")
        yield Chat(world)
