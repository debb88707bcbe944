"""A page of documents: the caller's filter, sort and projection over what the scope lets through (spec/02).

The selection is the scope, made by the service from the caller's permissions; the caller's filter is ANDed to it
and never merged into it. Nothing is decoded where the store can answer alone.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from strongback.documents.dates import parse_date
from strongback.documents.document import HIDDEN, Path, Stored, decode_paths
from strongback.errors import Failure
from strongback.query import Date, Limits, QueryError, compile_filter, compile_projection, compile_sort
from strongback.storage.contract import Store
from strongback.storage.selections import Selection

MATCHING_MS = 250
LIMITS = Limits(regex_subject=16_384)
"""A pattern may cost the square of a text's length: on a longer text one match could hold the loop for too long."""
ROWS_A_TURN = 50
"""So many rows are matched before the loop may turn to others: a few milliseconds."""

BY_CREATION: Mapping[tuple[tuple[str, int], ...], str] = {(("_createdAt", 1),): "created", (): "id"}
"""The sorts that the store does itself for integrations, with the order that each is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller asks of a listing: a page (`count` 0 for all), a filter, a sort and a projection.

    `filter`, `sort` and `fields` are JSON objects, or None where the caller sent none.
    """

    offset: int = 0
    count: int = 50
    filter: Mapping[str, Any] | None = None
    sort: Mapping[str, int] | None = None
    fields: Mapping[str, int] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether this is a page of whole documents in the default order."""
        return not self.filter and self.sort is None and not self.fields


@dataclass(frozen=True, slots=True)
class Rules:
    """How one kind of document is listed: its orders, and the members that nobody may filter or sort by.

    `clean` takes out of a wire text what is neither shown nor compared.
    """

    orders: Mapping[tuple[tuple[str, int], ...], str]
    default_order: str
    secret: frozenset[str] = HIDDEN
    hidden: frozenset[str] = HIDDEN
    clean: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of wire texts, and how many documents match in all."""

    texts: list[str]
    total: int


async def listing(
    store: Store,
    selection: Selection,
    wanted: Wanted,
    rules: Rules,
    *,
    matching_ms: int = MATCHING_MS,
    seconds: Callable[[], float] = time.perf_counter,
) -> Listing:
    """List documents; raises Failure for a filter, sort or projection that is refused.

    `matching_ms` bounds the time that one request may spend on matching; the loop is let go every few milliseconds.
    """
    order = rules.default_order if wanted.sort is None else rules.orders.get(tuple(wanted.sort.items()))
    if order is not None and not wanted.filter:
        project = _projection(wanted, rules)
        page = await store.page(selection, order, wanted.offset, wanted.count)
        texts = page.texts if rules.clean is None else [rules.clean(text) for text in page.texts]
        return Listing(texts if project is None else [project(text) for text in texts], page.total)
    matching = _Matching(wanted, rules, matching_ms, seconds)
    project = _projection(wanted, rules)
    async with aclosing(store.scan(selection, order or "id")) as slices:
        found = [entry async for entry in matching.run(slices)]
    if order is None:
        found.sort(key=_key)
    chosen = found[wanted.offset : wanted.offset + wanted.count if wanted.count else None]
    return Listing([text if project is None else project(text) for _, text in chosen], len(found))


async def matching(
    slices: AsyncGenerator[list[Stored], None],
    wanted: Wanted,
    rules: Rules,
    *,
    matching_ms: int = MATCHING_MS,
    seconds: Callable[[], float] = time.perf_counter,
) -> list[str]:
    """A page of the rows that match a filter, in the order they come in; no row behind the page is looked at."""
    end, texts = wanted.offset + wanted.count, list[str]()
    async with (
        aclosing(slices),
        aclosing(_Matching(wanted, rules, matching_ms, seconds).run(slices)) as found,
    ):
        async for _, text in found:
            texts.append(text)
            if len(texts) == end and wanted.count:
                break
    return texts[wanted.offset :]


def _key(entry: tuple[Any, str]) -> Any:
    return entry[0]


class _Matching:
    """The part of a listing that decodes: which documents match, each with its sort key."""

    def __init__(self, wanted: Wanted, rules: Rules, matching_ms: int, seconds: Callable[[], float]) -> None:
        self._wanted = wanted
        self._limit = matching_ms / 1000
        self._seconds = seconds
        try:
            self._filter = compile_filter(dict(wanted.filter or {}), LIMITS)
        except QueryError as error:
            raise _refused("query", error) from None
        try:
            keys = {**(wanted.sort or {})}
            keys.setdefault("_id", 1)  # breaks ties, so that pages do not overlap
            self._sort = compile_sort(keys)
        except QueryError as error:
            raise _refused("sort", error) from None
        _refuse_secrets("query", self._filter.paths, rules.secret)
        _refuse_secrets("sort", self._sort.paths, rules.secret)

        roots = {path.partition(".")[0] for path in self._filter.paths | self._sort.paths}
        self._roots = frozenset(roots)
        self._clean = rules.clean

    async def run(self, slices: AsyncIterator[list[Stored]]) -> AsyncGenerator[tuple[Any, str], None]:
        """Yield the sort key and the wire text of every document that matches."""
        spent = 0.0
        async for rows in slices:
            for start in range(0, len(rows), ROWS_A_TURN):
                turn = rows[start : start + ROWS_A_TURN]
                if self._clean is not None:
                    turn = [replace(row, text=self._clean(row.text)) for row in turn]
                bodies = [decode(row.text, row.dates, self._roots) for row in turn]
                started = self._seconds()
                try:
                    matches = self._match(turn, bodies, started + self._limit - spent)
                except QueryError as error:
                    raise _refused("sort" if error.kind == "bad-sort" else "query", error) from None
                spent += self._seconds() - started
                for entry in matches:
                    yield entry
                if len(rows) > ROWS_A_TURN:
                    await asyncio.sleep(0)

    def _match(
        self, rows: list[Stored], bodies: list[dict[str, Any]], deadline: float
    ) -> list[tuple[Any, str]]:
        matches, key = self._filter.matches, self._sort.key if self._wanted.sort else None
        found = []
        for row, body in zip(rows, bodies, strict=True):
            if matches(body):
                found.append((() if key is None else key(body), row.text))
            if self._seconds() > deadline:
                raise Failure(
                    f"The query takes too long: matching stopped after {self._limit * 1000:.0f} ms; narrow it",
                    "error-query-too-expensive",
                )
        return found


def decode(text: str, dates: str, roots: frozenset[str]) -> dict[str, Any]:
    """A wire text as the query language sees it: below these members dates are dates, not text."""
    body: dict[str, Any] = msgspec.json.decode(text)
    for path in decode_paths(dates):
        if path[0] in roots:
            _set_date(body, path)
    return body


def _set_date(body: dict[str, Any], path: Path) -> None:
    *parents, last = path
    holder: Any = body
    for part in parents:
        try:
            holder = holder[part]
        except (KeyError, IndexError, TypeError):
            return  # a path below a hidden member
    value = holder.get(last) if isinstance(holder, dict) else holder[last]
    ms = parse_date(value) if isinstance(value, str) else None
    if ms is not None:
        holder[last] = Date(ms)


def _projection(wanted: Wanted, rules: Rules) -> Callable[[str], str] | None:
    """The projection as a function on wire texts; None where documents stay whole (spec/02 section 3)."""
    fields = dict(wanted.fields or {})
    for path in [path for path in fields if path.partition(".")[0] in rules.hidden]:
        if fields.pop(path) == 1:
            raise Failure(
                f"Invalid fields parameter provided: {path} is never shown",
                "error-invalid-fields",
                details={"helperMethod": "parseJsonQuery"},
            )
    if not fields:
        return None
    if 1 in fields.values():
        fields = {path: value for path, value in fields.items() if value == 1}
    try:
        projection = compile_projection(fields)
    except QueryError as error:
        raise _refused("fields", error) from None
    encode = msgspec.json.encode
    return lambda text: encode(projection.apply(msgspec.json.decode(text))).decode()


def _refuse_secrets(name: str, paths: frozenset[str], secret: frozenset[str]) -> None:
    for path in sorted(paths):
        if not secret.isdisjoint(path.split(".")):
            raise Failure(
                f"Invalid {name} parameter provided: {path} can not be used in it",
                f"error-invalid-{name}",
                details={"helperMethod": "parseJsonQuery"},
            )


def _refused(name: str, error: QueryError) -> Failure:
    return Failure(
        f"Invalid {name} parameter provided: {error}",
        f"error-invalid-{name}",
        details={"helperMethod": "parseJsonQuery"},
    )
