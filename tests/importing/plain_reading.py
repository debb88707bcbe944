"""What groups.getIntegrations must answer, read from the BSON by hand: nothing here comes from the server's code."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import bson

Body = dict[str, Any]
MANAGE = (
    "manage-outgoing-integrations",
    "manage-incoming-integrations",
    "manage-own-outgoing-integrations",
    "manage-own-incoming-integrations",
)
NOT_IN_THE_DUMP = {"view-joined-room": ["guest", "bot", "app", "anonymous"]}
"""What a server seeds where a dump does not say."""


class Answer(NamedTuple):
    """The status, what the body must hold beside documents, and all documents in the default order."""

    status: int
    error: Body
    documents: list[Body]


class PlainReading:
    """The collections of a dump as lists, and the rules of the endpoint as plain conditions."""

    def __init__(self, folder: Path) -> None:
        self.users = self._read(folder / "users.bson")
        self.rooms = self._read(folder / "rocketchat_room.bson")
        self.members = {
            (one["rid"], one["u"]["_id"]) for one in self._read(folder / "rocketchat_subscription.bson")
        }
        given = {one["_id"]: one["roles"] for one in self._read(folder / "rocketchat_permissions.bson")}
        self.grants = NOT_IN_THE_DUMP | given
        self.integrations = self._read(folder / "rocketchat_integrations.bson")

    @staticmethod
    def _read(path: Path) -> list[Body]:
        return bson.decode_all(path.read_bytes())

    def has(self, user: Body, permission: str) -> bool:
        """Whether one of the user's roles is granted a permission."""
        return any(role in self.grants[permission] for role in user["roles"])

    def answer(self, user: Body, room: Body, *, all_private_groups: bool = True) -> Answer:
        """The answer for a user and a room, before any paging."""
        if not user["active"] or not user.get("services"):
            said = {"status": "error", "message": "You must be logged in to do this."}
            return Answer(401, said, [])
        if not any(self.has(user, permission) for permission in MANAGE):
            return Answer(403, {"success": False, "error": "unauthorized"}, [])
        sees = self.has(user, "view-joined-room") or self.has(user, "view-p-room")
        if room["t"] != "p" or (room["_id"], user["_id"]) not in self.members or not sees:
            return Answer(400, {"success": False, "errorType": "error-room-not-found"}, [])
        channels = {f"#{room['name']}", f"#{room['_id']}"}
        if all_private_groups:
            channels.add("all_private_groups")
        found = [
            one for one in self.integrations if channels & set(one["channel"]) and self.may_see(user, one)
        ]
        found.sort(key=lambda one: (one["_createdAt"], one["_id"]))
        return Answer(200, {"success": True}, [self.shown(one) for one in found])

    def may_see(self, user: Body, integration: Body) -> bool:
        """The table of spec/04 section 2, step 7."""
        out_all, in_all, out_own, in_own = (self.has(user, permission) for permission in MANAGE)
        own: bool = integration["_createdBy"]["_id"] == user["_id"]
        outgoing: bool = integration["type"] == "webhook-outgoing"
        if out_all and in_all:
            return True
        if out_own and in_own:
            return own
        return (outgoing and (out_all or (out_own and own))) or (
            not outgoing and (in_all or (in_own and own))
        )

    def shown(self, integration: Body) -> Body:
        """The document on the wire: ISO dates, and rooms that are named by id shown by name."""
        names = {f"#{room['_id']}": f"#{room['name']}" for room in self.rooms}
        channel = [names.get(entry, entry) for entry in integration["channel"]]
        wire = plain(integration | {"channel": channel})
        assert isinstance(wire, dict)
        return wire


def plain(value: Any) -> Any:
    """A decoded BSON value as JSON."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


Predicate = Callable[[Body], bool]
JULY_2024_MS = 1_719_792_000_000
JULY_2024 = "2024-07-01T00:00:00.000Z"

FILTERS: list[tuple[Body, Predicate]] = [
    ({"type": "webhook-incoming"}, lambda one: one["type"] == "webhook-incoming"),
    (
        {"enabled": {"$ne": False}, "retryCount": {"$gt": 3}},
        lambda one: one["enabled"] and one.get("retryCount", 0) > 3,
    ),
    ({"name": {"$regex": "^out-.*(Grafana|été)$"}}, lambda one: _out_named(one["name"])),
    ({"triggerWords": "guggy"}, lambda one: "guggy" in one.get("triggerWords", [])),
    ({"_createdBy.username": {"$in": ["dmitri", "eve"]}}, lambda one: _creator(one) in {"dmitri", "eve"}),
    (
        {"$or": [{"event": "roomJoined"}, {"alias": "Guggy"}]},
        lambda one: one.get("event") == "roomJoined" or one.get("alias") == "Guggy",
    ),
    (
        {"_createdAt": {"$gte": {"$date": JULY_2024_MS}}, "_createdBy.username": "dmitri"},
        lambda one: one["_createdAt"] >= JULY_2024 and _creator(one) == "dmitri",
    ),
    ({"emoji": {"$exists": False}}, lambda one: "emoji" not in one),
    ({"alias": None}, lambda one: one.get("alias") is None),
    (
        {"$and": [{"urls": {"$regex": "/[0-5][0-9]$"}}, {"triggerWords": {"$size": 2}}]},
        lambda one: _two_digits(one) and len(one.get("triggerWords", [])) == 2,
    ),
    ({"channel": {"$nin": ["all_private_groups"]}}, lambda one: "all_private_groups" not in one["channel"]),
    ({"$or": [{"_createdBy._id": {"$exists": True}}]}, lambda one: True),
    (
        {"name": {"$not": {"$regex": "GUGGY", "$options": "i"}}},
        lambda one: "guggy" not in one["name"].lower(),
    ),
]


def _creator(one: Body) -> str:
    name: str = one["_createdBy"]["username"]
    return name


def _out_named(name: str) -> bool:
    return name.startswith("out-") and name.endswith(("Grafana", "été"))


def _two_digits(one: Body) -> bool:
    return any(url[-3] == "/" and url[-2] in "012345" and url[-1].isdigit() for url in one.get("urls", []))


Key = Callable[[Body], Any]
MISSING_FIRST = (0, "")

SORTS: list[tuple[Body, list[tuple[Key, bool]]]] = [
    ({"name": 1}, [(lambda one: one["name"].encode(), False)]),
    ({"_createdAt": -1}, [(lambda one: one["_createdAt"], True)]),
    (
        {"enabled": -1, "_updatedAt": 1},
        [(lambda one: one["enabled"], True), (lambda one: one["_updatedAt"], False)],
    ),
    (
        {"alias": 1, "_createdBy.username": -1},
        [
            (lambda one: (1, one["alias"]) if "alias" in one else MISSING_FIRST, False),
            (_creator, True),
        ],
    ),
    ({"event": -1}, [(lambda one: (1, one["event"]) if "event" in one else MISSING_FIRST, True)]),
]


def in_order(documents: list[Body], keys: list[tuple[Key, bool]]) -> list[Body]:
    """Sort by several keys, each upwards or downwards; the id decides between equals."""
    ordered = sorted(documents, key=lambda one: one["_id"])
    for key, downwards in reversed(keys):
        ordered.sort(key=key, reverse=downwards)
    return ordered
