"""groups.rename and groups.set*, and their channels.* siblings, over HTTP (spec/04)."""

from typing import Any

import httpx
import pytest

from tests.wire.making import outgoing, post, reach_bot
from tests.wire.membership import API, NO_CHANNEL, NO_GROUP, NOT_GIVEN, People, granted, people, refused, said
from tests.wire.server import Server

EDITING = {"method": "saveRoomSettings", "action": "Editing_room"}
NO_EDITING = "Editing room is not allowed [error-action-not-allowed]"
BODIES: dict[str, dict[str, Any]] = {
    "rename": {"name": "never"},
    "setTopic": {"topic": "x"},
    "setDescription": {"description": "x"},
    "setPurpose": {"purpose": "x"},
    "setAnnouncement": {"announcement": "x"},
    "setReadOnly": {"readOnly": True},
    "setType": {"type": "c"},
    "setCustomFields": {"customFields": {"x": 1}},
    "setEncrypted": {"encrypted": True},
}
CHANNEL_BODIES = {name: body for name, body in BODIES.items() if name != "setEncrypted"} | {
    "setType": {"type": "p"}
}
TEXTS = {
    "topic": "topic",
    "description": "description",
    "purpose": "description",
    "announcement": "announcement",
}


@pytest.fixture(scope="module")
def them(server: Server) -> People:
    reach_bot(server)
    return people(server)


def send(client: httpx.Client, path: str, room: dict[str, Any], **body: Any) -> httpx.Response:
    return client.post(f"{API}/{path}", json={"roomId": room["_id"], **body})


def now(client: httpx.Client, room: dict[str, Any], prefix: str = "groups") -> dict[str, Any]:
    answer = client.get(f"{API}/{prefix}.info", params={"roomId": room["_id"]}).raise_for_status().json()
    found: dict[str, Any] = answer[prefix.removesuffix("s")]
    return found


# Which room, and who may


@pytest.mark.parametrize("path", BODIES)
def test_which_group(them: People, path: str) -> None:
    group, channel, body = them.room(), them.room("channels"), BODIES[path]
    for which, error in (
        ({}, NOT_GIVEN),
        ({"roomId": "", "roomName": ""}, NOT_GIVEN),
        ({"roomId": ""}, NO_GROUP),
        ({"roomId": "no-such-room"}, NO_GROUP),
        ({"roomId": "no-such-room", "roomName": group["name"]}, NO_GROUP),
        ({"roomName": group["name"].upper()}, NO_GROUP),
        ({"roomId": channel["_id"]}, NO_GROUP),
        ({"roomName": channel["name"]}, NO_GROUP),
    ):
        refused(them.olga.post(f"{API}/groups.{path}", json=body | which), error)
    for outsider in (them.nora, them.admin):
        refused(send(outsider, f"groups.{path}", group, **body), NO_GROUP)
    post(them.olga, "groups.archive", {"roomId": group["_id"]})
    archived = f"The private group, {group['name']}, is archived [error-room-archived]"
    refused(send(them.olga, f"groups.{path}", group, **body), archived)
    odd = them.olga.post(f"{API}/groups.{path}", json=body | {"roomId": {"$ne": "x"}})
    assert odd.json()["errorType"] == "error-invalid-params"


@pytest.mark.parametrize("path", CHANNEL_BODIES)
def test_which_channel(them: People, path: str) -> None:
    group, channel, body = them.room(), them.room("channels"), CHANNEL_BODIES[path]
    for which in ({}, {"roomId": ""}, {"roomName": ""}, {"roomId": group["_id"]}, {"roomName": "no-such"}):
        refused(them.olga.post(f"{API}/channels.{path}", json=body | which), NO_CHANNEL)
    refused(send(them.nora, f"channels.{path}", channel, **body), NO_EDITING, **EDITING)
    post(them.olga, "channels.archive", {"roomId": channel["_id"]})
    archived = f"The channel, {channel['name']}, is archived [error-room-archived]"
    refused(send(them.olga, f"channels.{path}", channel, **body), archived)


@pytest.mark.parametrize("path", BODIES)
def test_a_member_without_the_permission(them: People, path: str) -> None:
    group = them.room()
    before = now(them.olga, group)
    refused(send(them.mick, f"groups.{path}", group, **BODIES[path]), NO_EDITING, **EDITING)
    assert now(them.olga, group) == before
    post(them.olga, "groups.addModerator", {"roomId": group["_id"], "username": "mick"})
    if path not in ("setType", "setEncrypted"):
        assert send(them.mick, f"groups.{path}", group, **BODIES[path]).status_code == 200


def test_what_must_be_there(them: People) -> None:
    group = them.room()
    missing: list[tuple[str, dict[str, Any], str]] = [
        ("rename", {}, 'The bodyParam "name" is required'),
        ("rename", {"name": "  "}, 'The bodyParam "name" is required'),
        ("setTopic", {}, 'The bodyParam "topic" is required'),
        ("setDescription", {"topic": "x"}, 'The bodyParam "description" is required'),
        ("setPurpose", {}, 'The bodyParam "purpose" is required'),
        ("setAnnouncement", {}, 'The bodyParam "announcement" is required'),
        ("setReadOnly", {}, 'The bodyParam "readOnly" is required'),
        ("setType", {}, 'The bodyParam "type" is required'),
        ("setType", {"type": ""}, 'The bodyParam "type" is required'),
        ("setCustomFields", {}, 'The bodyParam "customFields" is required with a type like object.'),
        (
            "setCustomFields",
            {"customFields": "x"},
            'The bodyParam "customFields" is required with a type like object.',
        ),
        ("setEncrypted", {}, 'The bodyParam "encrypted" is required'),
        ("setEncrypted", {"encrypted": "true"}, 'The bodyParam "encrypted" is required'),
        ("setEncrypted", {"encrypted": 1}, 'The bodyParam "encrypted" is required'),
    ]
    for path, body, error in missing:
        refused(send(them.olga, f"groups.{path}", group, **body), error)
        if path != "setEncrypted":
            refused(send(them.olga, f"channels.{path}", group, **body), error)
    odd_types: list[tuple[str, dict[str, Any]]] = [
        ("setTopic", {"topic": {"a": 1}}),
        ("setTopic", {"topic": "a\0b"}),
        ("setReadOnly", {"readOnly": "maybe"}),
        ("rename", {"name": ["x"]}),
    ]
    for path, body in odd_types:
        answer = send(them.olga, f"groups.{path}", group, **body)
        assert answer.json()["errorType"] == "error-invalid-params"
    half = f'{{"roomId":"{group["_id"]}","name":"\\ud800","topic":"\\ud800"}}'.encode()
    for path in ("rename", "setTopic"):
        odd = them.olga.post(
            f"{API}/groups.{path}", content=half, headers={"content-type": "application/json"}
        )
        assert odd.status_code == 400


# rename


@pytest.mark.parametrize("prefix", ["groups", "channels"])
def test_rename(them: People, prefix: str) -> None:
    room = them.room(prefix)
    key, name = prefix.removesuffix("s"), f"new-{room['name']}"
    answer = send(them.olga, f"{prefix}.rename", room, name=name)
    assert answer.json()["success"] is True
    assert (answer.json()[key]["name"], answer.json()[key]["fname"]) == (name, name)
    assert answer.json()[key]["_updatedAt"] > room["_updatedAt"]
    assert now(them.mick, room, prefix)["name"] == name
    assert said(them.olga, room, prefix) == [("r", name, "olga")]
    gone = them.olga.get(f"{API}/{prefix}.info", params={"roomName": room["name"]})
    assert gone.json()["errorType"] == "error-room-not-found"
    made = post(them.olga, f"{prefix}.create", {"name": room["name"]})
    assert made[key]["_id"] != room["_id"]


def test_its_own_name(them: People) -> None:
    group, channel = them.room(), them.room("channels")
    answer = send(them.olga, "groups.rename", group, name=group["name"])
    assert (answer.status_code, answer.json()["group"]["msgs"]) == (200, 0)
    same = "The channel name is the same as what it would be renamed to."
    refused(send(them.olga, "channels.rename", channel, name=channel["name"]), same)


def test_refused_names(them: People) -> None:
    group, channel, old = them.room(), them.room("channels"), them.room()
    post(them.olga, "groups.archive", {"roomId": old["_id"]})
    for name, error in (
        ("a b", "a b is not a valid room name. [error-invalid-room-name]"),
        ("admin", "admin is not a valid room name. [error-invalid-room-name]"),
        (
            channel["name"],
            f"A channel with name '{channel['name']}' exists [error-duplicate-channel-name]",
        ),
        (
            old["name"],
            f"There's an archived channel with name {old['name']} [error-archived-duplicate-name]",
        ),
        ("Mick", "A room, team or user with name 'Mick' already exists [error-duplicate-handle]"),
        ("all", "A room, team or user with name 'all' already exists [error-duplicate-handle]"),
    ):
        answer = send(them.olga, "groups.rename", group, name=name)
        assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert now(them.olga, group) == now(them.mick, group)
    assert now(them.olga, group)["name"] == group["name"]


def test_integrations_keep_working(them: People) -> None:
    group, name = them.room("groups", "mick", "admin"), "reachable"
    made = outgoing(them.admin, "follows", f"#{group['name']},all_private_groups")
    assert made["channel"] == [f"#{group['name']}", "all_private_groups"]
    post(them.olga, "groups.rename", {"roomId": group["_id"], "name": name})
    for params in ({"roomId": group["_id"]}, {"roomName": name}):
        query = params | {"includeAllPrivateGroups": "false"}
        found = them.admin.get(f"{API}/groups.getIntegrations", params=query).json()["integrations"]
        assert [(one["_id"], one["channel"]) for one in found] == [
            (made["_id"], ["#reachable", "all_private_groups"])
        ]
    asked = {"query": '{"channel":"#reachable"}'}
    assert them.admin.get(f"{API}/integrations.list", params=asked).json()["total"] == 1
    post(them.admin, "integrations.remove", {"type": "webhook-outgoing", "integrationId": made["_id"]})


# Texts


@pytest.mark.parametrize("prefix", ["groups", "channels"])
@pytest.mark.parametrize(("key", "member"), TEXTS.items())
def test_a_text(them: People, prefix: str, key: str, member: str) -> None:
    room = them.room(prefix)
    path = f"{prefix}.set{key.title()}"
    answer = send(them.olga, path, room, **{key: "<i>é</i>"})
    assert answer.json() == {key: "<i>é</i>", "success": True}
    assert now(them.mick, room, prefix)[member] == "<i>é</i>"
    again = send(them.olga, path, room, **{key: "<i>é</i>"})
    if prefix == "groups" or key == "announcement":
        assert again.json() == {key: "<i>é</i>", "success": True}
    else:
        called = "purpose (description)" if key == "purpose" else key
        refused(again, f"The channel {called} is the same as what it would be changed to.")
    empty = them.olga.post(f"{API}/{path}", data={"roomName": room["name"], key: ""})
    assert empty.json() == {key: "", "success": True}
    assert now(them.mick, room, prefix)[member] == ""
    kind = f"room_changed_{member}"
    assert said(them.olga, room, prefix) == [(kind, "<i>é</i>", "olga"), (kind, "", "olga")]


# Read-only


@pytest.mark.parametrize("prefix", ["groups", "channels"])
def test_read_only(them: People, prefix: str) -> None:
    room, key = them.room(prefix), prefix.removesuffix("s")
    called = "private group" if prefix == "groups" else "channel"
    same = f"The {called} read only setting is the same as what it would be changed to."
    refused(send(them.olga, f"{prefix}.setReadOnly", room, readOnly=False), same)
    assert send(them.olga, f"{prefix}.setReadOnly", room, readOnly=True).json()[key]["ro"] is True
    refused(send(them.olga, f"{prefix}.setReadOnly", room, readOnly=True), same)
    silent = them.mick.post(f"{API}/chat.postMessage", json={"roomId": room["_id"], "text": "x"})
    refused(silent, "You can't send messages because the room is readonly.")
    form = them.olga.post(f"{API}/{prefix}.setReadOnly", data={"roomId": room["_id"], "readOnly": "false"})
    assert form.json()[key]["ro"] is False
    post(them.mick, "chat.postMessage", {"roomId": room["_id"], "text": "x"})
    assert said(them.olga, room, prefix) == [
        ("room-set-read-only", "", "olga"),
        ("room-removed-read-only", "", "olga"),
    ]


def test_a_broadcast_group_stays_read_only(them: People) -> None:
    group = them.room("groups", "mick", broadcast=True)
    assert group["ro"] is True
    refused(
        send(them.olga, "groups.setReadOnly", group, readOnly=True),
        "The private group read only setting is the same as what it would be changed to.",
    )
    refused(
        send(them.olga, "groups.setReadOnly", group, readOnly=False),
        "Editing readOnly/reactWhenReadOnly are not allowed for broadcast rooms [error-action-not-allowed]",
        **EDITING,
    )


# Custom fields


def test_custom_fields(them: People) -> None:
    group = them.room()
    replaced: list[dict[str, Any]] = [{"a": 1, "$where": "x", "a.b": [None, 2.5]}, {"b": {}}, {}]
    for fields in replaced:
        answer = send(them.olga, "groups.setCustomFields", group, customFields=fields)
        assert answer.json()["group"]["customFields"] == fields
        assert now(them.mick, group)["customFields"] == fields
    assert said(them.olga, group) == []
    channel = them.room("channels")
    answer = send(them.olga, "channels.setCustomFields", channel, customFields={"floor": 3})
    assert answer.json()["channel"]["customFields"] == {"floor": 3}


# Encryption


def test_encryption(them: People) -> None:
    group = them.room()
    action = {"method": "saveRoomSettings", "action": "Change_Room_Encrypted"}
    refused(
        send(them.olga, "groups.setEncrypted", group, encrypted=True),
        "Only groups or direct channels can enable encryption [error-action-not-allowed]",
        **action,
    )
    post(them.admin, "settings/E2E_Enable", {"value": True})
    try:
        with granted(them.server, "toggle-room-e2e-encryption", "admin"):
            refused(
                send(them.olga, "groups.setEncrypted", group, encrypted=True),
                "You do not have permission to toggle E2E encryption [error-action-not-allowed]",
                **action,
            )
        for value in (True, True, False):
            answer = send(them.olga, "groups.setEncrypted", group, encrypted=value)
            assert answer.json()["group"]["encrypted"] is value
    finally:
        post(them.admin, "settings/E2E_Enable", {"value": False})
    assert said(them.olga, group) == [
        ("room_e2e_enabled", "olga", "olga"),
        ("room_e2e_disabled", "olga", "olga"),
    ]


# Type


def test_a_group_goes_public_and_back(them: People) -> None:
    group = them.room("groups", "mick", "admin")
    made = outgoing(them.admin, "typed", f"#{group['name']}")
    answer = send(them.olga, "groups.setType", group, type="c")
    assert (answer.json()["group"]["t"], answer.json()["group"]["name"]) == ("c", group["name"])
    assert now(them.nora, group, "channels")["t"] == "c"
    refused(send(them.olga, "groups.setType", group, type="p"), NO_GROUP)
    query = {"roomId": group["_id"], "includeAllPublicChannels": "false"}
    found = them.admin.get(f"{API}/channels.getIntegrations", params=query).json()["integrations"]
    assert [(one["_id"], one["channel"]) for one in found] == [(made["_id"], [f"#{group['name']}"])]
    listed = them.nora.get(f"{API}/channels.list", params={"query": f'{{"_id":"{group["_id"]}"}}'})
    assert listed.json()["total"] == 1
    answer = send(them.olga, "channels.setType", group, type="p")
    assert answer.json()["channel"]["t"] == "p"
    hidden = them.nora.get(f"{API}/groups.info", params={"roomId": group["_id"]})
    refused(hidden, NO_GROUP)
    mine = them.mick.get(f"{API}/groups.list", params={"query": f'{{"_id":"{group["_id"]}"}}'})
    assert mine.json()["total"] == 1
    changed = "room_changed_privacy"
    assert said(them.olga, group) == [(changed, "Channel", "olga"), (changed, "Private Group", "olga")]
    post(them.admin, "integrations.remove", {"type": "webhook-outgoing", "integrationId": made["_id"]})


def test_refused_types(them: People) -> None:
    group, channel = them.room(), them.room("channels")
    same = "The {} type is the same as what it would be changed to."
    refused(send(them.olga, "groups.setType", group, type="p"), same.format("private group"))
    refused(send(them.olga, "channels.setType", channel, type="c"), same.format("channel"))
    odd = send(them.olga, "groups.setType", group, type="d")
    refused(odd, "error-invalid-room-type [error-invalid-room-type]")
    for path, room, kind, permission, text in (
        ("groups", group, "c", "create-c", "a private group to a public channel"),
        ("channels", channel, "p", "create-p", "a public channel to a private room"),
    ):
        with granted(them.server, permission, "admin"):
            refused(
                send(them.olga, f"{path}.setType", room, type=kind),
                f"Changing {text} is not allowed [error-action-not-allowed]",
                method="saveRoomSettings",
                action="Change_Room_Type",
            )
