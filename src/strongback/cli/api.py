"""Calling the server that runs, for what the command line may not write beside it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from strongback.allowlist import Allowlist
from strongback.egress.client import Client, EgressError, Policy, Request
from strongback.errors import Failure, Unavailable

TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Login:
    """Where the server is, and who asks."""

    url: str
    user_id: str
    token: str


async def post(login: Login, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post to a method of the API; Failure says what the server refused, Unavailable that nobody answered."""
    headers = {
        "Content-Type": "application/json",
        "X-User-Id": login.user_id,
        "X-Auth-Token": login.token,
    }
    client = Client(Policy(_only(login.url)))
    try:
        url = f"{login.url.rstrip('/')}/api/v1/{path}"
        response = await client.send(Request("POST", url, headers, msgspec.json.encode(body), TIMEOUT_MS))
    except EgressError as error:
        raise Unavailable(f"the server at {login.url} does not answer: {error}") from None
    finally:
        await client.close()
    answer = _decoded(response.body)
    if response.status != 200:
        said = answer.get("error") or answer.get("message") or "nothing"
        raise Failure(f"the server answered {response.status}: {said}")
    return answer


def _only(url: str) -> Allowlist:
    """Let the server be called wherever it is; the operator has named it."""
    try:
        return Allowlist.parse(urlsplit(url).hostname or "")
    except ValueError as error:
        raise Failure(f"--url {error}") from None


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
