"""One line a fault at the end of a run: accepted, delivered, duplicates, longest delay."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.oracle import Verdict

PROPERTY = "fault"

Report = Callable[[str, Verdict], None]
"""Hands in the line of a fault."""


def reporter(record: Callable[[str, object], None]) -> Report:
    """Hand lines to `record_property`, which carries them to the run's end, from other processes too."""

    def report(fault: str, verdict: Verdict) -> None:
        longest = round(verdict.longest, 2)
        record(PROPERTY, [fault, verdict.accepted, verdict.delivered, verdict.duplicates, longest])

    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the lines that were handed in."""
    lines: list[Any] = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if not lines:
        return
    terminalreporter.section("faults")
    head = ("fault", "accepted", "delivered", "duplicates", "longest delay, s")
    width = max(len(str(line[0])) for line in [head, *lines])
    for fault, *figures in [head, *sorted(lines)]:
        terminalreporter.write_line(
            "  ".join([f"{fault:{width}}", *(f"{figure!s:>10}" for figure in figures)])
        )
