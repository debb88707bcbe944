"""What tests of nodes on one database use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strongback.storage.postgres.store import PostgresStore, open_store
from tests.stores import database_url


@pytest.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[tuple[PostgresStore, ...]]:
    """Two stores on one database, each with twenty connections that commit."""
    url = database_url(tmp_path, "postgres")
    opened = [await open_store(url, connections=40) for _ in range(2)]
    yield tuple(opened)
    for one in opened:
        await one.close()
