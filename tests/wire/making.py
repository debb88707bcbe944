"""Shorthands of the tests that make rooms and integrations over HTTP."""

from typing import Any

import httpx

from tests.wire.server import Server


def post(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Call a path with a body; the answer must be a 200."""
    answer: dict[str, Any] = client.post(f"/api/v1/{path}", json=body).raise_for_status().json()
    return answer


def incoming(client: httpx.Client, name: str, channel: str, **more: Any) -> dict[str, Any]:
    """Make an incoming integration that posts as `reach-bot`."""
    body = {"type": "webhook-incoming", "name": name, "channel": channel, "username": "reach-bot"}
    made: dict[str, Any] = post(
        client, "integrations.create", body | {"enabled": True, "scriptEnabled": False} | more
    )["integration"]
    return made


def outgoing(client: httpx.Client, name: str, channel: str, **more: Any) -> dict[str, Any]:
    """Make an outgoing integration that posts as `reach-bot`."""
    body = {"type": "webhook-outgoing", "event": "sendMessage", "urls": ["http://127.0.0.1:9/"]}
    return incoming(client, name, channel, **(body | more))


def reach_bot(server: Server) -> None:
    """Make the account that integrations of the tests post as, unless it is there."""
    if server.admin.get("/api/v1/users.info", params={"username": "reach-bot"}).status_code != 200:
        server.create_user("reach-bot")
