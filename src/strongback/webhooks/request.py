"""The request to a receiver: the one that a script is offered, and what is made of the one it returns (spec/06 B3)."""

import base64
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import msgspec

from strongback.webhooks.schedule import LONGEST_TIMEOUT_MS

OutgoingRequest = dict[str, Any]
"""The `request` that prepare_outgoing_request gets."""

USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/41.0.2227.0 Safari/537.36"
)
NO_OPTIONS = "after-prepare-no-opts"
NO_TARGET = "after-prepare-no-url_or_method"
AUTH_FORM = 'auth option should be of the form "username:password"'
BODYLESS = frozenset({"GET", "HEAD"})
FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})
OF_THE_CONNECTION = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that say how the bytes travel; the transport writes them, and those of a script are left out."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class Unusable(Exception):
    """What a script returned can not be sent; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is ready to be signed and sent, or why there is none.

    `message` is to be posted first, also where nothing is sent. `stop` is the step at which the integration ends
    because the script wanted it, `error` a sentence about what it got wrong; there is nothing to send with either.
    """

    method: str = ""
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    timeout_ms: int | None = None
    message: Any = None
    stop: str | None = None
    error: str | None = None


def default_request(url: str, data: Mapping[str, Any]) -> OutgoingRequest:
    """The request that goes out unless a script changes it."""
    return {
        "params": {},
        "method": "POST",
        "url": url,
        "data": dict(data),
        "headers": {"User-Agent": USER_AGENT},
    }


def prepared(result: Any) -> Prepared:
    """Make a request of what a script returned, or of the default request where there is no script.

    `result` is a JSON value. Its `params` are left aside, as upstream does: a query belongs to `url`.
    """
    if not _truthy(result):
        return Prepared(stop=NO_OPTIONS)
    options = result if isinstance(result, dict) else {}
    message = None
    try:
        message = _message(options.get("message"))
        if not _truthy(options.get("url")) or not _truthy(options.get("method")):
            return Prepared(message=message, stop=NO_TARGET)
        method = _method(options["method"])
        headers, body = _content(method, _headers(options.get("headers")), options.get("data"))
        return Prepared(
            method=method,
            url=_url(options["url"]),
            headers=tuple((headers | _authorization(options.get("auth"))).values()),
            body=body,
            timeout_ms=_timeout(options.get("timeout")),
            message=message,
        )
    except Unusable as error:
        return Prepared(message=message, error=str(error))


def encode(request: Prepared) -> str:
    """Write a prepared request as the JSON text that is stored; the body as text where it is UTF-8."""
    members = asdict(request)
    body = members.pop("body")
    if body is not None:
        try:
            members["text"] = body.decode()
        except UnicodeDecodeError:
            members["base64"] = base64.b64encode(body).decode()
    return msgspec.json.encode({name: value for name, value in members.items() if value is not None}).decode()


def decode(text: str) -> Prepared:
    """Read what `encode` writes."""
    members = msgspec.json.decode(text)
    members["headers"] = tuple((name, value) for name, value in members["headers"])
    if "text" in members:
        members["body"] = members.pop("text").encode()
    elif "base64" in members:
        members["body"] = base64.b64decode(members.pop("base64"))
    return Prepared(**members)


Headers = dict[str, tuple[str, str]]
"""Headers by their name in lower case, each with its name as given."""


def _truthy(value: Any) -> bool:
    """Whether JavaScript takes the value for true: empty objects and arrays are."""
    return isinstance(value, dict | list) or bool(value)


def _message(value: Any) -> Any:
    if not _truthy(value):
        return None
    _json(value, "message")
    return value


def _method(value: Any) -> str:
    method = _text(value, "method").strip().upper()
    if not _TOKEN.fullmatch(method) or method in FORBIDDEN_METHODS:
        raise Unusable(f"{method!r} is no method of HTTP that can be sent")
    return method


def _url(value: Any) -> str:
    url = _text(value, "url").strip()
    _bytes(url, "url")
    return url


def _headers(value: Any) -> Headers:
    if not _truthy(value):
        return {}
    if not isinstance(value, dict):
        raise Unusable("headers must be an object of names and texts")
    headers: Headers = {}
    for name, given in value.items():
        if not _TOKEN.fullmatch(name):
            raise Unusable(f"{name!r} is no name of a header")
        if name.lower() not in OF_THE_CONNECTION:
            headers[name.lower()] = (name, _header_text(name, given))
    return headers


def _header_text(name: str, value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    text = _text(value, f"the header {name}").strip()
    if not _VALUE.fullmatch(text):
        raise Unusable(f"the header {name} holds a character that no header may hold")
    return text


def _content(method: str, headers: Headers, data: Any) -> tuple[Headers, bytes | None]:
    """The body, and the headers with its type; GET and HEAD have neither, whatever the data."""
    if method in BODYLESS or not _truthy(data):
        return headers, None
    body = _bytes(data, "data") if isinstance(data, str) else _json(data, "data")
    return {"content-type": ("Content-Type", "application/json")} | headers, body


def _authorization(value: Any) -> Headers:
    if not _truthy(value):
        return {}
    if not isinstance(value, str) or ":" not in value:
        raise Unusable(AUTH_FORM)
    credentials = base64.b64encode(_bytes(value, "auth")).decode()
    return {"authorization": ("Authorization", f"Basic {credentials}")}


def _timeout(value: Any) -> int | None:
    if not _truthy(value):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unusable("timeout must be a number of milliseconds")
    return int(min(max(value, 1), LONGEST_TIMEOUT_MS))


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise Unusable(f"{name} must be a text")
    return value


def _json(value: Any, name: str) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        raise Unusable(f"{name} is no Unicode text") from None


def _bytes(text: str, name: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Unusable(f"{name} is no Unicode text") from None
