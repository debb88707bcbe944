"""Deliveries as they are seen over HTTP."""

from typing import Any

import httpx

from tests.wire.making import post
from tests.wire.outgoing import Group, until

API = "/api/v1/integrations"
TOKEN = "a-token-of-the-sender"
SHOWN = "*" * 17 + "nder"
COUNTING = {
    "script": """class Script { prepare_outgoing_request({request}) {
        const n = (Store.get('n') || 0) + 1; Store.set('n', n);
        return {url: request.url, method: 'PUT', headers: {'x-number': String(n)}, data: {n, said: request.data.text}};
    } }"""
}
QUICK = {"retryFailedCalls": True, "retryCount": 3, "retryDelay": "powers-of-ten"}
"""Tried again after 0.1 s, 1 s and 10 s."""


def listed(group: Group, client: httpx.Client | None = None, **params: Any) -> dict[str, Any]:
    """The answer of integrations.deliveries."""
    asked = {"integrationId": group.integration["_id"], **params}
    answer = (client or group.server.admin).get(f"{API}.deliveries", params=asked)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def in_state(group: Group, state: str, count: int = 1) -> list[dict[str, Any]]:
    """The deliveries in a state, newest first, once there are so many."""

    def there() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = listed(group, state=state)["deliveries"]
        return found if len(found) >= count else None

    found: list[dict[str, Any]] = until(there, f"{count} deliveries of {group.name} that are {state}")
    return found


def replay(group: Group, client: httpx.Client | None = None, **body: Any) -> str:
    """Replay, by default the newest record; the id of the new delivery."""
    if "deliveryId" not in body and "historyId" not in body:
        body["historyId"] = group.history()[-1]["_id"]
    made = post(
        client or group.server.admin,
        "integrations.replay",
        {"integrationId": group.integration["_id"], **body},
    )
    return str(made["deliveryId"])


def refused(answer: httpx.Response) -> tuple[int, str]:
    """The status and the error of a refusal."""
    return answer.status_code, answer.json()["error"]


def change(group: Group, **members: Any) -> None:
    """Change the integration of a group."""
    names = ("type", "name", "username", "event", "urls", "scriptEnabled", "enabled")
    body = {name: group.integration[name] for name in names}
    body |= {"integrationId": group.integration["_id"], "channel": f"#{group.name}", "token": TOKEN}
    group.server.admin.put(f"{API}.update", json=body | members).raise_for_status()
