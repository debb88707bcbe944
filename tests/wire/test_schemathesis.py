"""Requests made up from the OpenAPI document, good and bad: none of them is a 5xx."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from tests.wire.conftest import calm
from tests.wire.server import ADMIN, ADMIN_PASSWORD, Server

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "8"))
Operation = schemathesis.APIOperation[Any, Any, Any, Any]
# They end the session under test, or the account that it belongs to.
ENDING = {"/api/v1/logout", "/api/logout", "/api/v1/users.delete"}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this module's own: made-up requests change settings, permissions and roles."""
    running = calm(Server.start(tmp_path_factory.mktemp("schemathesis")))
    try:
        yield running
    finally:
        running.stop()


class Session:
    """A session of the administrator."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._client = server.anonymous(check=False)
        self._headers: dict[str, str] = {}

    def headers(self) -> dict[str, str]:
        """Its credentials; of a new one whenever the last was ended."""
        if self._client.get("/api/v1/me", headers=self._headers).status_code != 200:
            credentials = {"user": ADMIN, "password": ADMIN_PASSWORD}
            answer = self._client.post("/api/v1/login", json=credentials)
            data = answer.raise_for_status().json()["data"]
            self._headers = {"X-User-Id": data["userId"], "X-Auth-Token": data["authToken"]}
        return self._headers


def probe(session: Session, operation: Operation, mode: schemathesis.GenerationMode) -> int:
    """Send made-up requests to one operation; the number of them."""
    label = f"{operation.method.upper()} {operation.path}"
    url = session.server.url
    headers = {} if operation.path in ENDING else session.headers()
    sent = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attempt(case: Any) -> None:
        nonlocal sent
        answer = case.call(base_url=url, headers=headers)
        sent += 1
        assert answer.status_code < 500, f"{label}: {case.as_curl_command()}\n{answer.text}"
        assert answer.headers["content-type"] == ["application/json"], label

    attempt()
    return sent


def has_bad_forms(operation: Operation) -> bool:
    """Tell whether a request can be made up that is not as described; any text is good enough in a path."""
    return bool(operation.query or operation.headers or operation.body)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode))
def test_no_made_up_request_is_a_server_error(target: Server, mode: schemathesis.GenerationMode) -> None:
    schema = schemathesis.openapi.from_dict(target.openapi.document)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    if mode is schemathesis.GenerationMode.NEGATIVE:
        operations = [operation for operation in operations if has_bad_forms(operation)]
    session = Session(target)
    sent = {operation.label: probe(session, operation, mode) for operation in operations}
    assert target.process.poll() is None
    assert target.anonymous().get("/api/v1/info").status_code == 200
    assert "Traceback" not in target.log, target.log[-4000:]
    assert len(sent) > 150
    assert all(sent.values()), sent
