"""The exception."""

from __future__ import annotations

from strongback.query import QueryError
from strongback.query.errors import join


def test_message_names_the_path_and_can_be_encoded() -> None:
    error = QueryError("bad-value", "a\ud800" + "x" * 1000, "no")
    assert error.kind == "bad-value"
    assert str(error).encode().startswith(b"a?xxx")
    assert len(str(error)) < 400
    assert str(QueryError("bad-sort", "", "no")) == "no"


def test_join() -> None:
    assert join("", "a") == "a"
    assert join("$or", 1) == "$or.1"
