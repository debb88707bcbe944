"""Attach an integration to a group, say something there, and show what the group answers.

    attach.py "Grafana" --script grafana/script.js
        makes an incoming integration, and prints the address of its hook
    attach.py "GIF bot" --script gif-bot/script.js --calls http://127.0.0.1:8765/search --say '!gif party'
        makes an outgoing one, whose trigger word is the first word of what is said

An integration of that name is changed, so that the same command tries a script again that was edited. The server and
the account are those of the demo (data/demo.json), or STRONGBACK_URL, STRONGBACK_USER_ID and STRONGBACK_TOKEN; a
Rocket.Chat will do as well. Python's standard library is all it needs.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE = 10


class Api:
    """The methods of the API, asked as the account that the environment or the demo names."""

    def __init__(self) -> None:
        self.url = os.environ.get("STRONGBACK_URL", "http://127.0.0.1:3000")
        id, token = os.environ.get("STRONGBACK_USER_ID"), os.environ.get("STRONGBACK_TOKEN")
        if not (id and token):
            id, token = demo_account()
        self.headers = {"X-User-Id": id, "X-Auth-Token": token, "Content-Type": "application/json"}

    def get(self, method: str, **parameters: Any) -> Any:
        """The answer of a method that reads."""
        return self.ask("GET", f"{method}?{urllib.parse.urlencode(parameters)}")

    def ask(self, verb: str, method: str, body: Any = None) -> Any:
        """Call a method; end with its answer where it refuses."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1/{method}", data, self.headers, method=verb)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            sys.exit(f"{method}: {error.code} {error.read().decode()}")
        except urllib.error.URLError as error:
            sys.exit(f"nobody answers at {self.url}: {error.reason}; is the server started (make run)?")


def demo_account() -> tuple[str, str]:
    """The user id and token that the demo has written down."""
    try:
        demo = json.loads(Path("data/demo.json").read_text())
    except OSError:
        sys.exit(
            "data/demo.json is not here: run this where the demo was started, or set STRONGBACK_USER_ID and STRONGBACK_TOKEN"
        )
    return demo["user_id"], demo["token"]


def wanted(given: argparse.Namespace) -> dict[str, Any]:
    """The integration, as integrations.create and integrations.update take it."""
    members = {
        "name": given.name,
        "enabled": True,
        "username": "rocket.cat",
        "channel": f"#{given.group}",
        "alias": given.name,
        "scriptEnabled": given.script is not None,
        "script": "" if given.script is None else given.script.read_text(),
    }
    if given.calls is None:
        return {"type": "webhook-incoming", **members}
    # nobody waits for an answer until tomorrow: a call that fails is not tried again
    return {
        "type": "webhook-outgoing",
        **members,
        "event": "sendMessage",
        "urls": [given.calls],
        "token": secrets.token_hex(24),
        "triggerWords": given.say.split()[:1],
        "retryFailedCalls": False,
    }


def attach(api: Api, body: dict[str, Any]) -> Any:
    """Make the integration, or change the one of that name and type."""
    listed = api.get("integrations.list", count=0)["integrations"]
    known = [one for one in listed if (one["name"], one["type"]) == (body["name"], body["type"])]
    if known:
        kept = {"integrationId": known[0]["_id"], "token": known[0]["token"]}
        answer = api.ask("PUT", "integrations.update", {**body, **kept})
    else:
        answer = api.ask("POST", "integrations.create", body)
    integration = answer["integration"]
    if integration.get("scriptError"):
        sys.exit(f"the script does not compile: {integration['scriptError']['message']}")
    return integration


def of(message: Any) -> str | None:
    """The id of the integration that posted a message."""
    bot = message.get("bot")
    return bot.get("i") if isinstance(bot, dict) else None


def answers(api: Api, room_id: str, integration_id: str, since: str) -> list[Any]:
    """What the integration has posted in the room since a message, oldest first; ends where it posts nothing."""
    deadline = time.monotonic() + PATIENCE
    while True:
        last = newest_record(api, integration_id)
        messages = api.get("groups.messages", roomId=room_id, count=20)["messages"]
        answered = [one for one in messages if one["ts"] >= since and of(one) == integration_id]
        if answered:
            return answered[::-1]
        over = last.get("_createdAt", "") >= since and (last.get("finished") or last.get("error"))
        if over or time.monotonic() > deadline:
            reason = last.get("errorStack") or (last.get("httpError") or {}).get("message", "")
            sys.exit(f"no answer: {last.get('step', 'it was not called')} {reason}".rstrip())
        time.sleep(0.1)


def newest_record(api: Api, integration_id: str) -> Any:
    """The record of the integration's last call, as history has it."""
    records = api.get("integrations.history", id=integration_id, count=1)["history"]
    return records[0] if records else {}


def show(message: Any) -> None:
    """Print a message."""
    print(f"{message.get('alias') or message['u']['username']}: {message['msg']}".rstrip())
    for attachment in message.get("attachments", ()):
        print(f"  {attachment.get('title', '')} {attachment.get('image_url', '')}")


def say(api: Api, text: str, channel: str, integration_id: str) -> None:
    """Post a message, and show it and what the integration answers."""
    said = api.ask("POST", "chat.postMessage", {"channel": channel, "text": text})["message"]
    show(said)
    for message in answers(api, said["rid"], integration_id, said["ts"]):
        show(message)


def main() -> None:
    parser = argparse.ArgumentParser(description="Attach an integration to a group, and try it.")
    parser.add_argument("name", help="the name of the integration")
    parser.add_argument("--script", type=Path, metavar="FILE", help="its script")
    parser.add_argument("--calls", metavar="URL", help="what it calls: makes it an outgoing one")
    parser.add_argument("--say", default="", metavar="TEXT", help="say this in the group and show the answer")
    parser.add_argument(
        "--group", default="launch-control", help="the private group (default: that of the demo)"
    )
    given = parser.parse_args()
    if given.script and not given.script.is_file():
        parser.error(f"{given.script} is no file")
    api = Api()
    integration = attach(api, wanted(given))
    if given.calls is None:
        print(f"{api.url}/hooks/{integration['_id']}/{integration['token']}")
    if given.say:
        say(api, given.say, f"#{given.group}", integration["_id"])


if __name__ == "__main__":
    main()
