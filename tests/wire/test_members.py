"""Who is in groups and channels, and who of them is there (spec/04), over HTTP."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.membership import API, NO_CHANNEL, NO_GROUP, NOT_GIVEN, People, granted, people, refused
from tests.wire.server import Server

UNAUTHORIZED = {"success": False, "error": "unauthorized"}
SHOWN = {"_id", "username", "name", "status", "_updatedAt"}


@pytest.fixture(scope="module")
def them(server: Server) -> People:
    made = people(server)
    server.create_user("pia", name="Zed", nickname="The Quiet One", bio="plays chess")
    server.create_user("abe", name="Yan")
    return made


@pytest.fixture(scope="module")
def group(them: People) -> dict[str, Any]:
    """Olga's group with everybody but Nora."""
    return them.room("groups", "mick", "pia", "abe", "rocket.cat")


def listed(client: httpx.Client, room: Mapping[str, Any], **params: Any) -> list[str]:
    answer = client.get(f"{API}/groups.members", params={"roomId": room["_id"], **params})
    return [member["username"] for member in answer.raise_for_status().json()["members"]]


def test_members(them: People, group: dict[str, Any]) -> None:
    answer = them.mick.get(f"{API}/groups.members", params={"roomName": group["name"]}).json()
    assert answer.keys() == {"members", "count", "offset", "total", "success"}
    assert (answer["count"], answer["offset"], answer["total"]) == (5, 0, 5)
    found = {member["username"]: member for member in answer["members"]}
    assert [*found] == ["abe", "mick", "olga", "pia", "rocket.cat"]
    assert found["mick"].keys() == SHOWN
    assert found["pia"].keys() == SHOWN | {"nickname"}
    assert (found["pia"]["name"], found["pia"]["nickname"]) == ("Zed", "The Quiet One")
    assert found["mick"]["_id"] == them.id("mick")


def test_a_page_of_members(them: People, group: dict[str, Any]) -> None:
    params = {"roomId": group["_id"], "offset": 1, "count": 2}
    answer = them.mick.get(f"{API}/groups.members", params=params).json()
    assert [member["username"] for member in answer["members"]] == ["mick", "olga"]
    assert (answer["count"], answer["offset"], answer["total"]) == (2, 1, 5)
    past = them.mick.get(f"{API}/groups.members", params=params | {"offset": 9}).json()
    assert (past["members"], past["count"], past["total"]) == ([], 0, 5)


@pytest.mark.parametrize(
    ("params", "usernames"),
    [
        ({"sort": '{"username":1}'}, ["abe", "mick", "olga", "pia", "rocket.cat"]),
        ({"sort": '{"username":-1}'}, ["rocket.cat", "pia", "olga", "mick", "abe"]),
        ({"sort": '{"username":-1}', "offset": 1, "count": 1}, ["pia"]),
        ({"filter": "i"}, ["mick", "pia"]),
        ({"filter": "QUIET"}, ["pia"]),
        ({"filter": "yan"}, ["abe"]),
        ({"filter": "CHESS"}, ["pia"]),
        ({"filter": "rocket.c"}, ["rocket.cat"]),
        ({"filter": "rocket.+"}, []),
        ({"filter": "@example.com"}, []),
        ({"filter": ""}, ["abe", "mick", "olga", "pia", "rocket.cat"]),
        ({"filter": "i", "sort": '{"username":-1}', "count": 1}, ["pia"]),
        ({"status[]": "offline", "filter": "olga"}, ["olga"]),
        ({"status[]": ["online", "busy"]}, []),
        ({"status[]": "no-such-status"}, []),
        ({"query": '{"name":{"$in":["Yan","Zed"]}}'}, ["abe", "pia"]),
        ({"query": '{"name":{"$in":["Yan","Zed"]}}', "filter": "pia"}, ["pia"]),
    ],
)
def test_members_chosen(
    them: People, group: dict[str, Any], params: dict[str, Any], usernames: list[str]
) -> None:
    assert listed(them.olga, group, **params) == usernames


def test_the_total_is_that_of_the_chosen(them: People, group: dict[str, Any]) -> None:
    params = {"roomId": group["_id"], "filter": "i", "count": 1}
    answer = them.mick.get(f"{API}/groups.members", params=params).json()
    assert (answer["count"], answer["total"]) == (1, 2)


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ('{"username":1}', {"_id", "username"}),
        ('{"username":0,"status":0,"nickname":0}', {"_id", "name", "_updatedAt"}),
        ('{"emails":1,"roles":1}', {"_id"}),
        ('{"emails":1,"name":1}', {"_id", "name"}),
        ('{"_id":0,"username":0,"name":0,"nickname":0,"status":0,"avatarETag":0,"_updatedAt":0}', {"_id"}),
    ],
)
def test_nothing_but_what_is_public_is_shown(
    them: People, group: dict[str, Any], fields: str, keys: set[str]
) -> None:
    params = {"roomId": group["_id"], "fields": fields, "filter": "mick"}
    for asked in (params, {**params, "filter": ""}):
        answer = them.mick.get(f"{API}/groups.members", params=asked).json()
        assert {key for member in answer["members"] for key in member} == keys


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, NOT_GIVEN),
        ({"roomId": "no-such-room"}, NO_GROUP),
        ({"roomId": "GENERAL"}, NO_GROUP),
        ({"room": True, "status": "online"}, "Match error: Expected array, got string in field status"),
        ({"room": True, "status[a]": "x"}, "Match error: Expected array, got object in field status"),
        (
            {"room": True, "filter[$ne]": "x"},
            'The parameter "filter" must be a string [error-invalid-params]',
        ),
        (
            {"room": True, "sort": '{"emails":1}'},
            "Invalid sort parameter provided: members stand by presence and username [error-invalid-sort]",
        ),
        (
            {"room": True, "query": '{"emails.address":"x"}'},
            "Invalid attribute: emails.address [error-invalid-query]",
        ),
        (
            {"room": True, "query": '{"$or":[{"roles":"admin"}]}'},
            "Invalid attribute: roles [error-invalid-query]",
        ),
    ],
)
def test_members_refuses(them: People, group: dict[str, Any], params: dict[str, Any], error: str) -> None:
    params = dict(params)
    if params.pop("room", False):
        params["roomId"] = group["_id"]
    refused(them.mick.get(f"{API}/groups.members", params=params), error)


def test_outsiders_list_nobody(them: People, group: dict[str, Any]) -> None:
    for client in (them.nora, them.admin):
        for path in ("members", "roles", "moderators"):
            refused(client.get(f"{API}/groups.{path}", params={"roomId": group["_id"]}), NO_GROUP)


def test_the_members_of_a_broadcast_are_not_everybodys(them: People) -> None:
    for prefix in ("groups", "channels"):
        room = them.room(prefix, broadcast=True)
        path = f"{API}/{prefix}.members"
        answer = them.mick.get(path, params={"roomId": room["_id"]})
        assert (answer.status_code, answer.json()) == (403, UNAUTHORIZED)
        assert them.olga.get(path, params={"roomId": room["_id"]}).json()["total"] == 2


def test_members_of_a_channel(them: People) -> None:
    channel = them.room("channels")
    answer = them.nora.get(f"{API}/channels.members", params={"roomName": channel["name"]}).json()
    assert [member["username"] for member in answer["members"]] == ["mick", "olga"]
    refused(them.nora.get(f"{API}/channels.members"), NO_CHANNEL)
    refused(them.nora.get(f"{API}/channels.members", params={"roomId": them.room()["_id"]}), NO_CHANNEL)
    with granted(them.server, "view-c-room", "admin"):
        for path in ("members", "roles", "moderators"):
            unseen = them.nora.get(f"{API}/channels.{path}", params={"roomId": channel["_id"]})
            assert (unseen.status_code, unseen.json()) == (403, UNAUTHORIZED)


def test_by_real_name_where_the_server_says_so(them: People, group: dict[str, Any]) -> None:
    post(them.admin, "settings/UI_Use_Real_Name", {"value": True})
    try:
        assert listed(them.mick, group) == ["mick", "olga", "rocket.cat", "abe", "pia"]
        assert listed(them.mick, group, sort='{"username":1}')[0] == "abe"
    finally:
        post(them.admin, "settings/UI_Use_Real_Name", {"value": False})


def test_what_is_searched_is_a_setting(them: People, group: dict[str, Any]) -> None:
    post(them.admin, "settings/Accounts_SearchFields", {"value": " emails.address , name"})
    try:
        assert listed(them.mick, group, filter="pia@") == ["pia"]
        assert listed(them.mick, group, filter="chess") == []
    finally:
        post(them.admin, "settings/Accounts_SearchFields", {"value": "username, name, bio, nickname"})


# online


def there(client: httpx.Client, prefix: str = "groups", **params: Any) -> list[dict[str, str]]:
    answer = client.get(f"{API}/{prefix}.online", params=params).raise_for_status().json()
    assert answer["success"] is True
    found: list[dict[str, str]] = answer["online"]
    return found


def test_online(them: People, group: dict[str, Any]) -> None:
    for params in (
        {"query": f'{{"_id":"{group["_id"]}"}}'},
        {"_id": group["_id"]},
        {"query": f'{{"name":"{group["name"]}"}}'},
        {"query": f'{{"name":{{"$regex":"^{group["name"]}$"}},"t":"c"}}'},
        {"query": '{"usersCount":{"$gte":5}}'},
    ):
        assert there(them.mick, **params) == []
    assert there(them.mick, _id=them.room()["_id"]) == []


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({}, "Invalid query"),
        ({"query": ""}, "Invalid query"),
        ({"query": "{}"}, "Invalid query"),
        ({"_id": "no-such-room"}, "Group does not exists"),
        ({"_id": ""}, "Group does not exists"),
        ({"query": '{"_id":"GENERAL"}'}, "Group does not exists"),
        ({"query": '{"topic":"none of this"}'}, "Group does not exists"),
        ({"query": '{"name":"none-of-this"}'}, "Group does not exists"),
        (
            {"query": '{"$where":"1"}'},
            "Invalid query parameter provided: $where: $where is not offered [error-invalid-query]",
        ),
    ],
)
def test_online_refuses(them: People, group: dict[str, Any], params: dict[str, str], error: str) -> None:
    answer = them.mick.get(f"{API}/groups.online", params=params)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_nothing_of_foreign_groups_can_be_asked(them: People) -> None:
    secret = them.room("groups", "pia", topic="merger")
    id, name = secret["_id"], secret["name"]
    for query in (f'{{"_id":"{id}"}}', f'{{"name":"{name}"}}', f'{{"_id":"{id}","topic":"no"}}'):
        answer = them.nora.get(f"{API}/groups.online", params={"query": query})
        refused(answer, "Not Allowed [error-not-allowed]")
    for query in ('{"topic":"merger"}', f'{{"_id":{{"$in":["{id}"]}}}}', f'{{"$or":[{{"name":"{name}"}}]}}'):
        answer = them.nora.get(f"{API}/groups.online", params={"query": query})
        refused(answer, "Group does not exists")
    assert there(them.olga, query='{"topic":"merger"}') == []


def test_online_in_a_channel(them: People) -> None:
    channel = them.room("channels", "mick", topic="all of it")
    assert there(them.nora, "channels", _id=channel["_id"]) == []
    assert there(them.nora, "channels", query='{"topic":"all of it"}') == []
    refused(them.nora.get(f"{API}/channels.online", params={"_id": "none"}), "Channel does not exists")
    with granted(them.server, "view-c-room", "admin"):
        answer = them.nora.get(f"{API}/channels.online", params={"_id": channel["_id"]})
        refused(answer, "Not Allowed [error-not-allowed]")
        answer = them.nora.get(f"{API}/channels.online", params={"query": '{"topic":"all of it"}'})
        refused(answer, "Channel does not exists")
