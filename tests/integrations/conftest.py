"""The world of these tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.room_world import RoomWorld, room_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[RoomWorld]:
    """An empty store."""
    async with room_world(tmp_path) as opened:
        yield opened
