"""The records of calls, with what they ran with kept once per revision of the integration."""

import json
from pathlib import Path

import pytest

from strongback.documents.document import Document
from strongback.storage.contract import Store
from strongback.storage.selections import Having
from strongback.storage.steps import PutHistory, RemoveAll
from tests.storage_contract.conftest import write
from tests.stores import StoreName, open_store, raw_rows, tables

pytestmark = pytest.mark.anyio

MADE, CHANGED = "2023-11-14T22:13:20.123Z", "2023-11-14T22:13:21.123Z"


def record(id: str, *, of: str = "i1", revision: int = 7, name: str = "first") -> PutHistory:
    document = Document(id, {"_id": id, "step": "pre-http-call", "integration": {"_id": of}})
    document.set_date("_updatedAt", 1_700_000_000_000)
    copy = {"_id": of, "name": name, "_createdAt": MADE, "_updatedAt": CHANGED}
    return PutHistory(document, of, json.dumps(copy), revision)


async def shown(store: Store, of: str) -> dict[str, str]:
    """By record, the name of the integration that it ran with."""
    rows = await store.select(Having("history", "integration_id", of))
    return {row.id: row.decode().body["integration"]["name"] for row in rows}


async def test_a_record_shows_the_integration_that_it_ran_with(store: Store) -> None:
    await write(store, record("h1"), record("h2", name="ignored"), record("h3", revision=8, name="second"))
    assert await shown(store, "i1") == {"h1": "first", "h2": "first", "h3": "second"}


async def test_the_integration_stands_in_the_text_once_and_its_dates_are_dates(store: Store) -> None:
    await write(store, record("h1"))
    stored = await store.get("history", "h1")
    assert stored is not None
    assert stored.text.count('"integration":') == 1
    assert set(stored.decode().dates) == {
        ("_updatedAt",),
        ("integration", "_createdAt"),
        ("integration", "_updatedAt"),
    }


async def test_cleared_history_leaves_nothing_of_its_integration_alone(
    store: Store, store_name: StoreName, tmp_path: Path
) -> None:
    await write(store, record("h1", name="secret-name"), record("h2", of="i2", name="other"))
    await write(store, RemoveAll("history", "integration_id", "i1"))
    assert await shown(store, "i1") == {}
    assert await shown(store, "i2") == {"h2": "other"}
    for table in tables(tmp_path, store_name):
        assert "secret-name" not in str(raw_rows(tmp_path, table, store_name)), table


async def test_cleared_history_leaves_nothing_in_the_file_of_sqlite(tmp_path: Path) -> None:
    store = await open_store(tmp_path, "sqlite")
    await write(store, record("h1", name="secret-name"))
    await write(store, RemoveAll("history", "integration_id", "i1"))
    await store.backup(tmp_path / "copy.db")
    await store.close()
    assert b"secret-name" not in (tmp_path / "copy.db").read_bytes()
