"""Tokens: what a login hands out, and the personal access tokens that a user makes (spec/01 section 3)."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.dates import format_date
from strongback.documents.user import is_active
from strongback.errors import Conflict, Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Guard, TokenNameFree, Unchanged
from strongback.storage.steps import Put, PutToken, RemoveToken, Step, Token

KEPT_LOGIN_TOKENS = 50


def hash_token(token: str) -> str:
    """The stored form of a token: base64 of its SHA-256."""
    return base64.b64encode(hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()).decode()


def login_entry(user_id: str, token: str, now: int) -> PutToken:
    """The step that stores a login token."""
    hashed = hash_token(token)
    body = {"when": format_date(now), "hashedToken": hashed}
    return PutToken(Token(user_id, hashed, body, (("when",),)), keep=KEPT_LOGIN_TOKENS)


async def issue_login_token(store: Store, clock: Clock, user_id: str) -> str:
    """Make a login token for a user; the oldest beyond fifty go. Failure for an account that is not active."""
    token = ids.login_token()

    async def attempt() -> str:
        active = await _active(store, user_id)
        await store.commit(Changes([active], [login_entry(user_id, token, clock())]))
        return token

    return await retry(attempt)


async def _active(store: Store, user_id: str) -> Unchanged:
    """The guard under which an account stays as it is; Failure for one that is not active: its tokens went, and stay so."""
    stored = await store.get("users", user_id)
    if stored is None or not is_active(stored.decode()):
        raise Failure("User is not activated", "error-user-is-not-activated")
    return Unchanged("users", user_id, stored.revision)


async def create_for(store: Store, clock: Clock, caller: Caller, user_id: str, *, offered: bool) -> str:
    """Make a login token for somebody (users.createToken); `offered` says whether the process does so at all."""
    if not offered or (user_id != caller.id and not caller.may("user-generate-access-token")):
        raise Failure("Not authorized", "error-not-authorized", details={"method": "createToken"})
    return await issue_login_token(store, clock, user_id)


def personal_entry(user_id: str, name: str, token: str, now: int, *, bypass_two_factor: bool) -> Token:
    """A personal access token as it is stored."""
    hashed = hash_token(token)
    body = {
        "hashedToken": hashed,
        "type": "personalAccessToken",
        "createdAt": format_date(now),
        "lastTokenPart": token[-6:],
        "name": name,
        "bypassTwoFactor": bypass_two_factor,
    }
    return Token(user_id, hashed, body, (("createdAt",),))


def _require_permission(caller: Caller) -> None:
    if not caller.may("create-personal-access-tokens"):
        raise Failure("Not Authorized", "not-authorized")


async def generate(store: Store, clock: Clock, caller: Caller, name: str, *, bypass_two_factor: bool) -> str:
    """Make a personal access token; its text is shown this once (spec/08)."""
    _require_permission(caller)
    token = ids.login_token()

    async def attempt() -> str:
        entry = personal_entry(caller.id, name, token, clock(), bypass_two_factor=bypass_two_factor)
        guards: list[Guard] = [TokenNameFree(caller.id, name), await _active(store, caller.id)]
        try:
            await store.commit(Changes(guards, [PutToken(entry)]))
        except Conflict as conflict:
            if isinstance(conflict.guard, TokenNameFree):
                raise Failure("A token with this name already exists", "error-token-already-exists") from None
            raise
        return token

    return await retry(attempt)


async def _named(store: Store, caller: Caller, name: str) -> Token:
    for token in await store.tokens(caller.id):
        if token.name == name:
            return token
    raise Failure("Token does not exist", "error-token-does-not-exists")


async def regenerate(store: Store, clock: Clock, caller: Caller, name: str) -> str:
    """Replace the text of a personal access token; the old one ends at once."""
    _require_permission(caller)
    token = ids.login_token()

    async def attempt() -> str:
        stored = await store.get("users", caller.id)
        if stored is None or not is_active(stored.decode()):
            raise Failure("Not Authorized", "not-authorized")
        old = await _named(store, caller, name)
        user, now = stored.decode(), clock()
        user.set_date("_updatedAt", now)
        bypass = old.body.get("bypassTwoFactor") is True
        entry = personal_entry(caller.id, name, token, now, bypass_two_factor=bypass)
        # Writing the account as well makes two requests at once take turns.
        steps: list[Step] = [Put("users", user), RemoveToken(caller.id, old.hash), PutToken(entry)]
        await store.commit(Changes([Unchanged("users", user.id, user.revision)], steps))
        return token

    return await retry(attempt)


async def remove(store: Store, caller: Caller, name: str) -> None:
    """Remove a personal access token."""
    _require_permission(caller)
    old = await _named(store, caller, name)
    await store.commit(Changes([], [RemoveToken(caller.id, old.hash)]))


async def listing(store: Store, caller: Caller) -> list[Mapping[str, Any]]:
    """The caller's personal access tokens, without hashes."""
    _require_permission(caller)
    shown = ("name", "createdAt", "lastTokenPart", "bypassTwoFactor")
    return [
        {name: token.body[name] for name in shown if name in token.body}
        for token in await store.tokens(caller.id)
        if token.name is not None
    ]
