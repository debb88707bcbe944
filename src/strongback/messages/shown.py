"""Messages as one reader sees them: others' stars are cut, real names filled in (spec/07 section 4)."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.storage.contract import Store

TEXTS_A_TURN = 50


async def shown(store: Store, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
    """A message's members as the caller sees them."""
    seen = without_stars(dict(body), caller.id)
    if caller.setting("UI_Use_Real_Name"):
        _name(seen, await _names(store, set(_usernames(seen))))
    return seen


def clean(text: str, user_id: str) -> str:
    """A wire text without the stars of others."""
    if '"starred"' not in text:
        return text
    return msgspec.json.encode(without_stars(msgspec.json.decode(text), user_id)).decode()


def without_stars(body: dict[str, Any], user_id: str) -> dict[str, Any]:
    """The message with no star but the reader's own."""
    stars = body.get("starred")
    if isinstance(stars, list):
        body["starred"] = [star for star in stars if isinstance(star, dict) and star.get("_id") == user_id]
    return body


async def with_names(store: Store, texts: list[str]) -> list[str]:
    """Wire texts with the real names of those whom they name."""
    named: list[str] = []
    known: dict[str, str | None] = {}
    for start in range(0, len(texts), TEXTS_A_TURN):
        bodies = [msgspec.json.decode(text) for text in texts[start : start + TEXTS_A_TURN]]
        wanted = {username for body in bodies for username in _usernames(body)}
        known |= await _names(store, wanted - known.keys())
        for body in bodies:
            _name(body, known)
        named += [msgspec.json.encode(body).decode() for body in bodies]
        await asyncio.sleep(0)
    return named


async def _names(store: Store, usernames: Iterable[str]) -> dict[str, str | None]:
    """The real names of accounts; None for an account that is not there or has none."""
    found: dict[str, str | None] = {}
    for username in usernames:
        stored = await store.user_by_name(username)
        body = {} if stored is None else msgspec.json.decode(stored.text)
        found[username] = body.get("name") if body.get("username") == username else None
    return found


def _people(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The author and those who are mentioned, each with a username."""
    mentions = body.get("mentions")
    for one in (body.get("u"), *(mentions if isinstance(mentions, list) else ())):
        if isinstance(one, dict) and isinstance(one.get("username"), str):
            yield one


def _reactions(body: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The reactions, each with the usernames of those who gave it."""
    reactions = body.get("reactions")
    for one in reactions.values() if isinstance(reactions, dict) else ():
        usernames = one.get("usernames") if isinstance(one, dict) else None
        if isinstance(usernames, list):
            yield one, [username for username in usernames if isinstance(username, str)]


def _usernames(body: Mapping[str, Any]) -> Iterator[str]:
    yield from (one["username"] for one in _people(body))
    yield from (username for _, usernames in _reactions(body) for username in usernames)


def _name(body: dict[str, Any], names: Mapping[str, str | None]) -> None:
    """Fill in real names where there are any; a reaction names everybody, if only by username."""
    for one in _people(body):
        if name := names.get(one["username"]):
            one["name"] = name
    for reaction, usernames in _reactions(body):
        reaction["names"] = [names.get(username) or username for username in usernames]
