"""Integrations with rocketchat-API."""

import httpx
import pytest
from rocketchat_API.APIExceptions.RocketExceptions import (
    RocketApiException,
)

from strongback.testing.receiver import Receiver
from tests.clients.conftest import People
from tests.clients.test_chat import texts
from tests.wire.outgoing import until


def test_incoming(people: People) -> None:
    admin = people.admin
    rid = admin.groups_create("deploys", members=["rocket.cat"])["group"]["_id"]
    made = admin.integrations_create(
        "webhook-incoming", "deployer", True, "rocket.cat", "#deploys", False, alias="Deployer"
    )["integration"]
    answer = httpx.post(
        f"{people.server.url}/hooks/{made['_id']}/{made['token']}", json={"text": "v1 is out"}
    )
    assert answer.json() == {"success": True}
    (message,) = admin.groups_history(rid)
    assert (message["msg"], message["alias"], message["u"]["username"]) == (
        "v1 is out",
        "Deployer",
        "rocket.cat",
    )
    assert [one["_id"] for one in admin.groups_get_integrations(rid)] == [made["_id"]]
    assert admin.integrations_get(made["_id"])["integration"]["name"] == "deployer"
    changed = admin.integrations_update(
        "webhook-incoming", "renamed", False, "rocket.cat", "#deploys", False, made["_id"]
    )["integration"]
    assert (changed["name"], changed["enabled"]) == ("renamed", False)
    assert made["_id"] in {one["_id"] for one in admin.integrations_list()}
    removed = admin.integrations_remove("webhook-incoming", made["_id"])
    assert removed["integration"]["_id"] == made["_id"]
    assert [*admin.groups_get_integrations(rid)] == []


def test_outgoing(people: People) -> None:
    admin = people.admin
    rid = admin.channels_create("questions", members=["rocket.cat"])["channel"]["_id"]
    with Receiver() as receiver:
        receiver.answer(body={"text": "42"})
        made = admin.integrations_create(
            "webhook-outgoing",
            "oracle",
            True,
            "rocket.cat",
            "#questions",
            False,
            event="sendMessage",
            urls=[receiver.url],
            triggerWords=["oracle"],
            token="a-token",
        )["integration"]
        assert [one["_id"] for one in admin.channels_get_integrations(rid)] == [made["_id"]]
        admin.chat_post_message("nothing for it", room_id=rid)
        admin.chat_post_message("oracle, what is six times nine?", room_id=rid)
        (told, *more) = receiver.wait(1)
        assert more == []
        assert (told.json()["text"], told.json()["user_name"], told.json()["trigger_word"]) == (
            "oracle, what is six times nine?",
            "admin",
            "oracle",
        )
        until(lambda: texts(admin.channels_history(rid))[0] == "42" or None, "answers")
    (record,) = admin.integrations_history(made["_id"])
    assert (record["finished"], record["url"]) == (True, receiver.url)


def test_who_may_not(people: People) -> None:
    (paul,) = people.create("paul")
    with pytest.raises(RocketApiException) as refused:
        paul.integrations_create("webhook-incoming", "x", True, "rocket.cat", "#general", False)
    assert refused.value.error_type == "not_authorized"
    with pytest.raises(RocketApiException) as refused:
        paul.integrations_list()
    assert (refused.value.status_code, refused.value.error) == (403, "unauthorized")
