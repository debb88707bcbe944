"""Where secrets are not: the log, the accounts that the API shows, the columns of the database."""

import base64
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.stores import raw_rows, tables
from tests.wire.conftest import calm
from tests.wire.server import ADMIN_PASSWORD, Server

PASSWORD = "pw-Correct-Horse-71"
WRONG = "pw-Wrong-Battery-72"


class Scenario(NamedTuple):
    """A server on which everything happened that involves a secret, and those secrets."""

    server: Server
    passwords: tuple[str, ...]
    sessions: tuple[str, ...]
    personal: tuple[str, ...]
    integrations: tuple[str, ...]
    answers: dict[str, str]
    columns: list[str]

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token of an account."""
        return self.sessions + self.personal


def digest(secret: str) -> str:
    """What a client may send in place of a password."""
    return hashlib.sha256(secret.encode()).hexdigest()


def stored(token: str) -> str:
    """What the database keeps of a token."""
    return base64.b64encode(hashlib.sha256(token.encode()).digest()).decode()


def create(server: Server, **more: Any) -> str:
    """Create an integration; its token."""
    body = {
        "type": "webhook-incoming", "name": "n", "enabled": True, "username": "admin", "channel": "#secrets",
        "scriptEnabled": False,
    }  # fmt: skip
    made = server.admin.post("/api/v1/integrations.create", json=body | more).raise_for_status().json()
    token: str = made["integration"]["token"]
    return token


def fail(server: Server, token: str, given: str) -> None:
    """Send secrets in every request that ends in an error."""
    admin = server.admin
    for credentials in (
        {"user": "keeper", "password": WRONG},
        {"user": "nobody", "password": WRONG},
        {"user": "keeper", "password": {"digest": digest(WRONG), "algorithm": "sha-256"}},
        {"user": {"$ne": ""}, "password": WRONG},
        {"resume": token + "x"},
    ):
        assert server.anonymous().post("/api/v1/login", json=credentials).status_code in {400, 401}
    broken = f'{{"user": "keeper", "password": "{PASSWORD}"'
    answers = [
        server.anonymous().post(
            "/api/v1/login", content=broken, headers={"content-type": "application/json"}
        ),
        server.anonymous({"x-user-id": "nobody", "x-auth-token": token}).get("/api/v1/me"),
        server.anonymous({"x-user-id": admin.headers["x-user-id"], "x-auth-token": "wrong"}).get(
            "/api/v1/me"
        ),
        admin.post(
            "/api/v1/users.create", json={"username": "keeper", "password": WRONG, "name": 1, "email": 1}
        ),
        admin.post("/api/v1/integrations.create", json={"type": "webhook-outgoing", "token": given}),
        admin.get("/api/v1/integrations.list", params={"query": json.dumps({"token": given})}),
        admin.get("/api/v1/users.list", params={"query": json.dumps({"services.password.bcrypt": "x"})}),
        admin.get(f"/api/v1/{token}"),
    ]
    for answer in answers:
        assert 400 <= answer.status_code < 500, answer.text
        for secret in (token, PASSWORD, WRONG):
            assert secret not in answer.text


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenario]:
    before = os.umask(0o022)  # files are everybody's to read unless the server says otherwise
    try:
        server = calm(Server.start(tmp_path_factory.mktemp("secrets")))
    finally:
        os.umask(before)
    admin = server.admin
    admin.post("/api/v1/groups.create", json={"name": "secrets"}).raise_for_status()
    account = {"username": "keeper", "name": "K", "email": "k@example.com", "password": PASSWORD}
    admin.post("/api/v1/users.create", json=account).raise_for_status()
    keeper = server.client("keeper", PASSWORD)
    hashed = {"user": "keeper", "password": {"digest": digest(PASSWORD), "algorithm": "sha-256"}}
    second = (
        server.anonymous().post("/api/v1/login", json=hashed).raise_for_status().json()["data"]["authToken"]
    )
    given = "given-outgoing-token-74"
    integrations = (
        create(server),
        create(
            server, type="webhook-outgoing", event="sendMessage", urls=["http://localhost/x"], token=given
        ),
    )
    personal = [
        keeper.post(f"/api/v1/users.{verb}PersonalAccessToken", json={"tokenName": "t"}).raise_for_status()
        for verb in ("generate", "regenerate")
    ]
    sessions = (admin.headers["x-auth-token"], keeper.headers["x-auth-token"], second)
    fail(server, keeper.headers["x-auth-token"], given)
    everything = {"fields": json.dumps({"services": 1, "username": 1})}
    answers = {
        f"{path} {params} {who}": client.get(f"/api/v1/{path}", params=params).text
        for who, client in (("admin", admin), ("keeper", keeper))
        for path, params in (
            ("me", {}),
            ("users.info", {"username": "keeper"}),
            ("users.info", {"username": "keeper"} | everything),
            ("users.list", {}),
            ("users.list", everything),
            ("users.getPersonalAccessTokens", {}),
            ("roles.getUsersInRole", {"role": "user"}),
        )
    }
    assert all("keeper" in text for name, text in answers.items() if name.startswith("users.info"))
    columns = list(values(server.folder))
    yield Scenario(
        server,
        (PASSWORD, WRONG, ADMIN_PASSWORD),
        sessions,
        tuple(answer.json()["token"] for answer in personal),
        integrations,
        answers,
        columns,
    )
    server.stop()


def values(folder: Path) -> Iterator[str]:
    """Every value of every column of every table, as text."""
    for table in tables(folder):
        for row in raw_rows(folder, table):
            for value in row.values():
                yield value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def test_the_log_holds_no_secret(scenario: Scenario) -> None:
    log = scenario.server.log
    for secret in (*scenario.passwords, *scenario.tokens, *scenario.integrations):
        for shape in (secret, stored(secret), digest(secret)):
            assert shape not in log
    assert "$2b$" not in log
    assert "$2a$" not in log


def test_no_answer_about_an_account_holds_a_hash(scenario: Scenario) -> None:
    for name, text in scenario.answers.items():
        for piece in ("$2a$", "$2b$", "$2y$", "hashedToken", "loginTokens"):
            assert piece not in text, name
        for secret in (*scenario.passwords, *scenario.tokens):
            for shape in (secret, stored(secret), digest(secret)):
                assert shape not in text, name


def test_tokens_and_passwords_are_stored_as_hashes_only(scenario: Scenario) -> None:
    whole = "\n".join(scenario.columns)
    for secret in (*scenario.passwords, *scenario.tokens):
        assert secret not in whole
        assert digest(secret) not in whole
    kept = [*scenario.sessions, scenario.personal[-1]]
    for token in kept:
        assert stored(token) in scenario.columns
    assert stored(scenario.personal[0]) not in whole  # regenerated
    assert "$2b$" in whole or "$2a$" in whole


@pytest.mark.sqlite
def test_nothing_beside_the_columns_holds_an_account_s_token(scenario: Scenario) -> None:
    """Not even a page that SQLite freed, or its journal."""
    for file in scenario.server.folder.iterdir():
        content = file.read_bytes()
        for secret in (*scenario.passwords, *scenario.tokens):
            assert secret.encode() not in content, file.name


@pytest.mark.sqlite
def test_only_the_owner_may_read_the_files_of_the_database(scenario: Scenario) -> None:
    files = list(scenario.server.folder.glob("strongback.db*"))
    assert {"strongback.db", "strongback.db-wal", "strongback.db-shm"} <= {file.name for file in files}
    for file in files:
        if not file.name.endswith(".lock"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


@pytest.mark.sqlite
def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "strongback.db").touch()
    (tmp_path / "strongback.db").chmod(0o644)
    server = Server.start(tmp_path)
    try:
        for name in ("strongback.db", "strongback.db-wal"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    finally:
        server.stop()


def test_a_wrong_id_and_a_wrong_token_are_answered_alike(scenario: Scenario) -> None:
    server = scenario.server
    id = server.admin.headers["x-user-id"]
    wrong_id = server.anonymous({"x-user-id": "nobody", "x-auth-token": scenario.sessions[0]}).get(
        "/api/v1/me"
    )
    wrong_token = server.anonymous({"x-user-id": id, "x-auth-token": "x"}).get("/api/v1/me")
    other = server.anonymous({"x-user-id": id, "x-auth-token": scenario.sessions[1]}).get("/api/v1/me")
    assert wrong_id.status_code == wrong_token.status_code == other.status_code == 401
    assert wrong_id.content == wrong_token.content == other.content
