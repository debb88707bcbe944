"""Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body (standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)
TOLERANCE_S = 300
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
VERSION = "v1"
_TIMESTAMP_DIGITS = 12


class BadSecret(ValueError):
    """A text is no signing secret; what it says never shows the text."""


def parse_secret(text: str) -> bytes:
    """The key of a secret `whsec_...`: 24 to 64 bytes in base64. Raises BadSecret for anything else."""
    if not text.startswith(PREFIX):
        raise BadSecret(f"A signing secret starts with {PREFIX}.")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret(f"What follows {PREFIX} in a signing secret must be base64.") from None
    if len(key) not in KEY_BYTES:
        raise BadSecret(f"A signing secret has {KEY_BYTES[0]} to {KEY_BYTES[-1]} bytes, not {len(key)}.")
    return key


def sign(key: bytes, id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers that sign this body. Raises ValueError for an id with a full stop, which separates the parts."""
    if not id or "." in id:
        raise ValueError(f"{id!r} can not be signed as an id")
    signature = _signature(key, id, str(timestamp_s), body)
    return {ID: id, TIMESTAMP: str(timestamp_s), SIGNATURE: f"{VERSION},{signature}"}


def verify(key: bytes, headers: Mapping[str, str], body: bytes, now_s: int) -> str | None:
    """Why these headers do not sign this body, in a sentence; None where one signature does.

    The names of `headers` are in lower case. All signatures are compared, each in constant time.
    """
    id, timestamp, given = (headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    for name, value in ((ID, id), (TIMESTAMP, timestamp), (SIGNATURE, given)):
        if not value:
            return f"The header {name} is missing."
    if "." in id:
        return f"The header {ID} may not contain a full stop."
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _TIMESTAMP_DIGITS):
        return f"The header {TIMESTAMP} must be a number of seconds."
    if int(timestamp) < now_s - TOLERANCE_S:
        return f"The header {TIMESTAMP} is more than {TOLERANCE_S} seconds old."
    if int(timestamp) > now_s + TOLERANCE_S:
        return f"The header {TIMESTAMP} is more than {TOLERANCE_S} seconds ahead."
    expected = f"{VERSION},{_signature(key, id, timestamp, body)}".encode()
    matches = [hmac.compare_digest(expected, one.encode(errors="replace")) for one in given.split(" ")]
    return None if any(matches) else f"The header {SIGNATURE} does not sign this body."


def _signature(key: bytes, id: str, timestamp: str, body: bytes) -> str:
    content = f"{id}.{timestamp}.".encode(errors="replace") + body
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
