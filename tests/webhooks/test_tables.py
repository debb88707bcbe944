"""docs/delivery.md says what the code does."""

from pathlib import Path
from typing import get_args

import pytest

from strongback.webhooks import tables
from strongback.webhooks.classify import ERRORS, ErrorKind
from strongback.webhooks.steps import INCOMING_STEPS, KEPT_BYTES, OUTGOING_STEPS
from strongback.webhooks.tables import duration

PAGE = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text("utf-8")


@pytest.mark.parametrize(
    "table",
    [
        tables.outcomes(),
        tables.waits(),
        tables.numbers(),
        tables.step_table(OUTGOING_STEPS),
        tables.step_table(INCOMING_STEPS),
    ],
    ids=["outcomes", "waits", "numbers", "outgoing steps", "incoming steps"],
)
def test_the_page_holds_the_table(table: str) -> None:
    assert f"\n\n{table}\n\n" in PAGE


def test_the_page_names_every_error() -> None:
    assert ", ".join(f"`{kind}`" for kind in ERRORS) in PAGE
    assert set(ERRORS) == set(get_args(ErrorKind)) == {kind for _, kind, _ in tables.SITUATIONS} & set(ERRORS)


def test_the_page_says_how_much_is_kept() -> None:
    assert f"longer than {KEPT_BYTES:,} bytes" in PAGE


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0"),
        (1, "1 ms"),
        (999, "999 ms"),
        (1_000, "1 s"),
        (100_000, "1 min 40 s"),
        (3_600_000, "1 h"),
        (100_000_000, "27 h 46 min 40 s"),
        (36_060_000, "10 h 1 min"),
    ],
)
def test_durations(ms: int, text: str) -> None:
    assert duration(ms) == text
