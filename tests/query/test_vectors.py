"""Every vector: the same documents in the same order, with the same fields in the same order, or the same error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from strongback.query import QueryError, find

VECTORS = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "data" / "vectors.jsonl").read_text("utf-8").splitlines()
]


def test_there_are_as_many_as_were_given() -> None:
    assert len(VECTORS) == 792


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_vector(vector: dict[str, Any]) -> None:
    arguments = [vector[name] for name in ("docs", "filter", "sort", "skip", "limit", "projection")]
    before = json.dumps(arguments)
    expected = vector["expect"]
    if "error" in expected:
        with pytest.raises(QueryError) as caught:
            find(*arguments)
        assert caught.value.kind == expected["error"], str(caught.value)
        return
    found = find(*arguments)
    if "docs" in expected:
        # As text, because the order of an object's fields counts and 1 is not true.
        assert json.dumps(found) == json.dumps(expected["docs"])
    else:
        assert json.dumps([document.get("_id") for document in found]) == json.dumps(expected["ids"])
    assert json.dumps(arguments) == before, "the caller's values were changed"
