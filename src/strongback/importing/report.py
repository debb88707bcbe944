"""What an import did: how many documents were taken, changed and refused, and why."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Outcome = Literal["changed", "refused"]

MOST_ENTRIES = 10_000
"""Entries kept of each outcome; the rest is counted, so that memory stays constant."""

LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One document, or one damaged part of a file, that was not taken as it stands; `id` is None for a part."""

    outcome: Outcome
    kind: str
    id: str | None
    reason: str
    source: str

    def as_json(self) -> dict[str, Any]:
        """The entry as the report file shows it."""
        return {
            "outcome": self.outcome,
            "kind": self.kind,
            "_id": self.id,
            "reason": self.reason,
            "source": self.source,
        }


@dataclass(slots=True)
class Count:
    """Documents of one kind: `taken` are now in the database, `changed` of them not as they stood."""

    taken: int = 0
    changed: int = 0
    refused: int = 0


@dataclass(slots=True)
class Report:
    """The result of an import; `unreadable` says of which files nothing could be read."""

    counts: dict[str, Count] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Collections of the dump that are not imported."""
    milliseconds: int = 0
    _kept: dict[str, int] = field(default_factory=dict, repr=False)

    def count(self, kind: str) -> Count:
        """The counters of a kind."""
        return self.counts.setdefault(kind, Count())

    @property
    def total(self) -> Count:
        """The counters of all kinds together."""
        every = list(self.counts.values())
        return Count(
            sum(one.taken for one in every),
            sum(one.changed for one in every),
            sum(one.refused for one in every),
        )

    def took(self, kind: str, id: str, source: str, notes: list[str]) -> None:
        """Count a document that is in the database now, with what was changed in it."""
        count = self.counts.get(kind) or self.count(kind)
        count.taken += 1
        if notes:
            count.changed += 1
        for note in notes:
            self.note(kind, id, source, note)

    def note(self, kind: str, id: str, source: str, reason: str) -> None:
        """Say what was changed, without counting a document."""
        self._keep(Entry("changed", kind, id[:LONGEST_TEXT], reason[:LONGEST_TEXT], source))

    def refuse(self, kind: str, id: str | None, source: str, reason: str) -> None:
        """Count a document or a part that could not be taken, and say why."""
        self.count(kind).refused += 1
        shown = None if id is None else id[:LONGEST_TEXT]
        self._keep(Entry("refused", kind, shown, reason[:LONGEST_TEXT], source))

    def _keep(self, entry: Entry) -> None:
        kept = self._kept.get(entry.outcome, 0)
        if kept < MOST_ENTRIES:
            self._kept[entry.outcome] = kept + 1
            self.entries.append(entry)
        else:
            self.left_out[entry.outcome] = self.left_out.get(entry.outcome, 0) + 1

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "total": asdict(self.total),
            "counts": {kind: asdict(count) for kind, count in self.counts.items()},
            "entries": [entry.as_json() for entry in self.entries],
            "entriesLeftOut": dict(self.left_out),
            "unreadable": list(self.unreadable),
            "skipped": list(self.skipped),
            "milliseconds": self.milliseconds,
        }
