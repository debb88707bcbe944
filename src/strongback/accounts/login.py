"""Login, resume and logout (spec/01 sections 3 and 4)."""

from collections.abc import Mapping
from typing import Any

from strongback.accounts import totp
from strongback.accounts.caller import Caller
from strongback.accounts.passwords import digest_of, verify
from strongback.accounts.permissions import AccessCache
from strongback.accounts.tokens import hash_token, issue_login_token
from strongback.clock import Clock
from strongback.documents.document import Document, Stored
from strongback.errors import Failure
from strongback.storage.changes import Changes, RemoveToken
from strongback.storage.contract import Store


class LoginFailure(Failure):
    """A login that is refused; the wire has an envelope of its own for it: `{status, error, message}`."""

    def __init__(self, error: str | int, text: str, details: object = None) -> None:
        super().__init__(text, details=details, status=401)
        self.reason = error


UNAUTHORIZED = ("Unauthorized", "Unauthorized")
MATCH_FAILED = (400, "Match failed")
LOGGED_OUT = (403, "You've been logged out by the server. Please log in again.")
NOT_ACTIVATED = ("error-user-is-not-activated", "User is not activated")


async def authenticate(store: Store, cache: AccessCache, user_id: str, token: str) -> Caller | None:
    """The account with this id and this token, with the grants now in force; None unless both fit."""
    hashed = hash_token(token)
    login = await store.authenticate(user_id, hashed)
    if login is None:
        return None
    access = await cache.current(login.access_revision)
    return Caller(login.user_id, login.username, login.roles, access, hashed)


async def log_in(store: Store, clock: Clock, body: Mapping[str, Any]) -> tuple[Document, str]:
    """The account and a token for a login body; raises LoginFailure.

    The body has `resume`, or one of `user`, `username`, `email` with a `password`. An unknown account and a wrong
    password get one answer.
    """
    if "resume" in body:
        return await _resume(store, body["resume"])
    password_digest = digest_of(body.get("password"))
    if password_digest is None:
        raise LoginFailure(*MATCH_FAILED)
    stored = await _account(store, body)
    document = None if stored is None else stored.decode()
    if not await verify(password_digest, _password_hash(document)) or document is None:
        raise LoginFailure(*UNAUTHORIZED)
    if document.body.get("active", True) is not True:
        raise LoginFailure(*NOT_ACTIVATED)
    _check_code(document, body.get("code"), clock())
    return document, await issue_login_token(store, clock, document.id)


def _check_code(user: Document, code: object, now: int) -> None:
    """Ask an account that has time-based codes for one."""
    if not totp.enabled(user):
        return
    details = {"method": "totp", "codeGenerated": False, "availableMethods": ["totp"]}
    if not isinstance(code, str) or not code:
        raise LoginFailure("totp-required", "TOTP Required", details)
    if not totp.fits(user, code, now):
        raise LoginFailure("totp-invalid", "TOTP Invalid", details)


async def _resume(store: Store, token: object) -> tuple[Document, str]:
    if not isinstance(token, str):
        raise LoginFailure(*MATCH_FAILED)
    owner = await store.token_owner(hash_token(token))
    stored = None if owner is None else await store.get("users", owner)
    if stored is None:
        raise LoginFailure(*LOGGED_OUT)
    return stored.decode(), token


async def _account(store: Store, body: Mapping[str, Any]) -> Stored | None:
    """The account that a login body names; `user` wins over `username` over `email`."""
    user, username, email = (body.get(name) for name in ("user", "username", "email"))
    if isinstance(user, str) and user:
        return await (store.user_by_email(user) if "@" in user else store.user_by_name(user))
    if isinstance(username, str) and username:
        return await store.user_by_name(username)
    if isinstance(email, str) and email:
        return await store.user_by_email(email)
    raise LoginFailure(*MATCH_FAILED)


def _password_hash(document: Document | None) -> str | None:
    services = document.body.get("services") if document is not None else None
    password = services.get("password") if isinstance(services, dict) else None
    stored = password.get("bcrypt") if isinstance(password, dict) else None
    return stored if isinstance(stored, str) else None


async def log_out(store: Store, caller: Caller) -> None:
    """Remove the token that the request presented, and no other."""
    await store.commit(Changes([], [RemoveToken(caller.id, caller.token_hash)]))
