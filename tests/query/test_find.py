"""The steps together."""

from __future__ import annotations

from typing import Any

import pytest

from strongback.query import QueryError, find

DOCS: list[dict[str, Any]] = [{"_id": n, "a": n % 3, "t": {"$date": n}} for n in range(6)]


def ids(*arguments: Any) -> list[int]:
    return [document["_id"] for document in find(DOCS, *arguments)]


def test_steps_in_order() -> None:
    assert ids() == [0, 1, 2, 3, 4, 5]
    assert ids({"a": {"$gt": 0}}, {"a": -1}, 1, 2) == [5, 1]
    assert ids(None, {"a": 1}) == [0, 3, 1, 4, 2, 5]
    assert ids(None, None, None, -2) == [0, 1]
    assert ids(None, None, 5, 0) == [5]


def test_values_return_in_the_form_in_which_they_came() -> None:
    assert find(DOCS[:1], None, None, 0, 0, {"t": 1}) == [{"_id": 0, "t": {"$date": 0}}]
    assert find(DOCS[:1])[0] is DOCS[0]


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (({"$foo": 1},), "bad-operator"),
        ((None, None, -1), "bad-skip"),
        ((None, None, "1"), "bad-skip"),
        ((None, None, 0, True), "bad-value"),
        ((None, {"a": 0}), "bad-sort"),
        ((None, None, 0, 0, {"a": None}), "unsupported"),
    ],
)
def test_errors_without_documents(arguments: tuple[Any, ...], kind: str) -> None:
    with pytest.raises(QueryError) as caught:
        find([], *arguments)
    assert caught.value.kind == kind
