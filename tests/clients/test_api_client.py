"""Rocket.Chat's own REST client, @rocket.chat/api-client, in Node (tests/clients/api_client/day.mjs).

npm brings it for the tests, which its licence allows; nothing of it is part of Strongback.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import People
from tests.wire.server import environment

FOLDER = Path(__file__).with_name("api_client")
PATIENCE = 60


@pytest.fixture(scope="module")
def node() -> str:
    """The program node, beside an installed client; without them the test is skipped, in CI it fails."""
    found = shutil.which("node")
    if found is None or not (FOLDER / "node_modules").is_dir():
        missing = "Node" if found is None else "@rocket.chat/api-client (`make test` installs it)"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{missing} is missing, and CI=true")
        pytest.skip(f"{missing} is MISSING: Rocket.Chat's own client is NOT TESTED here")
    return found


@pytest.fixture(scope="module")
def seen(people: People, node: str) -> dict[str, Any]:
    """What the client saw."""
    people.create("nadja", "nils")
    people.admin.settings_update("Accounts_TwoFactorAuthentication_RememberFor", 0)
    command = [node, "day.mjs", people.server.url, "nadja", "pw-nadja", "nils"]
    ran = subprocess.run(
        command,
        cwd=FOLDER,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_login(seen: dict[str, Any]) -> None:
    assert seen["visitor"] == {
        "code": 401,
        "status": "error",
        "message": "You must be logged in to do this.",
    }
    assert (seen["wrong"]["code"], seen["wrong"]["error"]) == (401, "Unauthorized")
    assert seen["me"] == "nadja"


def test_group(seen: dict[str, Any]) -> None:
    group = seen["group"]
    assert (group["name"], group["t"], group["usersCount"]) == ("by-node", "p", 2)
    assert seen["members"] == ["nadja", "nils"]
    assert seen["busy"] == ["nadja"]


def test_messages(seen: dict[str, Any]) -> None:
    message = seen["message"]
    assert (message["msg"], message["tcount"], message["reactions"]) == (
        "Hello *world* ünïcode & more",
        1,
        {":tada:": {"usernames": ["nadja"]}},
    )
    assert seen["found"] == ["Hello *world* ünïcode & more"]
    assert seen["history"] == ["Hello *world* ünïcode & more"]
    assert seen["queried"] == ["a reply"]


def test_refusals(seen: dict[str, Any]) -> None:
    assert seen["refused"]["errorType"] == "not_authorized"
    assert (seen["gone"]["code"], seen["gone"]["errorType"]) == (400, "error-room-not-found")
    assert seen["absent"] == {"code": 404, "success": False, "error": "Resource not found"}


def test_the_second_factor_is_asked_for_and_given(seen: dict[str, Any]) -> None:
    assert seen["challenge"] == {"method": "password", "invalidAttempt": False}
    assert seen["byToken"] == "nadja"
    assert seen["asked"].count("POST /v1/users.generatePersonalAccessToken") == 2


def test_rename_and_delete(seen: dict[str, Any]) -> None:
    assert seen["renamed"] == "renamed-by-node"
    assert seen["deleted"] == {"success": True}
