"""No filter widens what a caller may see, whatever permissions it holds, over HTTP (spec/04 section 2)."""

import json
from collections.abc import Iterator
from itertools import chain, combinations
from typing import Any

import httpx
import pytest

from tests.wire.conftest import calm
from tests.wire.making import incoming, outgoing, post
from tests.wire.server import Server

PATH = "/api/v1/groups.getIntegrations"
OUT_ALL, OUT_OWN = "manage-outgoing-integrations", "manage-own-outgoing-integrations"
IN_ALL, IN_OWN = "manage-incoming-integrations", "manage-own-incoming-integrations"
ALL_FOUR = (OUT_ALL, OUT_OWN, IN_ALL, IN_OWN)
COMBINATIONS = list(chain.from_iterable(combinations(ALL_FOUR, size) for size in range(5)))
ATTACKS: list[Any] = [
    {},
    {"$or": [{"_createdBy._id": {"$exists": True}}, {"type": {"$ne": "x"}}]},
    {"_createdBy._id": {"$ne": "x"}},
    {"_createdBy": {"$exists": True}},
    {"$and": [{"$or": [{}]}, {"$nor": [{"_createdBy._id": "x"}]}]},
    {"$nor": [{"type": "x"}]},
    {"channel": {"$in": ["#one", "#two", "all_private_groups"]}},
    {"type": {"$in": ["webhook-incoming", "webhook-outgoing"]}},
]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose permissions these tests may change."""
    running = calm(Server.start(tmp_path_factory.mktemp("scope")))
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def bob(own: Server) -> httpx.Client:
    """Bob is in the group `one`, where he and the administrator made one integration of each type."""
    bob = own.create_user("bob")
    own.create_user("reach-bot")
    post(own.admin, "groups.create", {"name": "one", "members": ["bob"]})
    post(own.admin, "groups.create", {"name": "two", "members": ["bob"]})
    grant(own, *ALL_FOUR)
    for client, name in ((own.admin, "admin"), (bob, "bob")):
        incoming(client, f"{name}-incoming", "#one")
        outgoing(client, f"{name}-outgoing", "#one")
        incoming(client, f"{name}-elsewhere", "#two")
    return bob


def grant(server: Server, *held: str) -> None:
    """Let ordinary users hold exactly these permissions."""
    permissions = [{"_id": id, "roles": ["admin", "user"] if id in held else ["admin"]} for id in ALL_FOUR]
    post(server.admin, "permissions.update", {"permissions": permissions})


def allowed(held: tuple[str, ...]) -> set[str]:
    """The table of the specification: what Bob sees of the group, by name."""
    if OUT_ALL in held and IN_ALL in held:
        return {"admin-incoming", "admin-outgoing", "bob-incoming", "bob-outgoing"}
    if OUT_OWN in held and IN_OWN in held:
        return {"bob-incoming", "bob-outgoing"}
    seen = set()
    for kind, all_of, own in (("incoming", IN_ALL, IN_OWN), ("outgoing", OUT_ALL, OUT_OWN)):
        seen |= {f"admin-{kind}"} if all_of in held else set()
        seen |= {f"bob-{kind}"} if all_of in held or own in held else set()
    return seen


@pytest.mark.parametrize("held", COMBINATIONS, ids=lambda held: "+".join(held) or "none")
def test_each_combination_against_each_attack(own: Server, bob: httpx.Client, held: tuple[str, ...]) -> None:
    grant(own, *held)
    for query in ATTACKS:
        answer = bob.get(PATH, params={"roomName": "one", "query": json.dumps(query)})
        if not held:
            assert answer.status_code == 403
            continue
        body = answer.raise_for_status().json()
        assert {one["name"] for one in body["integrations"]} == allowed(held), query
        assert body["total"] == len(allowed(held))
    listed = bob.get("/api/v1/integrations.list", params={"query": '{"$or":[{"name":{"$exists":true}}]}'})
    assert listed.status_code == (200 if held else 403)
    if held:
        assert {one["name"] for one in listed.json()["integrations"]} >= allowed(held)
        others = [one for one in listed.json()["integrations"] if one["_createdBy"]["username"] != "bob"]
        assert all({OUT_ALL, IN_ALL} & set(held) for _ in others)
