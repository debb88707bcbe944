"""Request bodies: reading within the limit, decoding JSON and urlencoded text (spec/01 §1, §3)."""

from collections.abc import Mapping
from typing import TypeAlias, cast

import msgspec
from starlette.types import Receive

from strongback.errors import Failure
from strongback.http import qs

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

_decode = msgspec.json.Decoder().decode


class DisconnectedError(Exception):
    """The client went away before its body was complete."""


def too_large(limit: int) -> Failure:
    """Return the 413 of a body beyond ``limit`` bytes."""
    return Failure(f"The request body is larger than {limit} bytes", status=413)


async def read(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> bytes:
    """Read the body; one that announces or turns out more than ``limit`` bytes is a 413."""
    length = headers.get(b"content-length")
    if length is not None and length.isdigit() and (len(length) > 18 or int(length) > limit):
        raise too_large(limit)
    chunks: list[bytes] = []
    total = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        chunk: bytes = message.get("body", b"")
        total += len(chunk)
        if total > limit:
            raise too_large(limit)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def parse(raw: bytes, content_type: str | None) -> dict[str, Json] | list[Json]:
    """Decode a body by its content type; without one it must be JSON, and an empty body is ``{}``."""
    if not raw:
        return {}
    kind = "" if content_type is None else content_type.partition(";")[0].strip().lower()
    value: dict[str, Json] | list[Json]
    if kind in {"", "application/json"} or kind.endswith("+json"):
        value = document(raw, "The request body")
    elif kind == "application/x-www-form-urlencoded":
        value = cast("dict[str, Json]", qs.parse(raw))
    else:
        raise Failure(f'The content type "{kind}" is not supported', status=415)
    # Rocket.Chat 6.x: a text member "payload" holds JSON that replaces the body, anywhere (spec/01 §3).
    if isinstance(value, dict) and isinstance(payload := value.get("payload"), str):
        return document(payload.encode("utf-8", "surrogatepass"), 'The parameter "payload"')
    return value


def document(raw: bytes, name: str) -> dict[str, Json] | list[Json]:
    """Decode JSON whose top level must be an object or an array; ``name`` opens the error text."""
    if not raw.strip():
        return {}
    value = json_value(raw, name)
    if not isinstance(value, dict | list):
        raise Failure(f"{name} must be a JSON object or array")
    return value


def json_value(raw: bytes, name: str) -> Json:
    """Decode strict JSON: no NaN, no lone surrogates, no invalid UTF-8, no bottomless nesting."""
    try:
        value: Json = _decode(raw)  # msgspec itself refuses lone surrogates, as raw bytes and as escapes
    except RecursionError:
        raise Failure(f"{name} is nested too deeply") from None
    except UnicodeError:
        raise Failure(f"{name} is not valid Unicode text") from None
    except msgspec.MsgspecError as error:
        raise Failure(f"{name} is not valid JSON: {error}") from None
    return value
