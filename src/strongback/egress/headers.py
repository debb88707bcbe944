"""The headers of a request, checked and complete, and those of an answer."""

import re
from collections.abc import Iterable
from importlib.metadata import version

from strongback.egress.contract import EgressError, Request
from strongback.egress.decoding import CODINGS
from strongback.egress.target import Target

Header = tuple[str, str]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile("[\\t -~\\x80-\\ud7ff\\ue000-\\U0010ffff]*")
_OF_THE_CONNECTION = {
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
"""They say how the message lies on this connection, which the client decides; a caller's are left out."""

_ACCEPT_ENCODING: Header = ("Accept-Encoding", CODINGS)
_USER_AGENT: Header = ("User-Agent", f"Strongback/{version('strongback')}")


def outgoing(request: Request, target: Target) -> dict[str, Header]:
    """Return the headers to send, by their names in lower case. Raises EgressError `protocol`."""
    if not _TOKEN.fullmatch(request.method) or request.method.upper() == "CONNECT":
        raise EgressError("protocol", f"{request.method!r} is no method that can be sent")
    headers: dict[str, Header] = {}
    for name, value in request.headers.items():
        if not _TOKEN.fullmatch(name):
            raise EgressError("protocol", f"{name!r} is no name of a header")
        if not _VALUE.fullmatch(value):
            raise EgressError("protocol", f"the header {name} has a line break or another control character")
        if name.lower() not in _OF_THE_CONNECTION:
            headers[name.lower()] = (name, value)
    headers.setdefault("user-agent", _USER_AGENT)
    headers.setdefault("accept-encoding", _ACCEPT_ENCODING)
    if target.authorization is not None:
        headers.setdefault("authorization", ("Authorization", target.authorization))
    return headers


def incoming(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return an answer's headers by their names in lower case; values of the same name are joined."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("utf-8", "replace")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers
