"""The whole of a query over documents in memory: filter, sort, skip, limit, projection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .errors import QueryError
from .limits import DEFAULT_LIMITS, Limits
from .operators import integral
from .parse import compile_filter
from .project import compile_projection
from .sort import compile_sort
from .values import Originals, decode, encode


def find(
    docs: Iterable[dict[str, Any]],
    filter: object = None,
    sort: object = None,
    skip: object = None,
    limit: object = None,
    projection: object = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> list[dict[str, Any]]:
    """Run a query over raw JSON documents, with extended JSON in them, and return raw JSON documents.

    Everything is checked before a document is read. Documents that sort equal stay in the order of `docs`. A limit
    of 0 or None is no limit, a negative one counts as positive. Raises QueryError; `bad-skip` for a negative skip.
    """
    chosen = compile_filter(filter, limits)
    order = compile_sort(sort, limits)
    shape = compile_projection(projection, limits)
    first = _count(skip, "skip")
    most = abs(_count(limit, "limit"))
    if first < 0:
        raise QueryError("bad-skip", "skip", "must not be negative")
    originals: Originals = {}
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for raw in docs:
        if type(raw) is not dict:
            raise QueryError("bad-value", "", "a document must be an object")
        # The document itself is never an extended form, whatever its only key is called.
        document = {key: decode(value, key, 1, originals) for key, value in raw.items()}
        if chosen.matches(document):
            found.append((document, raw))
    if order.paths:
        found.sort(key=lambda pair: order.key(pair[0]))
    found = found[first : first + most if most else None]
    if not shape.paths:
        return [raw for _, raw in found]
    return [
        {key: encode(value, originals, 1) for key, value in shape.apply(document).items()}
        for document, _ in found
    ]


def _count(value: object, name: str) -> int:
    if value is None:
        return 0
    number = integral(value)
    if number is None:
        raise QueryError("bad-skip" if name == "skip" else "bad-value", name, "must be a whole number")
    return number
