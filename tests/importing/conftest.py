"""A database for every test of an import."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.importing.imports import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database."""
    opened = await Database.open(tmp_path)
    yield opened
    await opened.store.close()
