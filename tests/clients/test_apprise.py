"""apprise as its users write it: a username and a password, or a user id and a token; its hooks: tests/wire."""

from typing import Any
from urllib.parse import quote, urlsplit

import apprise
import pytest

from tests.clients.conftest import People, id_of
from tests.clients.test_chat import texts

# What apprise imports on Python 3.11 and 3.12
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

PASSWORD = "pw-notifier: 100% & @home/#1"


@pytest.fixture(scope="module")
def notifier(people: People) -> Any:
    """Who notifies."""
    people.admin.users_create("notifier@example.com", "Notifier", PASSWORD, "notifier")
    return people.client("notifier", PASSWORD)


@pytest.fixture
def rid(people: People, notifier: Any, request: pytest.FixtureRequest) -> str:
    """A group of the administrator's and of who notifies, named after the test."""
    name = request.node.name.replace("_", "-")
    made = people.admin.groups_create(name, members=["notifier"])
    id: str = made["group"]["_id"]
    return id


def notify(people: People, user: str, secret: str, *targets: str, mode: str = "", **options: Any) -> bool:
    """Send one notification: `rocket://USER:SECRET@HOST/TARGET/TARGET`."""
    host = urlsplit(people.server.url).netloc
    rooms = "/".join(target.replace("#", "%23") for target in targets)
    client = apprise.Apprise()
    url = f"rocket://{quote(user, safe='')}:{quote(secret, safe='')}@{host}/{rooms}?mode={mode}"
    assert client.add(f"{url}&avatar={options.pop('avatar', 'no')}")
    return bool(client.notify(**{"body": "Disk **full**", "title": "Alarm"} | options))


def test_basic_mode_to_a_channel(people: People, notifier: Any, rid: str) -> None:
    assert notify(people, "notifier", PASSWORD, "#test-basic-mode-to-a-channel", mode="basic")
    (message,) = people.admin.groups_history(rid)
    assert (message["msg"], message["u"]["username"]) == ("Alarm\r\nDisk **full**", "notifier")


def test_basic_mode_to_a_room_id(people: People, notifier: Any, rid: str) -> None:
    assert notify(people, "notifier", PASSWORD, rid)
    assert texts(people.admin.groups_history(rid)) == ["Alarm\r\nDisk **full**"]


def test_token_mode_to_a_room_and_a_person(people: People, notifier: Any, rid: str) -> None:
    token = notifier.call_api_post("users.generatePersonalAccessToken", tokenName="apprise")["token"]
    assert len(token) > 32, "shorter ones are passwords to apprise"
    assert notify(people, id_of(notifier), token, rid)
    assert texts(people.admin.groups_history(rid)) == ["Alarm\r\nDisk **full**"]
    assert notify(people, id_of(notifier), token, "@admin", body="Only you", title="")
    direct = people.admin.dm_create("notifier")["room"]["_id"]
    assert texts(people.admin.dm_history(direct)) == ["Only you"]


def test_a_picture_needs_a_bot(people: People, notifier: Any, rid: str) -> None:
    assert not notify(people, "notifier", PASSWORD, rid, avatar="yes")
    people.admin.roles_add_user_to_role("bot", "notifier")
    assert notify(people, "notifier", PASSWORD, rid, avatar="yes")
    (message,) = people.admin.groups_history(rid)
    assert message["avatar"].startswith("https://")
    people.admin.roles_remove_user_from_role("bot", "notifier")


def test_apprise_hears_of_a_refusal(people: People, notifier: Any, rid: str) -> None:
    assert not notify(people, "notifier", "wrong", rid, mode="basic")
    assert not notify(people, id_of(notifier), "x" * 43, rid, mode="token")
    assert not notify(people, "notifier", PASSWORD, "#nowhere", mode="basic")
    people.admin.groups_kick(rid, id_of(notifier))
    assert not notify(people, "notifier", PASSWORD, rid, mode="basic")
    assert [message["t"] for message in people.admin.groups_history(rid)] == ["ru"]
