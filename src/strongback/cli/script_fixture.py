"""What `strongback script run` gives to a script: a fixture, filled up with what the server would give."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from strongback.scripts.contract import Fetch, FetchCall, Fetched, FetchError
from strongback.webhooks.answer import PROCESS
from strongback.webhooks.attempt import PREPARE
from strongback.webhooks.incoming_script import METHOD as INCOMING
from strongback.webhooks.request import default_request

METHODS = (INCOMING, PREPARE, PROCESS)
PATH = "/hooks/64f0c0ffee64f0c0ffee64f0/token"
NAMES = {"integrationId": "64f0c0ffee64f0c0ffee64f0", "token": "token"}
USER = {"_id": "rocket.cat", "name": "Rocket.Cat", "username": "rocket.cat"}
CONTENT = {"text": "hello"}
DATA = {
    "token": "token",
    "bot": False,
    "channel_id": "GENERAL",
    "channel_name": "general",
    "message_id": "message",
    "timestamp": "2026-01-01T00:00:00.000Z",
    "user_id": "ada",
    "user_name": "ada",
    "text": "!echo hello",
    "trigger_word": "!echo",
}


class UnusableFixture(ValueError):
    """A fixture says something that has no meaning; the text is a sentence."""


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """What a fixture answers to a script's fetch: a response, its body as `text` or as `json`, or an `error`."""

    url: str
    method: str | None = None
    status: int = 200
    headers: dict[str, str] = {}
    text: str = ""
    json: Any = msgspec.UNSET
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Fixture:
    """A script's argument, the Store it finds, and the answers to its requests; None lets requests go out."""

    argument: dict[str, Any]
    store: dict[str, Any] = field(default_factory=dict)
    answers: tuple[Answer, ...] | None = None


def read(text: str, method: str) -> Fixture:
    """Read a fixture: `{"request", "response", "store", "fetch"}`, each if wanted, or a request alone.

    Raises UnusableFixture.
    """
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableFixture(f"is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise UnusableFixture("is not a JSON object")
    if "request" not in given and not given.keys() & {"response", "store", "fetch"}:
        given = {"request": given}
    if unknown := sorted(given.keys() - {"request", "response", "store", "fetch"}):
        raise UnusableFixture(f"has {unknown[0]!r} beside the request: known are response, store and fetch")
    argument = {"request": _request(method, _object(given, "request"))}
    if method == PROCESS:
        argument["response"] = _response(_object(given, "response"))
    answers = tuple(map(_answer, given["fetch"])) if isinstance(given.get("fetch"), list) else None
    if answers is None and given.get("fetch") is not None:
        raise UnusableFixture("has a fetch that is no list")
    return Fixture(argument, _object(given, "store"), answers)


def answering(answers: tuple[Answer, ...]) -> FetchCall:
    """A fetch that answers from a fixture: by the first entry with the URL, and the method where it names one."""

    async def fetch(asked: Fetch) -> Fetched:
        for answer in answers:
            if answer.url == asked.url and answer.method in (None, asked.method):
                if answer.error is not None:
                    raise FetchError(answer.error)
                text = answer.text if answer.json is msgspec.UNSET else json.dumps(answer.json)
                names = {name.lower(): value for name, value in answer.headers.items()}
                return Fetched(answer.status, names, text)
        raise FetchError(f"The fixture has no answer for {asked.method} {asked.url}")

    return fetch


def _object(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    if value is not None and not isinstance(value, dict):
        raise UnusableFixture(f"has a {name} that is no object")
    return value or {}


def _answer(entry: Any) -> Answer:
    try:
        return msgspec.convert(entry, Answer)
    except msgspec.ValidationError as error:
        raise UnusableFixture(f"has an answer to fetch that cannot be used: {error}") from None


def _request(method: str, given: Mapping[str, Any]) -> dict[str, Any]:
    if method != INCOMING:
        return {**default_request("https://bot.example.com/", DATA), **given}
    content = given.get("content", CONTENT)
    standard: dict[str, Any] = {
        "url": {"hash": None, "search": None, "query": {}, "pathname": PATH, "path": PATH},
        "url_raw": PATH,
        "url_params": NAMES,
        "content": content,
        "content_raw": json.dumps(content),
        "headers": {"content-type": "application/json"},
        "body": content,
        "user": USER,
    }
    return {**standard, **given}


def _response(given: Mapping[str, Any]) -> dict[str, Any]:
    content = given.get("content", "{}")
    if not isinstance(content, str):  # a script always gets a text
        content = json.dumps(content)
    headers = {"content-type": "application/json"}
    standard = {"error": None, "status_code": 200, "content_raw": content, "headers": headers}
    return {**standard, **given, "content": content}
