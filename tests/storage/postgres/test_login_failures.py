"""Failed logins that all nodes count together: what is kept of them, and for how long."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strongback.accounts.login_attempts import LoginAttempts
from strongback.accounts.setting_defaults import SETTINGS
from strongback.storage.login_failures import LoginFailures
from strongback.storage.postgres.store import PostgresStore
from tests.stores import execute, open_store

pytestmark = pytest.mark.anyio

DAY = 24 * 60 * 60_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PostgresStore]:
    opened = await open_store(tmp_path, "postgres")
    assert isinstance(opened, PostgresStore)
    yield opened
    await opened.close()


async def test_each_count_answers_what_was_there_before(store: PostgresStore) -> None:
    assert await store.count_login_failure(["b", "a"], 1_000) == {}
    assert await store.count_login_failure(["a"], 2_000) == {"a": LoginFailures(1, 1_000)}
    both = {"a": LoginFailures(2, 2_000), "b": LoginFailures(1, 1_000)}
    assert await store.login_failures(["a", "b", "c"]) == both
    assert await store.count_login_failure(["b", "a", "c"], 3_000) == both
    await store.forget_login_failures(["a", "c"])
    assert await store.login_failures(["a", "b", "c"]) == {"b": LoginFailures(2, 3_000)}


async def test_what_is_forgotten_is_removed_and_the_rest_stays(store: PostgresStore) -> None:
    await store.count_login_failure(["old", "used"], 1_000)
    await store.count_login_failure(["used"], 1_000 + DAY)
    assert await store.remove_ended(1_000 + DAY) == 0
    assert await store.remove_ended(1_001 + DAY) == 1
    assert await store.login_failures(["old", "used"]) == {"used": LoginFailures(2, 1_000 + DAY)}


async def test_no_name_and_no_address_is_kept(store: PostgresStore, tmp_path: Path) -> None:
    await LoginAttempts(store).failed(SETTINGS, "ann" * 5_000, "10.0.0.1", 1_000)
    kept = execute(tmp_path, "SELECT key FROM login_failures", store="postgres")
    assert sorted(len(row["key"]) for row in kept) == [64, 64]
