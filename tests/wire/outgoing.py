"""A group with an outgoing integration, and what can be seen of it over HTTP."""

import time
from collections.abc import Callable
from itertools import count
from typing import Any

import httpx

from strongback.testing.receiver import Receiver
from tests.wire.server import Server

_numbers = count()
PATIENCE = 20.0


class Group:
    """A private group with rocket.cat in it, and one outgoing integration that calls a path of its own."""

    def __init__(self, server: Server, receiver: Receiver, **members: Any) -> None:
        self.server = server
        self.receiver = receiver
        self.name = f"out-{next(_numbers)}"
        self.path = f"/{self.name}"
        made = server.admin.post("/api/v1/groups.create", json={"name": self.name, "members": ["rocket.cat"]})
        self.id = made.raise_for_status().json()["group"]["_id"]
        self.integration = self.attach(**members)

    def attach(self, path: str | None = None, **members: Any) -> dict[str, Any]:
        """Make an outgoing integration of the group."""
        body = {
            "type": "webhook-outgoing",
            "name": self.name,
            "enabled": True,
            "username": "rocket.cat",
            "channel": f"#{self.name}",
            "event": "sendMessage",
            "urls": [f"{self.receiver.url}{path or self.path}"],
            "scriptEnabled": "script" in members,
            **members,
        }
        made = self.server.admin.post("/api/v1/integrations.create", json=body)
        integration: dict[str, Any] = made.raise_for_status().json()["integration"]
        assert "scriptError" not in integration, integration["scriptError"]
        return integration

    def post(self, text: str, client: httpx.Client | None = None, **members: Any) -> dict[str, Any]:
        """Post a message in the group."""
        body = {"roomId": self.id, "text": text, **members}
        posted = (client or self.server.admin).post("/api/v1/chat.postMessage", json=body)
        message: dict[str, Any] = posted.raise_for_status().json()["message"]
        return message

    def told(self, count: int = 1) -> list[dict[str, Any]]:
        """What the receiver has been told, once it is so much; up to four are on their way at once, in no order."""
        return [request.json() for request in self.receiver.wait(count, PATIENCE, self.path)]

    def history(self, count: int = 1, integration: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """The records of the integration, oldest first, once so many are at their end."""
        id = (integration or self.integration)["_id"]

        def ended() -> list[dict[str, Any]] | None:
            answer = self.server.admin.get("/api/v1/integrations.history", params={"id": id, "count": 0})
            records: list[dict[str, Any]] = answer.raise_for_status().json()["history"]
            over = [record for record in records if record.get("finished") or record.get("error")]
            return sorted(over, key=lambda record: record["_createdAt"]) if len(over) >= count else None

        found: list[dict[str, Any]] = until(ended, f"{count} records of {id}")
        return found

    def messages(self, count: int = 1) -> list[dict[str, Any]]:
        """The messages of the group, oldest first, once there are so many."""

        def there() -> list[dict[str, Any]] | None:
            answer = self.server.admin.get("/api/v1/groups.messages", params={"roomId": self.id, "count": 0})
            found: list[dict[str, Any]] = answer.raise_for_status().json()["messages"]
            return found[::-1] if len(found) >= count else None

        shown: list[dict[str, Any]] = until(there, f"{count} messages")
        return shown

    def current(self) -> dict[str, Any]:
        """The integration as it is now."""
        answer = self.server.admin.get(
            "/api/v1/integrations.get", params={"integrationId": self.integration["_id"]}
        )
        found: dict[str, Any] = answer.raise_for_status().json()["integration"]
        return found


def until(found: Callable[[], Any], wanted: str) -> Any:
    """Ask until there is something."""
    deadline = time.monotonic() + PATIENCE
    while (result := found()) is None:
        assert time.monotonic() < deadline, f"there are never {wanted}"
        time.sleep(0.01)
    return result
