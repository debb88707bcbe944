"""groups.getIntegrations and channels.getIntegrations, over HTTP (spec/04 section 2, spec/02)."""

import json
from typing import Any

import httpx
import pytest

from tests.wire.making import incoming, outgoing, post, reach_bot
from tests.wire.server import Server

PATH = "/api/v1/groups.getIntegrations"
EMPTY = {"integrations": [], "count": 0, "offset": 0, "total": 0, "success": True}


@pytest.fixture(scope="module")
def reach(server: Server) -> dict[str, str]:
    """The group `reach` with three integrations of its own and one for all groups; ids by name."""
    reach_bot(server)
    admin = server.admin
    ids = {"rid": post(admin, "groups.create", {"name": "reach"})["group"]["_id"]}
    post(admin, "groups.create", {"name": "reach-other"})
    post(admin, "channels.create", {"name": "reach-town"})
    made = [
        incoming(admin, "first", "#reach", alias="CI"),
        outgoing(admin, "by-id", f"#{ids['rid']}", token="out-token", enabled=False),
        outgoing(admin, "everywhere", "all_private_groups"),
        incoming(admin, "both", "#reach-other,#reach"),
        incoming(admin, "elsewhere", "#reach-other"),
        incoming(admin, "person", "@reach-bot"),
        outgoing(admin, "town", "#reach-town"),
        outgoing(admin, "public", "all_public_channels"),
        outgoing(admin, "rooms", "", event="roomCreated"),
    ]
    return ids | {one["name"]: one["_id"] for one in made}


def get(client: httpx.Client, path: str = PATH, **params: Any) -> dict[str, Any]:
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in params.items()}
    answer: dict[str, Any] = client.get(path, params=texts).raise_for_status().json()
    return answer


def names(body: dict[str, Any]) -> list[str]:
    return [one["name"] for one in body["integrations"]]


def test_whole_documents_oldest_first(server: Server, reach: dict[str, str]) -> None:
    body = get(server.admin, roomId=reach["rid"])
    assert list(body) == ["integrations", "count", "offset", "total", "success"]
    assert names(body) == ["first", "by-id", "everywhere", "both"]
    assert (body["count"], body["offset"], body["total"], body["success"]) == (4, 0, 4, True)
    first, by_id, _, both = body["integrations"]
    assert len(first["token"]) == 48
    assert (first["alias"], first["_createdBy"]["username"]) == ("CI", "admin")
    assert (by_id["channel"], by_id["token"], by_id["enabled"]) == (["#reach"], "out-token", False)
    assert both["channel"] == ["#reach-other", "#reach"]
    assert get(server.admin, roomName="reach") == body


@pytest.mark.parametrize(
    ("value", "counts"),
    [
        (None, True),
        ("", True),
        ("true", True),
        ("false", False),
        ("1", False),
        ("TRUE", False),
        ("yes", False),
    ],
)
def test_include_all_private_groups(
    server: Server, reach: dict[str, str], value: str | None, counts: bool
) -> None:
    more = {} if value is None else {"includeAllPrivateGroups": value}
    assert ("everywhere" in names(get(server.admin, roomId=reach["rid"], **more))) is counts


def test_a_room_that_is_named_twice_is_listed_once(server: Server) -> None:
    rid = post(server.admin, "groups.create", {"name": "reach-twice"})["group"]["_id"]
    for made in (
        incoming(server.admin, "in", f"#reach-twice, #{rid}"),
        outgoing(server.admin, "out", f"all_private_groups,#reach-twice,,#{rid},ALL_PRIVATE_GROUPS"),
    ):
        assert made["channel"].count("#reach-twice") == 2
        for query in ({}, {"query": {"name": made["name"]}}, {"sort": {"name": 1}}):
            body = get(server.admin, roomId=rid, **query)
            assert [one["_id"] for one in body["integrations"]].count(made["_id"]) == 1
            assert body["total"] == len(body["integrations"])
        post(server.admin, "integrations.remove", {"type": made["type"], "integrationId": made["_id"]})


def test_a_group_without_integrations(server: Server) -> None:
    post(server.admin, "groups.create", {"name": "reach-empty"})
    assert get(server.admin, roomName="reach-empty", includeAllPrivateGroups="false") == EMPTY


@pytest.mark.usefixtures("reach")
def test_a_channel_is_the_same_with_its_own_scope(server: Server) -> None:
    path = "/api/v1/channels.getIntegrations"
    assert names(get(server.admin, path, roomName="reach-town")) == ["town", "public"]
    alone = get(server.admin, path, roomName="reach-town", includeAllPublicChannels="false")
    assert names(alone) == ["town"]
    answer = server.admin.get(path, params={"roomName": "reach"})
    assert "does not match any channel" in answer.json()["error"]


def test_pages_count_and_offset(server: Server, reach: dict[str, str]) -> None:
    page = get(server.admin, roomId=reach["rid"], offset="1", count="2")
    assert (names(page), page["count"], page["offset"], page["total"]) == (["by-id", "everywhere"], 2, 1, 4)
    assert len(names(get(server.admin, roomId=reach["rid"], count="0"))) == 4
    for size in range(1, 6):
        for sort in ({"_createdAt": 1}, {"_createdAt": -1}, {"type": 1}, {}):
            seen = [
                name
                for offset in range(0, 4, size)
                for name in names(
                    get(server.admin, roomId=reach["rid"], sort=sort, offset=str(offset), count=str(size))
                )
            ]
            assert sorted(seen) == ["both", "by-id", "everywhere", "first"]


@pytest.mark.parametrize(
    ("params", "shown", "offset"),
    [
        ({"count": "2abc"}, 2, 0),
        ({"count": "abc"}, 4, 0),
        ({"count": "-3"}, 3, 0),
        ({"count": "500"}, 4, 0),
        ({"count": ""}, 4, 0),
        ({"offset": "abc"}, 4, 0),
        ({"offset": "3abc"}, 1, 3),
        ({"offset": "99"}, 0, 99),
        ({"offset": ""}, 4, 0),
    ],
)
def test_odd_pages(
    server: Server, reach: dict[str, str], params: dict[str, str], shown: int, offset: int
) -> None:
    body = get(server.admin, roomId=reach["rid"], **params)
    assert (len(body["integrations"]), body["count"], body["offset"], body["total"]) == (
        shown,
        shown,
        offset,
        4,
    )


def test_query_sort_and_fields(server: Server, reach: dict[str, str]) -> None:
    rid = reach["rid"]
    assert names(get(server.admin, roomId=rid, query={"type": "webhook-incoming"})) == ["first", "both"]
    nor = {"$nor": [{"name": "first"}, {"enabled": False}]}
    assert names(get(server.admin, roomId=rid, query=nor)) == ["everywhere", "both"]
    assert names(get(server.admin, roomId=rid, query={"channel": "#reach-other"})) == ["both"]
    either = {"$or": [{"channel": "#reach-other"}, {"channel": "@reach-bot"}, {"name": "elsewhere"}]}
    assert names(get(server.admin, roomId=rid, query=either)) == ["both"]
    assert names(get(server.admin, roomId=rid, sort={"name": -1})) == ["first", "everywhere", "by-id", "both"]
    slim = get(server.admin, roomId=rid, fields={"name": 1, "token": 1}, query={"name": "by-id"})
    assert slim["integrations"] == [{"_id": reach["by-id"], "name": "by-id", "token": "out-token"}]


def test_query_and_fields_are_announced_as_deprecated(server: Server, reach: dict[str, str]) -> None:
    answer = server.admin.get(PATH, params={"roomId": reach["rid"], "query": "{}"})
    assert answer.headers["x-deprecation-type"] == "parameter-deprecation"
    assert (
        '"query" in the endpoint "/api/v1/groups.getIntegrations"' in answer.headers["x-deprecation-message"]
    )
    assert "x-deprecation-type" not in server.admin.get(PATH, params={"roomId": reach["rid"]}).headers


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("query", "{"),
        ("query", '{"a":NaN}'),
        ("query", '{"a":"\\ud800"}'),
        ("query", "[" * 3000),
        ("sort", '{"name":2}'),
        ("sort", '{"name":true}'),
        ("sort", '{"name":"asc"}'),
        ("sort", "null"),
        ("fields", '{"name":2}'),
        ("fields", '{"name":{"$slice":1}}'),
        ("fields", "x"),
    ],
)
def test_malformed_json_has_the_usual_text(
    server: Server, reach: dict[str, str], name: str, raw: str
) -> None:
    answer = server.admin.get(PATH, params={"roomId": reach["rid"], name: raw})
    assert answer.status_code == 400
    assert answer.json() == {
        "success": False,
        "error": f'Invalid {name} parameter provided: "{raw}" [error-invalid-{name}]',
        "errorType": f"error-invalid-{name}",
        "details": {"helperMethod": "parseJsonQuery"},
    }


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"query": {"token": {"$gt": ""}}}, "token"),
        ({"query": {"$or": [{"a": 1}, {"$nor": [{"token": "x"}]}]}}, "token"),
        ({"sort": {"token": 1}}, "token"),
        ({"query": {"joinCode": "x"}}, "joinCode"),
        ({"sort": {"members": 1}}, "members"),
        ({"fields": {"e2e": 1}}, "e2e"),
        ({"query": {"$where": "sleep(1)"}}, "$where"),
        ({"query": {"$or": [{"$and": [{"$where": "1"}]}]}}, "$or.0.$and.0.$where"),
        ({"query": {"$expr": {"$eq": [1, 1]}}}, "$expr"),
        ({"query": {"name": {"$function": {}}}}, "name.$function"),
        ({"query": {"name": {"$regex": "("}}}, "name"),
        ({"query": {"name": {"$regex": "(*LIMIT_MATCH=1)a"}}}, "name"),
        ({"sort": {f"a{n}": 1 for n in range(9)}}, "sort"),
        ({"query": {"$or": [{}] * 1001}}, "$or"),
        ({"query": {"a": {"$in": list(range(1001))}}}, "a"),
    ],
)
def test_what_is_refused_is_named(
    server: Server, reach: dict[str, str], params: dict[str, Any], named: str
) -> None:
    texts = {name: json.dumps(value) for name, value in params.items()}
    answer = server.admin.get(PATH, params={"roomId": reach["rid"], **texts})
    (name,) = params
    assert (answer.status_code, answer.json()["errorType"]) == (400, f"error-invalid-{name}")
    assert named in answer.json()["error"]


@pytest.mark.parametrize(
    "query",
    [
        "roomId[$ne]=x",
        "roomName[$regex]=^a",
        "roomId=a&roomId=b",
        "roomId=%00",
        "roomName[]=reach",
        "roomName=reach&query[a]=1",
        "roomName=reach&sort[a]=1",
        "roomName=reach&offset=-1",
        "roomName=reach&offset[a]=1",
        "roomName=reach&includeAllPrivateGroups[]=true",
        "roomName=%ED%A0%80",
    ],
)
@pytest.mark.usefixtures("reach")
def test_objects_in_place_of_texts_are_400(server: Server, query: str) -> None:
    assert server.admin.get(f"{PATH}?{query}").status_code == 400


@pytest.mark.usefixtures("reach")
def test_unknown_parameters_are_ignored(server: Server) -> None:
    assert get(server.admin, roomName="reach", foo="bar")["total"] == 4


def test_who_may_ask(server: Server, reach: dict[str, str]) -> None:
    anonymous = server.anonymous().get(PATH, params={"roomId": reach["rid"]})
    assert anonymous.status_code == 401
    post(server.admin, "groups.create", {"name": "reach-theirs", "members": ["reach-bot"]})
    member = server.client("reach-bot").get(PATH, params={"roomName": "reach-theirs"})
    assert (member.status_code, member.json()) == (403, {"success": False, "error": "unauthorized"})
    before_the_room = server.client("reach-bot").get(PATH)
    assert before_the_room.status_code == 403


@pytest.mark.parametrize(
    ("params", "error_type"),
    [
        ({}, "error-room-param-not-provided"),
        ({"roomId": "", "roomName": ""}, "error-room-param-not-provided"),
        ({"roomId": ""}, "error-room-not-found"),
        ({"roomId": "unknown", "roomName": "reach"}, "error-room-not-found"),
        ({"roomName": "reach-town"}, "error-room-not-found"),
        ({"roomName": "Reach"}, "error-room-not-found"),
    ],
)
@pytest.mark.usefixtures("reach")
def test_the_room_of_a_request(server: Server, params: dict[str, str], error_type: str) -> None:
    answer = server.admin.get(PATH, params=params)
    assert (answer.status_code, answer.json()["errorType"]) == (400, error_type)


def test_administrators_see_no_group_that_they_are_not_in(server: Server) -> None:
    eve = server.create_user("reach-eve")
    post(eve, "groups.create", {"name": "reach-eves"})
    answer = server.admin.get(PATH, params={"roomName": "reach-eves"})
    assert answer.json()["errorType"] == "error-room-not-found"
