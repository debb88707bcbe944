"""The pages say what the code does: settings, permissions, errors, endpoints, commands."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from strongback.accounts.permission_defaults import PERMISSIONS
from strongback.accounts.setting_defaults import SETTINGS
from strongback.cli.main import main
from strongback.http.endpoints import ENDPOINTS
from strongback.settings import Settings, sources
from tests.docs.import_graph import PICTURE, draw

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
ERROR_ID = re.compile(
    r"error-[A-Za-z0-9-]+|invalid-params|invalid-channel|not[-_]authorized|totp-[a-z]+|user-last-owner|invalid_integration"
    r"|Role not found|integration-scripts-[a-z0-9-]+"
)
PREFIX = "error-invalid-"
"""The beginning of ids that end with a parameter's name."""


def rows(page: str) -> list[list[str]]:
    """The rows of all tables of a page, cell by cell, without headings."""
    found = []
    for line in (DOCS / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `"):
            found.append(cells)
    return found


def plain(cell: str) -> str:
    return cell.strip("`")


def test_process_settings_are_documented() -> None:
    defaults = Settings()
    documented = {
        plain(cells[0]): (plain(cells[1]), plain(cells[2]))
        for cells in rows("settings.md")
        if len(cells) == 4
    }
    expected = {
        source.env: (source.flag or "", str(getattr(defaults, name))) for name, source in sources().items()
    }
    assert documented == expected


def test_server_settings_are_documented() -> None:
    documented = {
        plain(cells[0]): json.loads(plain(cells[1])) for cells in rows("settings.md") if len(cells) == 2
    }
    assert documented == SETTINGS


def test_permissions_are_documented() -> None:
    documented = {plain(name): roles for name, roles in rows("permissions.md")}
    assert documented == {name: ", ".join(roles) for name, roles in PERMISSIONS.items()}


def error_ids() -> set[str]:
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and ERROR_ID.fullmatch(node.value)
            ):
                found.add(node.value)
    return found - {PREFIX}


def test_error_ids_are_documented() -> None:
    documented = {plain(cells[0]) for cells in rows("errors.md")}
    assert error_ids() - documented == set()
    assert (
        documented - error_ids()
        == {"error-invalid-fields", "error-invalid-query", "error-invalid-sort"} - error_ids()
    )


def test_endpoints_are_documented() -> None:
    page = (DOCS / "compatibility.md").read_text().split("## Endpoints")[1]
    offered, absent = page.split("Not offered")
    listed = set(re.findall(r"- `([A-Z]+ \S+)`", offered))
    assert listed == {f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS}
    assert listed.isdisjoint(re.findall(r"- `([A-Z]+ \S+)`", absent))


def test_every_endpoint_that_clients_call_is_offered_or_not() -> None:
    def shape(endpoint: str) -> str:
        return re.sub(r"\{\w+\}", "{}", endpoint.replace(" /api/", " "))

    called = {shape(line) for line in (ROOT / "tests/data/endpoints.txt").read_text().splitlines()}
    page = (DOCS / "compatibility.md").read_text().split("## Endpoints")[1]
    assert len(called) > 100
    assert called - {shape(endpoint) for endpoint in re.findall(r"- `([A-Z]+ \S+)`", page)} == set()


def test_the_clients_are_of_the_versions_that_the_tests_install() -> None:
    page = (DOCS / "compatibility.md").read_text().split("## Clients")[1]
    named = dict(re.findall(r"^\| \[(\S+)\]\(\S+\) \| (\S+) \|", page, re.MULTILINE))
    pinned = dict(re.findall(r"^(\S+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    pinned = {name.replace("_", "-"): version for name, version in pinned.items()}
    pinned |= json.loads((ROOT / "tests/clients/api_client/package.json").read_text())["dependencies"]
    assert len(named) == 4
    assert named == {name: pinned[name] for name in named}


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_commands_and_options_are_documented() -> None:
    documented = {
        plain(cells[0]): set(re.findall(r"`(--[a-z-]+)`", cells[1])) for cells in rows("command-line.md")
    }
    expected = {
        name: {
            option
            for one in command.params
            if isinstance(one, click.Option)
            for option in one.opts
            if option[:2] == "--"
        }
        for name, command in commands(main)
    }
    assert documented == expected


@pytest.mark.parametrize(
    "page",
    [*sorted(DOCS.glob("*.md")), *sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("examples/*/README.md"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_guarantees_name_tests_that_exist() -> None:
    named = re.findall(r"`(tests/[a-z0-9_/]+\.py)`", (DOCS / "guarantees.md").read_text())
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_picture_of_imports_is_what_the_code_imports() -> None:
    assert PICTURE.read_text() == draw(), "python -m tests.docs.import_graph draws it anew"
