"""The world of the tests of hooks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.webhooks.hook_world import HookWorld, hook_world


@pytest.fixture
async def hooks(tmp_path: Path) -> AsyncIterator[HookWorld]:
    """A store with the hook under test."""
    async with hook_world(tmp_path) as opened:
        yield opened
