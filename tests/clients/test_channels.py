"""Channels with rocketchat-API."""

from itertools import count
from typing import Any

import pytest
from rocketchat_API.APIExceptions.RocketExceptions import (
    RocketApiException,
)

from tests.clients.conftest import People, id_of
from tests.clients.test_groups import names

_numbers = count()


@pytest.fixture(scope="module")
def cleo(people: People) -> Any:
    """Who owns the channels."""
    (client,) = people.create("cleo")
    return client


@pytest.fixture(scope="module")
def carl(people: People) -> Any:
    """A member of the channels."""
    (client,) = people.create("carl")
    return client


@pytest.fixture
def rid(cleo: Any, carl: Any) -> str:
    """A channel of Cleo's with Carl in it."""
    made = cleo.channels_create(f"channel-{next(_numbers)}", members=["carl"])
    id: str = made["channel"]["_id"]
    return id


def test_create_info_and_list(cleo: Any, people: People, rid: str) -> None:
    (stranger,) = people.create("chris")
    name = stranger.channels_info(rid)["channel"]["name"]
    found = stranger.channels_info(channel=name)["channel"]
    assert (found["_id"], found["t"], found["usersCount"]) == (rid, "c", 2)
    listed = [channel["name"] for channel in stranger.channels_list()]
    assert {"general", name} <= set(listed)
    assert listed == sorted(listed)
    with pytest.raises(RocketApiException) as refused:
        stranger.channels_create(name)
    assert refused.value.error_type == "error-duplicate-channel-name"


def test_people_come_and_go(cleo: Any, carl: Any, people: People, rid: str) -> None:
    dana, dora = people.create("dana", "dora")
    assert dana.channels_join(rid, "")["channel"]["usersCount"] == 3
    assert cleo.channels_invite(rid, id_of(dora))["channel"]["usersCount"] == 4
    assert names(dora.channels_members(rid)) == ["carl", "cleo", "dana", "dora"]
    name = cleo.channels_info(rid)["channel"]["name"]
    assert names(dora.channels_members(channel=name)) == ["carl", "cleo", "dana", "dora"]
    cleo.channels_kick(rid, id_of(dora))
    dana.channels_leave(rid)
    assert names(carl.channels_members(rid)) == ["carl", "cleo"]
    kinds = [message["t"] for message in carl.channels_history(rid)]
    assert kinds == ["ul", "ru", "au", "uj"]


def test_everybody_comes(people: People, rid: str) -> None:
    admin = people.admin
    with pytest.raises(RocketApiException, match="error-not-allowed"):
        people.client("carl").channels_add_all(rid)
    admin.channels_add_all(rid)
    everybody = {user["username"] for user in admin.users_list() if user["active"]}
    assert {*names(admin.channels_members(rid))} == everybody


def test_roles(cleo: Any, carl: Any, rid: str) -> None:
    cleo.channels_add_owner(rid, user_id=id_of(carl))
    cleo.channels_remove_owner(rid, id_of(carl))
    cleo.channels_add_owner(rid, username="carl")
    carl.channels_add_moderator(rid, id_of(carl))
    carl.channels_add_leader(rid, id_of(carl))
    assert names(cleo.channels_moderators(rid)["moderators"]) == ["carl"]
    name = cleo.channels_info(rid)["channel"]["name"]
    assert names(cleo.channels_moderators(channel=name)["moderators"]) == ["carl"]
    carl.channels_remove_moderator(rid, id_of(carl))
    carl.channels_remove_leader(rid, id_of(carl))
    held = {one["u"]["username"]: one["roles"] for one in cleo.channels_roles(rid)["roles"]}
    assert held == {"carl": ["owner"], "cleo": ["owner"]}
    assert len(cleo.channels_roles(room_name=name)["roles"]) == 2


def test_what_a_channel_says_of_itself(cleo: Any, carl: Any, rid: str) -> None:
    assert cleo.channels_set_topic(rid, "Tea")["topic"] == "Tea"
    assert cleo.channels_set_description(rid, "On tea")["description"] == "On tea"
    assert cleo.channels_set_announcement(rid, "At four")["announcement"] == "At four"
    cleo.channels_set_custom_fields(rid, {"sugar": False})
    assert cleo.channels_set_read_only(rid, True)["channel"]["ro"] is True
    channel = carl.channels_info(rid)["channel"]
    assert (channel["topic"], channel["description"], channel["announcement"], channel["customFields"]) == (
        "Tea",
        "On tea",
        "At four",
        {"sugar": False},
    )
    with pytest.raises(RocketApiException, match="is the same as what it would be changed to"):
        cleo.channels_set_read_only(rid, True)


def test_rename_archive_type_and_delete(cleo: Any, carl: Any, people: People, rid: str) -> None:
    name = f"renamed-{rid}"
    assert cleo.channels_rename(rid, name)["channel"]["name"] == name
    cleo.channels_archive(rid)
    with pytest.raises(RocketApiException, match=f"The channel, {name}, is archived"):
        carl.channels_leave(rid)
    people.admin.channels_unarchive(rid)
    assert cleo.channels_set_type(rid, "p")["channel"]["t"] == "p"
    with pytest.raises(RocketApiException, match="does not match any channel"):
        carl.channels_info(rid)
    assert cleo.groups_set_type(rid, "c")["group"]["t"] == "c"
    with pytest.raises(RocketApiException) as refused:
        carl.channels_delete(rid)
    assert refused.value.error_type == "error-not-allowed"
    assert cleo.channels_delete(rid) == {"success": True}
    cleo.channels_create(name)
    assert cleo.channels_delete(channel=name) == {"success": True}


def test_online(cleo: Any, carl: Any, rid: str) -> None:
    assert carl.channels_online(rid) == {"online": [], "success": True}
    cleo.users_set_status("Here", status="away")
    assert carl.channels_online(rid)["online"] == [{"_id": id_of(cleo), "username": "cleo"}]
    cleo.users_set_status("", status="offline")
