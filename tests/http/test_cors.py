"""The OPTIONS table of spec/01 §5."""

import pytest

from strongback.http import cors

ORIGIN, VERB = "https://a.example", "POST"


@pytest.mark.parametrize(("origin", "requested"), [(None, None), (ORIGIN, None), (None, VERB)])
def test_no_preflight(origin: str | None, requested: str | None) -> None:
    assert cors.options(origin, requested, enabled=False, origins="*") == (200, b"", (), None)


def test_disabled() -> None:
    answer = cors.options(ORIGIN, VERB, enabled=False, origins="*")
    assert answer.status == 405
    assert answer.body == b'CORS not enabled. Go to "Admin > General > REST Api" to enable it.'


def test_everybody() -> None:
    headers = dict(cors.options(ORIGIN, VERB, enabled=True, origins="*").headers)
    assert headers == {
        b"access-control-allow-origin": b"*",
        b"access-control-allow-methods": b"GET, POST, PUT, DELETE, HEAD, PATCH",
        b"access-control-allow-headers": b"Origin, X-Requested-With, Content-Type, Accept, X-User-Id, "
        b"X-Auth-Token, x-visitor-token, Authorization",
    }


def test_a_list() -> None:
    headers = dict(
        cors.options(ORIGIN, VERB, enabled=True, origins="https://b.example, https://A.example").headers
    )
    assert headers[b"access-control-allow-origin"] == b"https://a.example"
    assert headers[b"vary"] == b"Origin"
    assert cors.options(ORIGIN, VERB, enabled=True, origins="https://b.example") == (200, b"", (), None)


def test_hooks() -> None:
    headers = dict(cors.hook_options().headers)
    assert headers[b"access-control-allow-origin"] == b"*"
    assert headers[b"access-control-allow-headers"] == b"Origin, X-Requested-With, Content-Type, Accept"
