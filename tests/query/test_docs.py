"""docs/query-language.md says what the code does."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import get_args

from strongback.query import ErrorKind, Limits
from strongback.query.parse import FIELD, TOP_LEVEL, UNSUPPORTED

PAGE = (Path(__file__).parents[2] / "docs" / "query-language.md").read_text("utf-8")


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, title
    return found[1]


def test_operators() -> None:
    rows = re.findall(r"^\| `(\$\w+)` \| (top level|under a field) \|", section("Filters"), re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert {name for name, place in rows if place == "top level"} == TOP_LEVEL
    assert {name for name, place in rows if place == "under a field"} == FIELD


def test_bounds() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", section("Bounds"), re.MULTILINE)
    assert [(name, int(value)) for name, value in rows] == list(dataclasses.asdict(Limits()).items())


def test_error_kinds() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", section("Errors"), re.MULTILINE) == list(get_args(ErrorKind))


def test_declined_operators() -> None:
    assert set(re.findall(r"`(\$\w+)`", section("Declined, and why"))) >= UNSUPPORTED
