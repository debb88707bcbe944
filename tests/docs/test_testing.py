"""The page for bot developers: its examples run, and its tables name what there is."""

import re
from pathlib import Path

import pytest

from strongback import testing
from strongback.testing.receiver import Receiver
from strongback.testing.server import Server

pytest_plugins = ["pytester"]

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
NAMED_ELSEWHERE = {"Group", "Received", "Receiver", "Refused", "Reply", "Server"}


def first_column(heading: str) -> set[str]:
    """The names in the first column of the table with this heading."""
    table = PAGE.split(f"| {heading} |")[1].split("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)", cell)}


def public(kind: type) -> set[str]:
    members = {name for one in kind.__mro__[:-1] for name in vars(one)}
    return {name for name in members if not name.startswith("_")}


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_examples_run(number: int, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.path.joinpath("test_example.py").write_text(EXAMPLES[number])
    tests = EXAMPLES[number].count("\ndef test_")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist", timeout=100)
    result.assert_outcomes(passed=tests)
    assert tests


def test_all_behaviours_are_documented() -> None:
    assert first_column("step") == set(testing.__all__) - NAMED_ELSEWHERE


def test_members_of_the_receiver_are_documented() -> None:
    internal = {"arrived", "finished", "close"}
    named = first_column("member")
    assert public(Receiver) - {"url", "urls"} - internal <= named
    with Receiver() as receiver:
        assert {name for name in named if not hasattr(receiver, name)} == set()
        assert {name for name in vars(receiver) if not name.startswith("_")} <= named


def test_members_of_the_server_are_documented(tmp_path: Path) -> None:
    named = set(re.findall(r"`(\w+)", PAGE.split("| attribute |")[1].split("\n\n")[0]))
    server = Server(tmp_path)
    members = public(Server) | {name for name in vars(server) if not name.startswith("_")}
    assert members - {"wait", "folder", "port", "process"} <= named
