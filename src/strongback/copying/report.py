"""What a copy did: how many rows each table has on both sides, whether they are equal, and what could not be stored."""

from dataclasses import dataclass, field
from typing import Any

from strongback.storage.tables import Checksum, Counters, Refusal

LONGEST_KEY = 500


@dataclass(frozen=True, slots=True)
class TableReport:
    """A table on both sides. The source's checksum is without the rows that were refused; its rows are all it has."""

    name: str
    source: Checksum
    target: Checksum
    refused: list[Refusal]

    @property
    def equal(self) -> bool:
        """Whether the target has every row that was not refused, and nothing else."""
        return self.target == self.expected

    @property
    def expected(self) -> Checksum:
        """What the target should have."""
        return Checksum(self.source.rows - len(self.refused), self.source.sha256)

    def as_json(self) -> dict[str, Any]:
        """The table as the report shows it."""
        return {
            "table": self.name,
            "source": self.source._asdict(),
            "target": self.target._asdict(),
            "refused": [{"key": named(one), "reason": one.reason} for one in self.refused],
            "equal": self.equal,
        }


@dataclass(slots=True)
class Report:
    """The result of a copy, table by table."""

    source: str
    target: str
    source_counters: Counters
    target_counters: Counters
    tables: list[TableReport] = field(default_factory=list)
    before: int = 0
    """Rows that an earlier run had copied."""

    @property
    def unequal(self) -> list[str]:
        """What is not the same on both sides."""
        counted = [] if self.source_counters == self.target_counters else ["revisions"]
        return [*(table.name for table in self.tables if not table.equal), *counted]

    @property
    def refused(self) -> list[tuple[str, Refusal]]:
        """Each row that could not be stored, with its table."""
        return [(table.name, one) for table in self.tables for one in table.refused]

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "from": self.source,
            "to": self.target,
            "equal": not self.unequal,
            "rowsBefore": self.before,
            "rows": sum(table.target.rows for table in self.tables),
            "refused": len(self.refused),
            "revisions": {
                "source": self.source_counters._asdict(),
                "target": self.target_counters._asdict(),
            },
            "tables": [table.as_json() for table in self.tables],
        }


def named(refusal: Refusal) -> str:
    """The key of a row as a text."""
    return ", ".join(map(str, refusal.key))[:LONGEST_KEY]
