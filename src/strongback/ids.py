"""Ids and tokens, in the alphabets that Rocket.Chat uses (spec/01 section 1)."""

import os
import secrets

UNMISTAKABLE = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"


def document_id() -> str:
    """A new id for a room, an integration, a subscription or a message: 24 hexadecimal digits."""
    return os.urandom(12).hex()


def unmistakable(length: int) -> str:
    """A random string of characters that people do not confuse with each other."""
    return "".join(secrets.choice(UNMISTAKABLE) for _ in range(length))


def user_id() -> str:
    """A new id for a user: 17 characters."""
    return unmistakable(17)


def login_token() -> str:
    """A new login token: 43 url-safe characters."""
    return secrets.token_urlsafe(32)
