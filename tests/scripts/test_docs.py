"""docs/scripts.md says what the code does."""

import re
from pathlib import Path
from typing import get_args

import pytest

from strongback.cli.script_fixture import METHODS, Answer
from strongback.scripts import compile as compiling
from strongback.scripts.contract import ErrorKind, Limits, Script, no_fetch
from strongback.scripts.globals import FILES
from strongback.scripts.pool import Pool

PAGE = (Path(__file__).parents[2] / "docs" / "scripts.md").read_text("utf-8")
UNITS = {"s": 1, "MB": 1024 * 1024, "KB": 1024, "": 1}


def section(title: str) -> str:
    found = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, title
    return found[1]


def test_limits() -> None:
    limits = Limits()
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) ?(\w*) \|", section("Limits"), re.MULTILINE)
    assert len(rows) >= 11
    assert {name: float(value) * UNITS[unit] for name, value, unit in rows} == {
        name: getattr(limits, name) for name, *_ in rows
    }


def test_limits_that_have_no_name() -> None:
    values = dict(re.findall(r"^\| ([a-z]+) \| (\d+ \w+) \|", section("Limits"), re.MULTILINE))
    assert values == {
        "console": "100 lines",
        "source": f"{compiling.SOURCE_BYTES // 1024 // 1024} MB",
        "compiling": f"{compiling.SECONDS:g} s",
    }


def test_errors() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \|", section("Errors"), re.MULTILINE)
    assert sorted(rows) == sorted({*get_args(ErrorKind), "compiling", "absent"})


def test_methods() -> None:
    assert re.findall(r"^### (\w+)", PAGE, re.MULTILINE) == list(METHODS)


def test_fixtures() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| `fetch` | a list"))
    assert set(re.findall(r"`(\w+)`", row)) >= set(Answer.__struct_fields__)


@pytest.mark.anyio
async def test_what_is_there_and_what_is_not() -> None:
    found = section("What a script finds")
    there = {
        name.split("(")[0]
        for row in re.findall(r"^\| (`.*?) \|", found, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", row)
    }
    assert there >= set(FILES)
    missing = set(re.findall(r"`(\w+)`", found.split("Missing are")[1].split("In place")[0])) - {
        "toLocaleString",
        "import",
    }
    checks = ",".join(f"[{name!r}, typeof {name}]" for name in sorted(there | missing))
    pool = Pool()
    try:
        source = f"class Script {{ process_incoming_request() {{ return [{checks}]; }} }}"
        run = await pool.run(Script("docs", "1", source), METHODS[0], {}, no_fetch)
    finally:
        await pool.close()
    assert {name for name, kind in run.value if kind == "undefined"} == missing
