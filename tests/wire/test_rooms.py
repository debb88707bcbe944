"""Rooms to read, over HTTP: info, lists, counters, history, rooms.info and rooms.get (spec/04)."""

import json
from typing import Any

import httpx
import pytest

from tests.wire.making import post
from tests.wire.membership import API, NO_CHANNEL, NO_GROUP, NOT_GIVEN, People, granted, people, refused
from tests.wire.server import Server

UNAUTHORIZED = {"success": False, "error": "unauthorized"}
NO_ROOM = NO_GROUP.replace("any group", "any room")
NOTHING = dict.fromkeys(("members", "unreads", "unreadsFrom", "msgs", "latest", "userMentions"))


@pytest.fixture(scope="module")
def them(server: Server) -> People:
    return people(server)


def get(client: httpx.Client, path: str, **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"{API}/{path}", params=params).raise_for_status().json()
    assert answer["success"] is True
    return answer


def say(client: httpx.Client, room: dict[str, Any], text: str, **more: Any) -> dict[str, Any]:
    body = {"roomId": room["_id"], "text": text, **more}
    message: dict[str, Any] = post(client, "chat.postMessage", body)["message"]
    return message


# info


@pytest.mark.parametrize("prefix", ["groups", "channels"])
def test_info(them: People, prefix: str) -> None:
    room, key = them.room(prefix), prefix.removesuffix("s")
    for which in ({"roomId": room["_id"]}, {"roomName": room["name"]}):
        answer = get(them.mick, f"{prefix}.info", **which)
        assert answer.keys() == {key, "success"}
        assert answer[key] == room
    first = say(them.olga, room, "one")
    found = get(them.mick, f"{prefix}.info", roomId=room["_id"])[key]
    assert (found["msgs"], found["lm"], found["usersCount"]) == (1, first["ts"], 2)
    assert (found["lastMessage"]["msg"], found["lastMessage"]["ts"]) == ("one", first["ts"])
    post(them.olga, f"{prefix}.archive", {"roomId": room["_id"]})
    assert get(them.mick, f"{prefix}.info", roomId=room["_id"])[key]["archived"] is True


def test_which_room(them: People) -> None:
    group, channel = them.room(), them.room("channels")
    for which, error in (
        ({}, NOT_GIVEN),
        ({"roomId": "", "roomName": ""}, NOT_GIVEN),
        ({"roomId": ""}, NO_GROUP),
        ({"roomId": "", "roomName": group["name"]}, NO_GROUP),
        ({"roomName": group["name"].upper()}, NO_GROUP),
        ({"roomId": channel["_id"]}, NO_GROUP),
        ({"roomName": channel["name"]}, NO_GROUP),
    ):
        refused(them.olga.get(f"{API}/groups.info", params=which), error)
    for outsider in (them.nora, them.admin):
        refused(outsider.get(f"{API}/groups.info", params={"roomId": group["_id"]}), NO_GROUP)
    for which in ({}, {"roomName": ""}, {"roomId": group["_id"]}, {"roomName": "no-such-room"}):
        refused(them.olga.get(f"{API}/channels.info", params=which), NO_CHANNEL)
    odd = them.olga.get(f"{API}/groups.info?roomId[$ne]=x")
    assert odd.json()["errorType"] == "error-invalid-params"


def test_the_last_message_is_for_those_who_may_read_it(them: People) -> None:
    channel = them.room("channels")
    say(them.olga, channel, "public")
    assert get(them.nora, "channels.info", roomId=channel["_id"])["channel"]["lastMessage"]["msg"] == "public"
    with granted(them.server, "view-c-room", "admin"):
        hidden = get(them.nora, "channels.info", roomId=channel["_id"])["channel"]
        assert "lastMessage" not in hidden
        assert hidden["name"] == channel["name"]


def test_what_hides_the_last_message_and_names_its_author(them: People) -> None:
    group = them.room()
    say(them.olga, group, "hello @mick")

    def last() -> Any:
        by_list = get(them.mick, "groups.list", query=json.dumps({"_id": group["_id"]}))["groups"][0]
        alone = get(them.mick, "groups.info", roomId=group["_id"])["group"]
        (update,) = (one for one in get(them.mick, "rooms.get")["update"] if one["_id"] == group["_id"])
        assert by_list == alone == update
        return alone.get("lastMessage")

    assert last()["msg"] == "hello @mick"
    for setting, value, expected in (
        ("Store_Last_Message", False, None),
        ("UI_Use_Real_Name", True, ("Olga", "Mick")),
    ):
        post(them.admin, f"settings/{setting}", {"value": value})
        try:
            found = last()
        finally:
            post(them.admin, f"settings/{setting}", {"value": not value})
        assert (
            found == expected
            if found is None
            else (
                found["u"]["name"],
                found["mentions"][0]["name"],
            )
            == expected
        )


# Lists


def test_the_groups_that_one_is_in(them: People, server: Server) -> None:
    lisa = server.create_user("lisa")
    assert get(lisa, "groups.list") == {"groups": [], "count": 0, "offset": 0, "total": 0, "success": True}
    made = [them.room("groups", "lisa") for _ in range(3)]
    them.room("channels", "lisa")
    names = [group["name"] for group in made]
    answer = get(lisa, "groups.list")
    assert ([group["name"] for group in answer["groups"]], answer["total"]) == (sorted(names), 3)
    assert answer["groups"][0] == get(lisa, "groups.info", roomName=min(names))["group"]
    answer = get(lisa, "groups.list", count="1", offset="1", sort='{"name":-1}')
    assert [group["name"] for group in answer["groups"]] == [sorted(names)[1]]
    assert (answer["count"], answer["offset"], answer["total"]) == (1, 1, 3)
    answer = get(lisa, "groups.list", fields='{"name":1}', query=json.dumps({"name": names[0]}))
    assert answer["groups"] == [{"_id": made[0]["_id"], "name": names[0]}]
    say(them.olga, made[0], "newest")
    answer = get(lisa, "groups.list", sort='{"lm":-1}', count="1")
    assert [group["name"] for group in answer["groups"]] == [names[0]]
    post(them.olga, "groups.archive", {"roomId": made[0]["_id"]})
    post(lisa, "groups.close", {"roomId": made[1]["_id"]})
    post(lisa, "groups.leave", {"roomId": made[2]["_id"]})
    assert [group["name"] for group in get(lisa, "groups.list")["groups"]] == sorted(names[:2])
    for query in ('{"joinCode":{"$exists":true}}', '{"$where":"1"}', "{", "[]"):
        answer = lisa.get(f"{API}/groups.list", params={"query": query}).json()
        assert answer["errorType"] == "error-invalid-query"
    answer = lisa.get(f"{API}/groups.list", params={"sort": '{"name":2}'}).json()
    assert answer["errorType"] == "error-invalid-sort"


def test_every_group(them: People) -> None:
    assert them.olga.get(f"{API}/groups.listAll").status_code == 403
    assert them.olga.get(f"{API}/groups.listAll").json() == UNAUTHORIZED
    group, channel = them.room(), them.room("channels")
    say(them.olga, group, "secret")
    wanted = {"$or": [{"_id": group["_id"]}, {"_id": channel["_id"]}]}
    answer = get(them.admin, "groups.listAll", query=json.dumps(wanted))
    assert [one["name"] for one in answer["groups"]] == [group["name"]]
    assert "secret" not in json.dumps(answer)
    asked = {"lastMessage.msg": {"$regex": "secret"}}
    assert get(them.admin, "groups.listAll", query=json.dumps(asked))["total"] == 0
    assert get(them.admin, "groups.listAll", query='{"t":"c"}')["total"] == 0
    everything = get(them.admin, "groups.listAll", count="0")
    names = [one["name"] for one in everything["groups"]]
    assert names == sorted(names)
    assert len(names) == everything["total"] == everything["count"]
    assert get(them.admin, "groups.listAll", count="2", offset="1")["groups"] == everything["groups"][1:3]


def test_the_channels(them: People) -> None:
    mine, other = them.room("channels"), them.room("channels", "nora")
    group = them.room()
    ids = json.dumps({"_id": {"$in": [mine["_id"], other["_id"], group["_id"]]}})
    answer = get(them.mick, "channels.list", query=ids)
    assert {one["name"] for one in answer["channels"]} == {mine["name"], other["name"]}
    assert answer["total"] == 2
    with granted(them.server, "view-c-room", "admin"), granted(them.server, "view-joined-room", "user"):
        answer = get(them.mick, "channels.list", query=ids)
        assert [one["name"] for one in answer["channels"]] == [mine["name"]]
    with granted(them.server, "view-c-room", "admin"):
        refusal = them.mick.get(f"{API}/channels.list")
    assert (refusal.status_code, refusal.json()["success"]) == (403, False)


# Counters


def test_counters(them: People) -> None:
    group = them.room()
    which = {"roomId": group["_id"]}
    fresh = get(them.mick, "groups.counters", **which)
    assert (fresh["joined"], fresh["members"], fresh["msgs"], fresh["unreads"]) == (True, 2, 0, 0)
    assert fresh["latest"] == group["_updatedAt"]
    newest = [say(them.olga, group, text) for text in ("one", "two @mick")][-1]
    by_name = get(them.mick, "groups.counters", roomName=group["name"])
    assert (by_name["unreads"], by_name["userMentions"], by_name["msgs"]) == (2, 1, 2)
    assert (by_name["latest"], by_name["unreadsFrom"]) == (newest["ts"], fresh["unreadsFrom"])
    assert get(them.nora, "groups.counters", **which) == {"joined": False, "success": True, **NOTHING}
    administered = get(them.admin, "groups.counters", **which)
    assert (administered["joined"], administered["members"], administered["msgs"]) == (False, 2, 2)
    assert administered["unreads"] is None
    of_mick = get(them.admin, "groups.counters", userId=them.id("mick"), **which)
    assert (of_mick["joined"], of_mick["unreads"], of_mick["userMentions"]) == (True, 2, 1)
    refusal = them.olga.get(f"{API}/groups.counters", params=which | {"userId": them.id("mick")})
    assert (refusal.status_code, refusal.json()) == (403, UNAUTHORIZED)
    post(them.mick, "groups.close", which)
    assert get(them.mick, "groups.counters", **which) == {"joined": False, "success": True, **NOTHING}
    say(them.olga, group, "three")
    assert get(them.mick, "groups.counters", **which)["joined"] is True


def test_whose_counters(them: People) -> None:
    group, channel = them.room(), them.room("channels")
    for which, error in (
        ({"roomId": ""}, NOT_GIVEN),
        ({"roomName": ""}, NOT_GIVEN),
        ({"roomId": group["_id"], "roomName": ""}, NOT_GIVEN),
        ({}, NO_GROUP),
        ({"roomId": "no-such-room"}, NO_GROUP),
        ({"roomId": channel["_id"]}, NO_GROUP),
    ):
        refused(them.olga.get(f"{API}/groups.counters", params=which), error)
    post(them.olga, "groups.archive", {"roomId": group["_id"]})
    archived = f"The private group, {group['name']}, is archived [error-room-archived]"
    refused(them.olga.get(f"{API}/groups.counters", params={"roomId": group["_id"]}), archived)


# History


def test_the_history_of_a_channel(them: People) -> None:
    channel = them.room("channels")
    sent = [say(them.olga, channel, text) for text in ("one", "two", "three")]
    which = {"roomId": channel["_id"]}

    def texts(client: httpx.Client, **query: str) -> list[str]:
        return [one["msg"] for one in get(client, "channels.history", **which, **query)["messages"]]

    assert texts(them.nora) == ["three", "two", "one"]
    assert texts(them.nora, oldest=sent[0]["ts"], latest=sent[2]["ts"]) == ["two"]
    assert texts(them.nora, count="1") == ["three"]
    with granted(them.server, "view-c-room", "admin"):
        answer = them.nora.get(f"{API}/channels.history", params=which)
        assert (answer.status_code, answer.json()) == (403, UNAUTHORIZED)
    post(them.olga, "channels.archive", which)
    assert texts(them.nora, latest=sent[2]["ts"], inclusive="true") == ["three", "two", "one"]
    refused(them.olga.get(f"{API}/channels.history", params={"roomId": them.room()["_id"]}), NO_CHANNEL)


# rooms.*


def test_a_room_of_any_type(them: People) -> None:
    group, channel = them.room(), them.room("channels")
    for room in (group, channel):
        for which in ({"roomId": room["_id"]}, {"roomName": room["name"]}):
            assert get(them.mick, "rooms.info", **which)["room"] == room
    found = get(them.mick, "rooms.info", roomId=group["_id"], fields='{"name":1,"t":1}')["room"]
    assert found == {"_id": group["_id"], "name": group["name"], "t": "p"}
    assert get(them.nora, "rooms.info", roomId=channel["_id"])["room"] == channel
    for which, error in (
        ({}, NOT_GIVEN),
        ({"roomId": "", "roomName": ""}, NOT_GIVEN),
        ({"roomId": "no-such-room"}, NO_ROOM),
        ({"roomId": group["_id"]}, NO_ROOM),
    ):
        refused(them.nora.get(f"{API}/rooms.info", params=which), error)
    bad = them.mick.get(f"{API}/rooms.info", params={"roomId": group["_id"], "fields": '{"joinCode":1}'})
    assert bad.json()["errorType"] == "error-invalid-fields"
    post(them.olga, "groups.archive", {"roomId": group["_id"]})
    archived = f"The private group, {group['name']}, is archived [error-room-archived]"
    refused(them.mick.get(f"{API}/rooms.info", params={"roomId": group["_id"]}), archived)


def test_what_has_changed(them: People, server: Server) -> None:
    rita = server.create_user("rita")

    def changed(since: str | None = None) -> tuple[list[str], list[str]]:
        found = get(rita, "rooms.get", **({} if since is None else {"updatedSince": since}))
        assert found.keys() == {"update", "remove", "success"}
        return [one["name"] for one in found["update"]], [one["_id"] for one in found["remove"]]

    at_first = get(rita, "rooms.get")["update"]
    group, channel, other = them.room("groups", "rita"), them.room("channels", "rita"), them.room()
    names, gone = changed()
    assert names == sorted([*(one["name"] for one in at_first), group["name"], channel["name"]])
    assert gone == []
    moment = say(them.olga, group, "one")["ts"]
    assert changed(moment) == ([], [])
    say(them.olga, channel, "two")
    assert changed(moment) == ([channel["name"]], [])
    post(them.olga, "groups.setTopic", {"roomId": group["_id"], "topic": "t"})
    assert changed(moment) == (sorted([channel["name"], group["name"]]), [])
    post(them.olga, "groups.invite", {"roomId": other["_id"], "username": "rita"})
    assert other["name"] in changed(moment)[0]
    post(them.olga, "groups.kick", {"roomId": other["_id"], "username": "rita"})
    post(them.olga, "channels.delete", {"roomId": channel["_id"]})
    names, gone = changed(moment)
    assert (names, sorted(gone)) == ([group["name"]], sorted([channel["_id"], other["_id"]]))
    removed = get(rita, "rooms.get", updatedSince=moment)["remove"]
    assert all(one["_deletedAt"] > moment for one in removed)
    never_in = get(them.nora, "rooms.get", updatedSince=moment)
    assert (never_in["update"], never_in["remove"]) == ([], [])
    bad = rita.get(f"{API}/rooms.get", params={"updatedSince": "soon"})
    refused(bad, 'The "updatedSince" query parameter must be a valid date. [error-roomId-param-invalid]')
