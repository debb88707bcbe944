"""Ids and tokens, in the alphabets that Rocket.Chat uses (spec/01 section 1)."""

import os
import secrets

POOL_BYTES = 4_096
UNMISTAKABLE = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"


_pool = bytearray()


def _random(count: int) -> bytes:
    """Random bytes, asked of the system many at a time: asking costs more than an id."""
    if len(_pool) < count:
        _pool[:] = os.urandom(POOL_BYTES)
    taken = bytes(_pool[-count:])
    del _pool[-count:]
    return taken


def document_id() -> str:
    """A new id for a room, an integration or a subscription: 24 hexadecimal digits."""
    return _random(12).hex()


def ordered_id(now: int) -> str:
    """A new id for what comes in great number, such as messages: 24 hexadecimal digits that begin with the time.

    `now` is in epoch milliseconds. Rows with such ids stand together in an index, so that a write touches few pages.
    """
    return f"{max(now, 0):012x}{_random(6).hex()}"


def unmistakable(length: int) -> str:
    """A random string of characters that people do not confuse with each other."""
    return "".join(secrets.choice(UNMISTAKABLE) for _ in range(length))


def user_id() -> str:
    """A new id for a user: 17 characters."""
    return unmistakable(17)


def login_token() -> str:
    """A new login token: 43 url-safe characters."""
    return secrets.token_urlsafe(32)
