"""A server on SQLite that has everything: an imported dump, people and rooms, what they said, integrations at work."""

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from strongback.testing.answer import Answer
from strongback.testing.receiver import Receiver
from tests.wire.conftest import calm
from tests.wire.making import incoming, outgoing, post
from tests.wire.outgoing import until
from tests.wire.server import Server

DUMP = Path(__file__).parents[1] / "data" / "dump"
API = "/api/v1"
SECRET = "whsec_" + base64.b64encode(b"the key of the launch pad, 32 b.").decode()
ODD = 'Zoë said: \u2028 \\ "quoted" \U0001f680 e\u0301 \u202eback'
LATER = {"Retry-After": "3600"}
KEPT = ("Message_KeepHistory", "Message_ShowDeletedStatus", "Message_KeepHistory")
"""Set one after the other: what is deleted goes, then is hidden, then is shown as removed."""


@dataclass
class Filled:
    """What there is to ask for."""

    rooms: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    integrations: list[str] = field(default_factory=list)
    callers: dict[str, dict[str, str]] = field(default_factory=dict)
    """By name, the headers of somebody who is logged in."""


def fill(server: Server, receiver: Receiver) -> Filled:
    """Do everything once."""
    confirm(server.admin, "admin")
    calm(server)
    filled = Filled()
    people = {name: server.create_user(name) for name in ("ann", "bob", "cid", "reach-bot")}
    for name, client in (("admin", server.admin), *people.items()):
        confirm(client, name)
        filled.callers[name] = {key: client.headers[key] for key in ("X-User-Id", "X-Auth-Token")}
    filled.callers["alice of the dump"] = {
        "X-User-Id": _id(server.admin, "alice"),
        "X-Auth-Token": "tok-alice-7",
    }
    ann, bob = people["ann"], people["bob"]
    post(ann, "users.setPreferences", {"data": {"newMessageNotification": "beep"}})
    post(ann, "users.setStatus", {"message": ODD, "status": "away"})
    post(ann, "users.generatePersonalAccessToken", {"tokenName": "laptop"})
    post(server.admin, "users.delete", {"userId": people["cid"].headers["X-User-Id"]})
    filled.rooms += _rooms(server, ann, bob)
    for setting, rid in zip(KEPT, filled.rooms, strict=False):
        filled.messages += _talk(ann, bob, rid)
        post(server.admin, f"settings/{setting}", {"value": True})
    _leave(ann, bob, filled.rooms)
    filled.integrations += _integrations(server, receiver)
    return filled


def confirm(client: httpx.Client, username: str) -> None:
    """Send the second factor with every request."""
    code = hashlib.sha256(f"pw-{username}".encode()).hexdigest()
    client.headers.update({"x-2fa-method": "password", "x-2fa-code": code})


def _id(client: httpx.Client, username: str) -> str:
    answer = client.get(f"{API}/users.info", params={"username": username})
    return str(answer.raise_for_status().json()["user"]["_id"])


def _rooms(server: Server, ann: httpx.Client, bob: httpx.Client) -> list[str]:
    made = post(ann, "groups.create", {"name": "launch", "members": ["bob", "admin", "reach-bot"]})["group"][
        "_id"
    ]
    open_to_all = post(ann, "channels.create", {"name": "news", "members": ["bob"]})["channel"]["_id"]
    direct = post(ann, "im.create", {"username": "bob"})["room"]["_id"]
    left = post(ann, "groups.create", {"name": "left", "members": ["bob"]})["group"]["_id"]
    shut = post(ann, "groups.create", {"name": "shut", "members": ["bob"]})["group"]["_id"]
    gone = post(ann, "groups.create", {"name": "gone"})["group"]["_id"]
    post(ann, "groups.setTopic", {"roomId": made, "topic": ODD})
    post(ann, "groups.setCustomFields", {"roomId": made, "customFields": {"a": [1, {"b": ODD}]}})
    post(ann, "groups.addModerator", {"roomId": made, "userId": bob.headers["X-User-Id"]})
    post(ann, "groups.archive", {"roomId": shut})
    post(ann, "groups.delete", {"roomId": gone})
    post(
        bob,
        "channels.join",
        {"roomId": post(server.admin, "channels.create", {"name": "wide"})["channel"]["_id"]},
    )
    return [made, open_to_all, left, direct, shut]


def _talk(ann: httpx.Client, bob: httpx.Client, rid: str) -> list[str]:
    def say(client: httpx.Client, text: str, **more: Any) -> str:
        return str(post(client, "chat.postMessage", {"roomId": rid, "text": text, **more})["message"]["_id"])

    root, odd = say(ann, "a root"), say(bob, ODD)
    shown = {"rid": rid, "msg": "shown too", "tmid": root, "tshow": True}
    replies = [
        say(bob, "a reply", tmid=root),
        post(ann, "chat.sendMessage", {"message": shown})["message"]["_id"],
    ]
    edited, deleted = say(bob, "before @ann"), say(bob, "to be deleted")
    post(bob, "chat.update", {"roomId": rid, "msgId": edited, "text": "after @ann @all @here"})
    post(ann, "subscriptions.read", {"rid": rid})
    post(bob, "chat.delete", {"roomId": rid, "msgId": deleted})
    post(ann, "chat.pinMessage", {"messageId": odd})
    for client, id in ((ann, odd), (bob, root)):
        post(client, "chat.starMessage", {"messageId": id})
        post(client, "chat.react", {"messageId": id, "emoji": ":rocket:"})
    post(
        bob,
        "chat.postMessage",
        {"roomId": rid, "text": "@ann", "attachments": [{"title": ODD, "fields": []}]},
    )
    return [root, odd, *replies, edited, deleted]


def _leave(ann: httpx.Client, bob: httpx.Client, rooms: list[str]) -> None:
    post(bob, "groups.leave", {"roomId": rooms[2]})
    post(bob, "chat.postMessage", {"roomId": rooms[3], "text": "between us"})
    post(ann, "groups.close", {"roomId": rooms[0]})
    post(bob, "subscriptions.unread", {"roomId": rooms[1]})


def _integrations(server: Server, receiver: Receiver) -> list[str]:
    """Calls in and out: answered, refused, waiting for an hour, replayed; one integration is gone."""
    admin = server.admin
    receiver.script("/fails", [Answer(404)])
    receiver.script("/waits", [Answer(503, headers=LATER)])
    hook = incoming(
        admin,
        "in",
        "#launch",
        script="class Script { process_incoming_request({request}) {"
        " console.log('ran'); return {content: {text: request.content.text}}; } }",
        scriptEnabled=True,
    )
    out = [
        outgoing(
            admin,
            name,
            "#launch",
            urls=[f"{receiver.url}/{name}"],
            retryPolicy="standard",
            triggerWords=words,
        )
        for name, words in (("works", []), ("fails", ["go"]), ("waits", []))
    ]
    gone = outgoing(admin, "gone", "#launch")
    post(admin, "integrations.setSecret", {"integrationId": out[0]["_id"], "secret": SECRET})
    post(admin, "integrations.remove", {"type": "webhook-outgoing", "integrationId": gone["_id"]})
    visitor = server.anonymous({"Idempotency-Key": "once"}, check=False)
    for _ in range(2):
        visitor.post(f"/hooks/{hook['_id']}/{hook['token']}", json={"text": "go now"}).raise_for_status()

    def all_tried() -> bool | None:
        found = [delivery["state"] for one in out for delivery in _deliveries(admin, one)]
        tried = [delivery.get("attempts") for delivery in _deliveries(admin, out[2])]
        return True if sorted(found) == ["delivered", "failed", "pending"] and tried == [1] else None

    until(all_tried, "deliveries that were tried")
    first = _deliveries(admin, out[0])[0]["_id"]
    post(admin, "integrations.replay", {"integrationId": out[0]["_id"], "deliveryId": first})
    until(
        lambda: [one["state"] for one in _deliveries(admin, out[0])] == ["delivered"] * 2 or None, "a replay"
    )
    return [hook["_id"], *(one["_id"] for one in out), gone["_id"]]


def _deliveries(client: httpx.Client, integration: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.get(f"{API}/integrations.deliveries", params={"integrationId": integration["_id"]})
    found: list[dict[str, Any]] = answer.raise_for_status().json()["deliveries"]
    return found
