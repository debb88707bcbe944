"""The vectors of the query language, on documents that have been through a store."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import pytest

from strongback.documents.dates import format_date, parse_date
from strongback.documents.document import Document
from strongback.documents.document import Path as Members
from strongback.listing import decode
from strongback.query import QueryError, compile_filter, find
from strongback.storage.contract import Store
from strongback.storage.selections import Having
from strongback.storage.steps import Put
from tests.storage_contract.conftest import write
from tests.stores import StoreName, open_store

pytestmark = pytest.mark.anyio

VECTORS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "vectors.jsonl").read_text("utf-8").splitlines()
]
ROOM = "rid"
"""The member by which the documents of a vector are found again; no vector has it."""


@pytest.fixture(scope="module", params=get_args(StoreName))
async def full(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Store]:
    """A store with the documents of all vectors as messages, those of a vector in a room."""
    store = await open_store(tmp_path_factory.mktemp("vectors"), request.param)
    try:
        await write(
            store,
            *(
                put(vector["id"], number, raw)
                for vector in VECTORS
                for number, raw in enumerate(vector["docs"])
            ),
        )
        yield store
    finally:
        await store.close()


def put(vector: str, number: int, raw: dict[str, Any]) -> Put:
    """A step that stores a document: dates as text, with the paths where they stand."""
    assert ROOM not in raw
    dates: list[Members] = []
    body = {name: stored(value, (name,), dates) for name, value in raw.items()}
    return Put("messages", Document(f"{vector} {number:03}", {**body, ROOM: vector}, tuple(dates)))


def stored(value: Any, path: Members, dates: list[Members]) -> Any:
    """A value as it is stored."""
    if isinstance(value, dict):
        moment = (
            parse_date(value["$date"])
            if value.keys() == {"$date"} and isinstance(value["$date"], str)
            else None
        )
        if moment is not None and format_date(moment) == value["$date"]:
            dates.append(path)
            return value["$date"]
        return {name: stored(inner, (*path, name), dates) for name, inner in value.items()}
    if isinstance(value, list):
        return [stored(inner, (*path, index), dates) for index, inner in enumerate(value)]
    return value


def raw(document: Document) -> dict[str, Any]:
    """A stored document as the vector has it."""
    for path in document.dates:
        holder: Any = document.body
        for part in path[:-1]:
            holder = holder[part]
        holder[path[-1]] = {"$date": holder[path[-1]]}
    return {name: value for name, value in document.body.items() if name != ROOM}


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
async def test_vector(full: Store, vector: dict[str, Any]) -> None:
    rows = [row async for slice in full.scan(Having("messages", ROOM, vector["id"]), "id") for row in slice]
    documents = [raw(row.decode()) for row in rows]
    assert json.dumps(documents) == json.dumps(vector["docs"])
    arguments = [vector[name] for name in ("filter", "sort", "skip", "limit", "projection")]
    expected = vector["expect"]
    if "error" in expected:
        with pytest.raises(QueryError) as caught:
            find(documents, *arguments)
        assert caught.value.kind == expected["error"]
        return
    found = find(documents, *arguments)
    if "docs" in expected:
        assert json.dumps(found) == json.dumps(expected["docs"])
    else:
        assert json.dumps([document.get("_id") for document in found]) == json.dumps(expected["ids"])
    if not any(arguments[1:]) and not any('"$' in row.text for row in rows):
        chosen = compile_filter(vector["filter"])
        roots = frozenset(path.partition(".")[0] for path in chosen.paths)
        kept = [
            number for number, row in enumerate(rows) if chosen.matches(decode(row.text, row.dates, roots))
        ]
        assert json.dumps([vector["docs"][number].get("_id") for number in kept]) == json.dumps(
            [document.get("_id") for document in found]
        ), "a listing, which decodes no more than it must, finds others"
