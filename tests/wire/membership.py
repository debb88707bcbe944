"""People, their rooms, and what the tests of membership ask about them over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from tests.wire.making import post
from tests.wire.server import Server

API = "/api/v1"
NOT_GIVEN = 'The parameter "roomId" or "roomName" is required [error-room-param-not-provided]'
NO_GROUP = (
    'The required "roomId" or "roomName" param provided does not match any group [error-room-not-found]'
)
NO_CHANNEL = NO_GROUP.replace("any group", "any channel")
NO_USER = 'The required "userId" or "username" param provided does not match any users [error-invalid-user]'
NO_USER_GIVEN = 'The required "userId" or "username" param was not provided [error-user-param-not-provided]'
NOT_ALLOWED = "Not allowed [error-not-allowed]"
LAST_OWNER = (
    "You are the last owner. Please set new owner before leaving the room. [error-you-are-last-owner]"
)

_numbers = count()


@dataclass
class People:
    """Olga, who owns the rooms, Mick, a member, and Nora, who is none; ordinary users beside the administrator.

    `other` is where they are a second time, and Mick at all: another node where there are several.
    """

    server: Server
    other: Server
    olga: httpx.Client
    mick: httpx.Client
    nora: httpx.Client

    @property
    def admin(self) -> httpx.Client:
        return self.server.admin

    def id(self, name: str) -> str:
        """The id of one of them."""
        found: str = getattr(self, name).headers["X-User-Id"]
        return found

    def room(self, prefix: str = "groups", *members: str, **extra: Any) -> dict[str, Any]:
        """Make a room of Olga's, with Mick in it unless others are named."""
        body = {"name": f"room-{next(_numbers)}", "members": [*(members or ("mick",))], "extraData": extra}
        made: dict[str, Any] = post(self.olga, f"{prefix}.create", body)[prefix.removesuffix("s")]
        return made


def people(server: Server, other: Server | None = None) -> People:
    """Make the accounts."""
    olga, mick, nora = (server.create_user(name) for name in ("olga", "mick", "nora"))
    if other is None or other is server:
        return People(server, server, olga, mick, nora)
    return People(server, other, olga, other.client("mick"), nora)


def names(client: httpx.Client, room: dict[str, Any], prefix: str = "groups") -> list[str]:
    """Who is in a room, by username."""
    answer = client.get(f"{API}/{prefix}.members", params={"roomId": room["_id"], "count": 0})
    return [member["username"] for member in answer.raise_for_status().json()["members"]]


def said(client: httpx.Client, room: dict[str, Any], prefix: str = "groups") -> list[tuple[str, ...]]:
    """The system messages of a room, oldest first: type, text, author, and the role where there is one."""
    answer = client.get(f"{API}/{prefix}.messages", params={"roomId": room["_id"], "count": 0})
    found = [one for one in answer.raise_for_status().json()["messages"][::-1] if "t" in one]
    return [
        (one["t"], one["msg"], one["u"]["username"], *([one["role"]] if "role" in one else []))
        for one in found
    ]


def refused(answer: httpx.Response, error: str, **details: str) -> None:
    """Check that this is a 400 with nothing but the error."""
    expected: dict[str, Any] = {"success": False, "error": error}
    if "[" in error:
        expected["errorType"] = error.rpartition("[")[2].removesuffix("]")
    if details:
        expected["details"] = details
    assert (answer.status_code, answer.json()) == (400, expected)


@contextmanager
def granted(server: Server, permission: str, *roles: str) -> Iterator[None]:
    """Give a permission to these roles alone for a while."""
    listed = server.admin.get(f"{API}/permissions.listAll").json()["update"]
    (before,) = [one["roles"] for one in listed if one["_id"] == permission]

    def give(held: list[str]) -> None:
        post(server.admin, "permissions.update", {"permissions": [{"_id": permission, "roles": held}]})

    give([*roles])
    try:
        yield
    finally:
        give(before)
