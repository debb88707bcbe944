"""Time-based codes of accounts that were imported with them (RFC 6238; spec/01 section 9)."""

import base64
import binascii
import hashlib
import hmac
from typing import Any

from strongback.documents.document import Document

STEP_SECONDS = 30
DRIFT = 1
"""Codes of so many steps before and after now are taken, since clocks differ."""


def enabled(user: Document) -> bool:
    """Whether an account asks for a code."""
    service = _service(user)
    return service.get("enabled") is True and isinstance(service.get("secret"), str)


def fits(user: Document, code: str, now: int) -> bool:
    """Whether a code is the account's at a time in epoch milliseconds."""
    secret = str(_service(user).get("secret", "")).strip().upper()
    try:
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    except (binascii.Error, ValueError):
        return False
    if not key:
        return False
    step = now // 1000 // STEP_SECONDS
    given = code.encode("utf-8", "replace")
    steps = range(step - DRIFT, step + DRIFT + 1)
    return any(hmac.compare_digest(_code(key, one), given) for one in steps)


def _service(user: Document) -> dict[str, Any]:
    services = user.body.get("services")
    service = services.get("totp") if isinstance(services, dict) else None
    return service if isinstance(service, dict) else {}


def _code(key: bytes, step: int) -> bytes:
    mac = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return b"%06d" % (number % 1_000_000)
