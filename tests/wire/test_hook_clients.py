"""Published clients of Rocket.Chat's hooks post here, unmodified."""

from typing import Any
from urllib.parse import urlsplit

import apprise
import pytest
import rockethook  # type: ignore[import-untyped]

from tests.wire.making import incoming, post, reach_bot
from tests.wire.server import Server

# What apprise imports on Python 3.11 and 3.12
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def group(server: Server) -> str:
    """A group that the integrations post into."""
    reach_bot(server)
    for name in ("clients", "elsewhere"):
        post(server.admin, "groups.create", {"name": name, "members": ["reach-bot"]})
    return "clients"


def said(server: Server, group: str) -> list[dict[str, Any]]:
    """The messages of a group, the newest first."""
    answer = server.admin.get("/api/v1/groups.messages", params={"roomName": group, "count": 0})
    found: list[dict[str, Any]] = answer.raise_for_status().json()["messages"]
    return found


def notify(server: Server, hook: dict[str, Any], *targets: str, **options: Any) -> bool:
    """Send one notification with apprise, as its users write it: `rocket://ID/TOKEN@HOST/#channel`."""
    host = urlsplit(server.url).netloc
    client = apprise.Apprise()
    rooms = "/".join(target.replace("#", "%23") for target in targets)
    assert client.add(f"rocket://{hook['_id']}/{hook['token']}@{host}/{rooms}?avatar=no&overflow=split")
    return bool(client.notify(**{"body": "Build **passed**", "title": "CI"} | options))


def test_apprise(server: Server, group: str) -> None:
    hook = incoming(server.admin, "apprise", f"#{group}")
    assert notify(server, hook)
    assert said(server, group)[0]["msg"] == "CI\r\nBuild **passed**"


def test_apprise_with_a_picture(server: Server, group: str) -> None:
    hook = incoming(server.admin, "apprise", f"#{group}")
    client = apprise.Apprise()
    assert client.add(f"rocket://{hook['_id']}/{hook['token']}@{urlsplit(server.url).netloc}")
    assert client.notify(body="with a picture", notify_type=apprise.NotifyType.FAILURE)
    message = said(server, group)[0]
    assert message["msg"] == "with a picture"
    assert message["avatar"].startswith("https://")


def test_apprise_to_channels_of_its_own(server: Server, group: str) -> None:
    hook = incoming(server.admin, "apprise", f"#{group}", overrideDestinationChannelEnabled=True)
    before = len(said(server, group))
    assert notify(server, hook, "#clients", "#elsewhere")
    assert [len(said(server, name)) for name in (group, "elsewhere")] == [before + 1, 1]


def test_apprise_hears_of_a_refusal(server: Server, group: str) -> None:
    hook = incoming(server.admin, "apprise", f"#{group}")
    before = len(said(server, group))
    assert not notify(server, hook, "#elsewhere")
    assert not notify(server, hook | {"token": "wrong"})
    assert len(said(server, group)) == before


def test_rockethook(server: Server, group: str) -> None:
    hook = incoming(server.admin, "rockethook", f"#{group}")
    client = rockethook.Webhook(server.url, f"{hook['_id']}/{hook['token']}")
    client.quick_post("Hi! 100% & more + ünïcode")
    assert said(server, group)[0]["msg"] == "Hi! 100% & more + ünïcode"
    message = rockethook.Message(icon_url="http://example.com/icon.png")
    message.append_text("First line.")
    message.append_text("Second line.")
    message.add_attachment(
        title="Attach", title_link="http://example.com", image_url="http://example.com/img.png"
    )
    client.post(message)
    posted = said(server, group)[0]
    assert (posted["msg"], posted["avatar"]) == ("First line.\nSecond line.", "http://example.com/icon.png")
    assert posted["attachments"] == [
        {"title": "Attach", "title_link": "http://example.com", "image_url": "http://example.com/img.png"}
    ]


def test_rockethook_hears_of_a_refusal(server: Server, group: str) -> None:
    hook = incoming(server.admin, "rockethook", f"#{group}")
    with pytest.raises(rockethook.WebhookError, match="code 404: Invalid integration id or token provided"):
        rockethook.Webhook(server.url, f"{hook['_id']}/wrong").quick_post("x")
    client = rockethook.Webhook(server.url, f"{hook['_id']}/{hook['token']}")
    with pytest.raises(rockethook.WebhookError, match="code 400: overriding destination channel is disabled"):
        client.post(rockethook.Message("x", channel="#elsewhere"))
