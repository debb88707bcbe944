"""The bytes of every answer: success, failure and the fixed ones (spec/01 §2, §3, §5, §6, §8)."""

import json
import math
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from strongback.errors import Failure

Header = tuple[bytes, bytes]


class Response(NamedTuple):
    """A complete answer, sent as it is; a header given here replaces the one always set."""

    status: int
    body: bytes
    headers: tuple[Header, ...] = ()
    content_type: bytes | None = None


class Raw(NamedTuple):
    """A prebuilt 200 body, ``"success":true`` included."""

    body: bytes


Answer = Mapping[str, object] | msgspec.Struct | Raw | Response

_fast = msgspec.json.Encoder().encode


def encode(value: object) -> bytes:
    """Serialise compactly; lone surrogates become U+FFFD and numbers that JSON lacks become null."""
    try:
        return _fast(value)
    except (UnicodeError, OverflowError):
        return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {_plain(str(key)): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(member) for member in value]
    if isinstance(value, msgspec.Struct):
        return {key: _plain(member) for key, member in _members(value) if member is not msgspec.UNSET}
    return json.loads(_fast(value))


def _members(value: msgspec.Struct) -> list[tuple[str, object]]:
    pairs = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
    return [(wire, getattr(value, name)) for wire, name in pairs]


def success(answer: Mapping[str, object] | msgspec.Struct) -> bytes:
    """Return the object with ``"success":true`` as its last member (spec/01 §2)."""
    if isinstance(answer, Mapping):
        if "success" in answer:
            answer = {key: value for key, value in answer.items() if key != "success"}
        body = encode(answer if type(answer) is dict else dict(answer))
    else:
        body = encode(answer)
    return b'{"success":true}' if len(body) == 2 else body[:-1] + b',"success":true}'


def failure(error: Failure) -> Response:
    """Return the answer for a ``Failure``: its own status, or the one its id stands for (spec/01 §2)."""
    if error.status == 401:
        return Response(401, encode({"status": "error", "message": error.message}))
    body: dict[str, object] = {"success": False, "error": error.message}
    if error.error == "error-too-many-requests":
        return Response(429, encode(body))
    if error.error == "error-unauthorized":
        return Response(403, encode(body))
    if error.error is not None:
        body["errorType"] = error.error
    if error.details is not None:
        body["details"] = error.details
    return Response(error.status, encode(body))


def refusal(status: int, text: str, headers: tuple[Header, ...] = ()) -> Response:
    """Return ``{"success":false,"error":text}`` with a status."""
    return Response(status, encode({"success": False, "error": text}), headers)


def not_found(text: str = "Resource not found") -> Response:
    """Return the 404 of spec/01 §2."""
    return refusal(404, text)


def unauthorized(text: str = "unauthorized") -> Response:
    """Return the 403 that 6.x sends where an endpoint itself checks permissions (spec/01 §8)."""
    return refusal(403, text)


def unavailable(text: str = "Service Unavailable") -> Response:
    """Return the 503 of a busy or full storage, which may be tried again in a second."""
    return refusal(503, text, ((b"retry-after", b"1"),))


def method_not_allowed(allow: bytes) -> Response:
    """Return the 405 with the verbs that the path has (spec/01 §5)."""
    body = encode({"status": "error", "message": "API endpoint does not exist"})
    return Response(405, body, ((b"allow", allow),))


LOGIN_REQUIRED = Response(401, b'{"status":"error","message":"You must be logged in to do this."}')
NOT_FOUND = not_found()
UNAUTHORIZED = unauthorized()
PERMISSIONS_REQUIRED = refusal(
    403, "User does not have the permissions required for this action [error-unauthorized]"
)
INTERNAL = refusal(500, "Internal error occured")
