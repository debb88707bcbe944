"""Copy a database, table by table, and compare what was written with what was read."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

from strongback.copying.report import Report, TableReport
from strongback.errors import Failure
from strongback.storage.tables import TABLES, Checksum, Refusal, Source, Table, Target

MOST_REFUSED = 1_000
"""In a table with more such rows than this, something else is wrong."""

Tell: TypeAlias = Callable[[str, int, int], None]
"""Told what is being done, and how many rows are behind, of how many."""

Begun: TypeAlias = Callable[[int, int], None]
"""Told once how many rows an earlier run has copied, of how many."""


async def copy(source: Source, target: Target, *, begun: Begun, tell: Tell) -> Report:
    """Copy all rows of the source, in constant memory, and check them; the target may be used if all are there.

    Run again after it was interrupted, it goes on behind the last batch that was written. Rows that the target can not
    hold are left out and named in the report. Raises Unavailable where an end can not be read or written.
    """
    progress = await target.begin(source.name)
    before = sum(there.rows for there in progress.values())
    total = sum([await source.count(table) for table in TABLES])
    begun(before, total)
    count = _counter(tell, total, before)
    for table in TABLES:
        async for rows in source.rows(table, progress[table.name].last):
            await target.put(table, rows)
            count(f"copying {table.name}", len(rows))
            _check_refused(table.name, progress[table.name].refused)
    counters = await source.counters()
    await target.settle(counters)
    report = Report(source.name, target.place, counters, await target.counters(), before=before)
    count = _counter(tell, total)
    for table in TABLES:
        report.tables.append(await _compare(source, target, table, progress[table.name].refused, count))
    if not report.unequal:
        await target.finish()
    return report


Count: TypeAlias = Callable[[str, int], None]
"""Told what is being done, and how many more rows are behind."""


def _counter(tell: Tell, total: int, behind: int = 0) -> Count:
    def count(what: str, many: int) -> None:
        nonlocal behind
        behind += many
        tell(what, behind, total)

    return count


async def _compare(
    source: Source, target: Target, table: Table, refused: list[Refusal], count: Count
) -> TableReport:
    """Read a table anew on both sides."""
    expected, stored = await asyncio.gather(
        _expected(source, target, table, refused, count), target.checksum(table)
    )
    return TableReport(table.name, expected, stored, refused)


async def _expected(
    source: Source, target: Target, table: Table, refused: list[Refusal], count: Count
) -> Checksum:
    """How many rows the source has, and the checksum of those that the target ought to have."""
    digest, many = hashlib.sha256(), 0
    left_out = {one.key for one in refused}
    async for rows in source.rows(table):
        many += len(rows)
        kept = [row for row in rows if table.key_of(row) not in left_out] if left_out else rows
        digest.update(target.encode(table, kept))
        count(f"comparing {table.name}", len(rows))
    return Checksum(many, digest.hexdigest())


def _check_refused(name: str, refused: Sequence[Refusal]) -> None:
    if len(refused) > MOST_REFUSED:
        key, reason = refused[-1]
        raise Failure(
            f"more than {MOST_REFUSED:,} rows of {name} can not be stored, as {', '.join(map(str, key))}: {reason}"
        )
