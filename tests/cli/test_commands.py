"""The commands, as processes of their own on a database that the sample dump was imported into."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stores import database_url
from tests.wire.server import environment

ROOT = Path(__file__).parents[2]
DUMP = ROOT / "tests" / "data" / "dump"


def strongback(*words: str, database: str, **env: str) -> subprocess.CompletedProcess[str]:
    settings = environment(STRONGBACK_DATABASE=database, **env)
    command = [sys.executable, "-m", "strongback.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, env=settings, timeout=60, check=False)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = database_url(tmp_path_factory.mktemp("cli"))
    done = strongback("import", str(DUMP), database=url)
    assert done.returncode == 0, done.stderr
    return url


def listed(database: str, *words: str) -> list[dict[str, object]]:
    done = strongback(*words, "--json", database=database)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def names(value: object) -> list[str]:
    assert isinstance(value, list)
    return value


def test_listings(database: str) -> None:
    users = listed(database, "users", "list")
    assert {"admin", "rocket.cat", "alice"} <= {user["username"] for user in users}
    groups = listed(database, "groups", "list")
    assert [group["name"] for group in groups][:2] == ["archive-me", "empty-room"]
    assert len(groups) == 8
    assert len(listed(database, "integrations", "list")) == 70
    attached = listed(database, "groups", "integrations", "legal")
    assert all({"#legal", "all_private_groups"} & set(names(one["channel"])) for one in attached)
    assert attached


def test_an_integration_is_shown_without_its_token(database: str) -> None:
    first = str(listed(database, "integrations", "list")[0]["_id"])
    done = strongback("integrations", "show", first, database=database)
    shown = json.loads(done.stdout)
    assert shown["_id"] == first
    assert shown["token"].startswith("****")


def test_a_second_import_changes_nothing_and_reports(database: str, tmp_path: Path) -> None:
    before = listed(database, "integrations", "list")
    report = tmp_path / "report.json"
    done = strongback("import", str(DUMP), "--report", str(report), database=database)
    assert done.returncode == 0
    assert listed(database, "integrations", "list") == before
    written = json.loads(report.read_text())
    assert written["total"] == {"taken": 594, "changed": 11, "refused": 0}
    assert {entry["kind"] for entry in written["entries"]} == {"integrations"}


def test_accounts_and_tokens_are_made(database: str) -> None:
    done = strongback("users", "create", "ada", "--password", "correct-horse", "--json", database=database)
    assert json.loads(done.stdout)["roles"] == ["user"]
    again = strongback("users", "create", "ada", "--password", "correct-horse", database=database)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "ada is already in use" in again.stderr
    token = strongback("users", "token", "ada", "--json", database=database)
    assert set(json.loads(token.stdout)) == {"userId", "authToken"}
    twice = strongback("users", "token", "ada", database=database)
    assert twice.returncode == 1


def test_check(database: str) -> None:
    assert strongback("check", database=database).returncode == 0


@pytest.mark.sqlite
def test_backup(database: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert strongback("backup", str(copy), database=database).returncode == 0
    assert len(listed(f"sqlite:///{copy}", "integrations", "list")) == 70
    taken = strongback("backup", str(copy), database=database)
    assert taken.returncode == 2
    assert taken.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["import", "nowhere"], 1, "nowhere"),
        (["users", "list", "--database", "postgres://x"], 2, "sqlite:///"),
        (["users", "list", "--database", "sqlite:///nothing/here.db"], 2, "there is no database"),
        (["groups", "integrations", "nothing"], 1, "there is no private group nothing"),
        (["integrations", "show", "nothing"], 1, "there is no integration nothing"),
        (["serve", "--port", "99999999"], 2, "--port"),
        (["users", "fly"], 2, "fly"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_line(
    database: str, words: list[str], code: int, text: str
) -> None:
    done = strongback(*words, database=database)
    assert done.returncode == code, done.stderr
    assert text in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dump_that_can_not_be_read_at_all_ends_with_one(tmp_path: Path) -> None:
    (tmp_path / "users.bson").write_bytes(b"\x00" * 3)
    done = strongback("import", str(tmp_path), database=database_url(tmp_path))
    assert done.returncode == 1, (done.stdout, done.stderr)
