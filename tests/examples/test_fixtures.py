"""What the scripts of the examples answer to their fixtures, as `strongback script run` shows it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from strongback.cli.main import main
from tests.examples.conftest import EXAMPLES

METHODS = {"prepare": "prepare_outgoing_request", "process": "process_outgoing_response"}
"""The methods by the first word of a fixture's name; all others are for incoming integrations."""

FIXTURES = sorted(EXAMPLES.glob("*/fixtures/*.json"))


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_script_answers_as_expected(fixture: Path) -> None:
    example = fixture.parents[1]
    method = METHODS.get(fixture.stem.partition("-")[0], "process_incoming_request")
    command = ["script", "run", str(example / "script.js"), "--fixture", str(fixture), "--method", method]
    done = CliRunner().invoke(main, [*command, "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["result"] == json.loads((example / "expected" / fixture.name).read_text())


def test_every_example_has_its_parts() -> None:
    examples = {path.parent for path in EXAMPLES.glob("*/script.js")}
    assert {path.name for path in examples} == {"gif-bot", "grafana"}
    for example in examples:
        assert (example / "README.md").is_file()
        names = {path.name for path in example.glob("fixtures/*.json")}
        assert len(names) > 5
        assert {path.name for path in example.glob("expected/*.json")} == names
