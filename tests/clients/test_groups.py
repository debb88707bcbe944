"""Private groups with rocketchat-API."""

from itertools import count
from typing import Any

import pytest
from rocketchat_API.APIExceptions.RocketExceptions import (
    RocketApiException,
)

from tests.clients.conftest import People, id_of

NOT_FOUND = (
    'The required "roomId" or "roomName" param provided does not match any group [error-room-not-found]'
)
_numbers = count()


@pytest.fixture(scope="module")
def olga(people: People) -> Any:
    """Who owns the groups."""
    (client,) = people.create("olga")
    return client


@pytest.fixture(scope="module")
def mick(people: People) -> Any:
    """A member of the groups."""
    (client,) = people.create("mick")
    return client


@pytest.fixture
def rid(olga: Any, mick: Any) -> str:
    """A group of Olga's with Mick in it."""
    made = olga.groups_create(f"group-{next(_numbers)}", members=["mick"])
    id: str = made["group"]["_id"]
    return id


def names(members: Any) -> list[str]:
    """The usernames in a list of people."""
    return [member["username"] for member in members]


def roles(client: Any, rid: str) -> dict[str, list[str]]:
    """Who has which roles in a group."""
    return {one["u"]["username"]: one["roles"] for one in client.groups_roles(rid)["roles"]}


def test_create_and_info(olga: Any, mick: Any) -> None:
    made = olga.groups_create("launch", members=["mick"], extraData={"topic": "Friday"}, readOnly=False)
    group = made["group"]
    assert made["success"] is True
    assert (group["name"], group["t"], group["usersCount"], group["msgs"]) == ("launch", "p", 2, 0)
    assert group["u"]["username"] == "olga"
    assert group["topic"] == "Friday"
    assert mick.groups_info(group["_id"])["group"]["name"] == "launch"
    assert mick.groups_info(room_name="launch")["group"]["_id"] == group["_id"]


def test_a_refusal_is_an_exception_with_the_servers_words(olga: Any, people: People, rid: str) -> None:
    with pytest.raises(RocketApiException) as refused:
        people.admin.groups_info(rid)
    assert (refused.value.status_code, refused.value.error) == (400, NOT_FOUND)
    assert refused.value.error_type == "error-room-not-found"


def test_lists(olga: Any, mick: Any, people: People, rid: str) -> None:
    for number in range(3):
        olga.groups_create(f"page-{number}")
    mine = [group["name"] for group in olga.groups_list(count=2)]
    assert mine == sorted(mine)
    assert {"page-0", "page-1", "page-2"} <= set(mine)
    assert [group["name"] for group in olga.groups_list(count=2, offset=1)] == mine[1:]
    assert rid in {group["_id"] for group in mick.groups_list()}
    assert {"page-0", "page-1", "page-2"}.isdisjoint(group["name"] for group in mick.groups_list())
    assert len([*olga.groups_list(max_count=2)]) == 2
    every = {group["name"] for group in people.admin.groups_list_all()}
    assert {"page-0", "page-1", "page-2"} <= every
    with pytest.raises(RocketApiException) as refused:
        mick.groups_list_all()
    assert (refused.value.status_code, refused.value.error) == (403, "unauthorized")


def test_people_come_and_go(olga: Any, mick: Any, people: People, rid: str) -> None:
    (nora,) = people.create("nora")
    assert olga.groups_invite(rid, id_of(nora))["group"]["usersCount"] == 3
    assert names(nora.groups_members(rid)) == ["mick", "nora", "olga"]
    name = olga.groups_info(rid)["group"]["name"]
    assert names(nora.groups_members(group=name, count=1)) == ["mick", "nora", "olga"]
    assert olga.groups_kick(rid, id_of(nora)) == {"success": True}
    with pytest.raises(RocketApiException, match="does not match any group"):
        nora.groups_history(rid)
    assert mick.groups_leave(rid) == {"success": True}
    assert names(olga.groups_members(rid)) == ["olga"]
    with pytest.raises(RocketApiException) as refused:
        olga.groups_leave(rid)
    assert refused.value.error_type == "error-you-are-last-owner"


def test_roles(olga: Any, mick: Any, rid: str) -> None:
    assert roles(mick, rid) == {"olga": ["owner"]}
    olga.groups_add_owner(rid, id_of(mick))
    olga.groups_add_moderator(rid, id_of(mick))
    olga.groups_add_leader(rid, id_of(mick))
    assert roles(mick, rid) == {"mick": ["owner", "moderator", "leader"], "olga": ["owner"]}
    assert names(mick.groups_moderators(rid)["moderators"]) == ["mick"]
    name = olga.groups_info(rid)["group"]["name"]
    assert names(olga.groups_moderators(group=name)["moderators"]) == ["mick"]
    assert olga.groups_roles(room_name=name)["roles"][0]["rid"] == rid
    olga.groups_remove_owner(rid, id_of(mick))
    olga.groups_remove_moderator(rid, id_of(mick))
    olga.groups_remove_leader(rid, id_of(mick))
    assert roles(mick, rid) == {"olga": ["owner"]}


def test_what_a_group_says_of_itself(olga: Any, mick: Any, rid: str) -> None:
    assert olga.groups_set_announcement(rid, "Cake!") == {"announcement": "Cake!", "success": True}
    assert olga.groups_set_description(rid, "On cakes") == {"description": "On cakes", "success": True}
    assert olga.groups_set_topic(rid, "Which one?") == {"topic": "Which one?", "success": True}
    olga.groups_set_custom_fields({"oven": 2}, room_id=rid)
    group = mick.groups_info(rid)["group"]
    assert (group["announcement"], group["description"], group["topic"], group["customFields"]) == (
        "Cake!",
        "On cakes",
        "Which one?",
        {"oven": 2},
    )
    olga.groups_set_custom_fields({}, room_name=group["name"])
    assert mick.groups_info(rid)["group"]["customFields"] == {}
    assert olga.groups_set_read_only(rid, True)["group"]["ro"] is True
    with pytest.raises(RocketApiException, match="the room is readonly"):
        mick.chat_post_message("May I?", room_id=rid)


def test_rename_archive_and_type(olga: Any, mick: Any, people: People, rid: str) -> None:
    assert olga.groups_rename(rid, "renamed")["group"]["name"] == "renamed"
    assert mick.groups_info(room_name="renamed")["group"]["_id"] == rid
    olga.groups_archive(rid)
    with pytest.raises(RocketApiException, match=r"The private group, renamed, is archived"):
        mick.groups_set_topic(rid, "x")
    with pytest.raises(RocketApiException, match="Not authorized"):
        olga.groups_unarchive(rid)
    people.admin.permissions_update([{"_id": "unarchive-room", "roles": ["admin", "owner"]}])
    olga.groups_unarchive(rid)
    assert olga.groups_set_type(rid, "c")["group"]["t"] == "c"
    assert mick.channels_info(rid)["channel"]["name"] == "renamed"
    assert olga.channels_set_type(rid, "p")["channel"]["t"] == "p"


def test_hide_and_show(mick: Any, rid: str) -> None:
    assert mick.groups_close(rid) == {"success": True}
    with pytest.raises(RocketApiException, match="is already closed to the sender"):
        mick.groups_close(rid)
    assert mick.subscriptions_get_one(rid)["subscription"]["open"] is False
    assert mick.groups_open(rid) == {"success": True}
    assert mick.subscriptions_get_one(rid)["subscription"]["open"] is True


def test_encryption_needs_its_setting(olga: Any, people: People, rid: str) -> None:
    with pytest.raises(RocketApiException, match="Only groups or direct channels can enable encryption"):
        olga.groups_set_encrypted(rid, True)
    people.admin.settings_update("E2E_Enable", True)
    assert olga.groups_set_encrypted(rid, True)["group"]["encrypted"] is True
    people.admin.settings_update("E2E_Enable", False)


def test_online(olga: Any, mick: Any, rid: str) -> None:
    assert olga.groups_online(rid) == {"online": [], "success": True}
    mick.users_set_status("At work", status="online")
    assert olga.groups_online(rid)["online"] == [{"_id": id_of(mick), "username": "mick"}]
    mick.users_set_status("", status="offline")


def test_delete(olga: Any, mick: Any) -> None:
    one = olga.groups_create("gone", members=["mick"])["group"]["_id"]
    with pytest.raises(RocketApiException) as refused:
        mick.groups_delete(one)
    assert refused.value.error_type == "error-not-allowed"
    assert olga.groups_delete(one) == {"success": True}
    olga.groups_create("gone")
    assert olga.groups_delete(group="gone") == {"success": True}
    with pytest.raises(RocketApiException, match="does not match any group"):
        olga.groups_info(room_name="gone")
