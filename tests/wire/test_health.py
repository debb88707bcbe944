"""What a load balancer asks: whether the process lives and whether it should be sent requests."""

import httpx
import pytest

from tests.wire.server import Server


@pytest.mark.parametrize(("path", "said"), [("/livez", "alive\n"), ("/readyz", "ready\n")])
def test_a_server_that_serves_says_so_to_anybody(server: Server, path: str, said: str) -> None:
    answer = httpx.get(f"{server.url}{path}")
    assert (answer.status_code, answer.text) == (200, said)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    head = httpx.head(f"{server.url}{path}")
    assert (head.status_code, head.content) == (200, b"")
    assert httpx.post(f"{server.url}{path}").status_code == 405


def test_what_is_counted_is_shown_to_nobody_unless_it_is_asked_for(server: Server) -> None:
    answer = httpx.get(f"{server.url}/metrics", headers=dict(server.admin.headers))
    assert (answer.status_code, answer.text) == (404, "Not Found")


def test_none_of_the_three_belongs_to_the_api(server: Server) -> None:
    for path in ("livez", "readyz", "metrics"):
        assert server.anonymous(check=False).get(f"/api/v1/{path}").status_code == 404
        assert f"/{path}" not in server.openapi.document["paths"]
