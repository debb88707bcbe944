"""Passwords: bcrypt over the hexadecimal SHA-256, as a Rocket.Chat database holds them (spec/01 section 4)."""

import asyncio
import hashlib
import re
from collections.abc import Mapping

import bcrypt

ROUNDS = 10
DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
NOBODY = b"$2b$10$xUM3.2ywl9p1WMB9k0MRWelWK.fAV/j3HHMq7OdVQg5LyXL7XQnQW"
"""Compared with where there is no account, so that its absence does not show in the time taken; made in `ROUNDS`, as
those of accounts are, and once, for it would take a tenth of every start."""


def digest(password: str) -> str:
    """The hexadecimal SHA-256 of a password; ValueError for text with a lone surrogate."""
    return hashlib.sha256(password.encode()).hexdigest()


def digest_of(given: object) -> str | None:
    """The digest of a password as a client sends it: text, or `{digest, algorithm: "sha-256"}`; None for neither."""
    if isinstance(given, str):
        return digest(given)
    if isinstance(given, Mapping) and given.get("algorithm") == "sha-256":
        value = given.get("digest")
        if isinstance(value, str) and DIGEST.fullmatch(value.lower()):
            return value.lower()
    return None


async def hash_password(password: str) -> str:
    """The stored form of a password."""
    hashed = await asyncio.to_thread(bcrypt.hashpw, digest(password).encode(), bcrypt.gensalt(ROUNDS))
    return hashed.decode()


async def verify(password_digest: str, stored: str | None) -> bool:
    """Whether a digest fits the stored form; takes the time of a comparison even where nothing is stored."""
    expected = NOBODY if stored is None else stored.encode()
    try:
        fits = await asyncio.to_thread(bcrypt.checkpw, password_digest.encode(), expected)
    except ValueError:  # a stored form that is no bcrypt hash
        return False
    return fits and stored is not None
