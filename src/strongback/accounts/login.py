"""Login, resume and logout (spec/01 sections 3 and 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strongback import ids
from strongback.accounts import totp
from strongback.accounts.caller import Caller, RoomRead
from strongback.accounts.login_attempts import LoginAttempts
from strongback.accounts.passwords import digest_of, verify
from strongback.accounts.permissions import AccessCache
from strongback.accounts.retry import retry
from strongback.accounts.tokens import hash_token, login_entry
from strongback.accounts.usernames import Settings
from strongback.clock import Clock
from strongback.documents.document import Document, Stored
from strongback.documents.user import is_active, password_hash
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomKey, Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put, RemoveToken, Step


class LoginFailure(Failure):
    """A login that is refused; the wire has an envelope of its own for it: `{status, error, message}`."""

    def __init__(self, error: str | int, text: str, details: object = None) -> None:
        super().__init__(text, details=details, status=401)
        self.reason = error


UNAUTHORIZED = ("Unauthorized", "Unauthorized")
MATCH_FAILED = (400, "Match failed")
LOGGED_OUT = (403, "You've been logged out by the server. Please log in again.")
NOT_ACTIVATED = ("error-user-is-not-activated", "User is not activated")
BLOCKED = {
    "user": ("error-login-blocked-for-user", "Login has been temporarily blocked For User"),
    "ip": ("error-login-blocked-for-ip", "Login has been temporarily blocked For IP"),
}
GUESSES = frozenset({UNAUTHORIZED[0], "totp-invalid"})
"""The failures that count against somebody."""


async def authenticate(
    store: Store,
    cache: AccessCache,
    user_id: str,
    token: str,
    room: RoomKey | None = None,
    everywhere: str | None = None,
) -> Caller | None:
    """The account with this id and this token, with the grants now in force; None unless both fit.

    A room that is to be looked up anyway is read along, in the same statement; and with a scope, which integrations
    reach it.
    """
    hashed = hash_token(token)
    login = await store.authenticate(user_id, hashed, room, everywhere)
    if login is None:
        return None
    access = await cache.current(login.access_revision)
    read = None if room is None else RoomRead(room, login.room, login.reaching)
    return Caller(login.user_id, login.username, login.roles, access, hashed, read)


@dataclass(frozen=True, slots=True)
class Watch:
    """Where a login comes from, and who has failed before."""

    attempts: LoginAttempts
    settings: Settings
    address: str

    async def check(self, account: str, now: int) -> None:
        """Raise LoginFailure for an account, or an address, that has to wait."""
        _refuse(await self.attempts.blocked(self.settings, account, self.address, now))

    async def failed(self, account: str, now: int) -> None:
        """Count a wrong guess; raises LoginFailure if others, made beside it, were too many already."""
        _refuse(await self.attempts.failed(self.settings, account, self.address, now))

    async def succeeded(self, account: str, now: int) -> None:
        """Forget the wrong guesses; raises LoginFailure if those made beside the right one were too many."""
        await self.check(account, now)
        await self.attempts.succeeded(account, self.address)


def _refuse(blocked: str | None) -> None:
    if blocked is not None:
        raise LoginFailure(*BLOCKED[blocked])


async def log_in(
    store: Store, clock: Clock, body: Mapping[str, Any], watch: Watch | None = None
) -> tuple[Document, str]:
    """The account and a token for a login body; raises LoginFailure.

    The body has `resume`, or one of `user`, `username`, `email` with a `password`. An unknown account and a wrong
    password get one answer.
    """
    if "resume" in body:
        return await _resume(store, clock, body["resume"])
    password_digest = digest_of(body.get("password"))
    if password_digest is None:
        raise LoginFailure(*MATCH_FAILED)
    name, stored = await _account(store, body)
    who = name.casefold() if stored is None else stored.id
    if watch is not None:
        await watch.check(who, clock())
    try:
        document = await _checked(stored, password_digest, body.get("code"), clock())
    except LoginFailure as failure:
        # Of guesses beside each other, none may tell right from wrong.
        if watch is not None:
            await (watch.failed if failure.reason in GUESSES else watch.check)(who, clock())
        raise
    if watch is not None:
        await watch.succeeded(who, clock())
    return await _enter(store, clock, document)


async def _checked(stored: Stored | None, password_digest: str, code: object, now: int) -> Document:
    """The account, if password and code are right and it is active."""
    document = None if stored is None else stored.decode()
    expected = None if document is None else password_hash(document)
    if not await verify(password_digest, expected) or document is None:
        raise LoginFailure(*UNAUTHORIZED)
    if not is_active(document):
        raise LoginFailure(*NOT_ACTIVATED)
    _check_code(document, code, now)
    return document


async def _enter(store: Store, clock: Clock, verified: Document) -> tuple[Document, str]:
    """Give an account a token, unless it was deactivated, or its password changed, since it was verified."""
    token = ids.login_token()

    async def attempt() -> tuple[Document, str]:
        stored, now = await store.get("users", verified.id), clock()
        user = None if stored is None else stored.decode()
        if user is None or password_hash(user) != password_hash(verified):
            raise LoginFailure(*UNAUTHORIZED)
        if not is_active(user):
            raise LoginFailure(*NOT_ACTIVATED)
        await store.commit(_arrival(user, now, login_entry(user.id, token, now)))
        return user, token

    return await retry(attempt)


def _arrival(user: Document, now: int, *steps: Step) -> Changes:
    """The changes of a login: when it was, and further steps."""
    user.set_date("lastLogin", now)
    user.set_date("_updatedAt", now)
    return Changes([Unchanged("users", user.id, user.revision)], [Put("users", user), *steps])


def _check_code(user: Document, code: object, now: int) -> None:
    """Ask an account that has time-based codes for one."""
    if not totp.enabled(user):
        return
    details = {"method": "totp", "codeGenerated": False, "availableMethods": ["totp"]}
    if not isinstance(code, str) or not code:
        raise LoginFailure("totp-required", "TOTP Required", details)
    if not totp.fits(user, code, now):
        raise LoginFailure("totp-invalid", "TOTP Invalid", details)


async def _resume(store: Store, clock: Clock, token: object) -> tuple[Document, str]:
    if not isinstance(token, str):
        raise LoginFailure(*MATCH_FAILED)

    async def attempt() -> tuple[Document, str]:
        owner = await store.token_owner(hash_token(token))
        stored = None if owner is None else await store.get("users", owner)
        if stored is None:
            raise LoginFailure(*LOGGED_OUT)
        user = stored.decode()
        await store.commit(_arrival(user, clock()))
        return user, token

    return await retry(attempt)


async def _account(store: Store, body: Mapping[str, Any]) -> tuple[str, Stored | None]:
    """The name in a login body, and the account of that name; `user` wins over `username` over `email`."""
    user, username, email = (body.get(name) for name in ("user", "username", "email"))
    if isinstance(user, str) and user:
        return user, await (store.user_by_email(user) if "@" in user else store.user_by_name(user))
    if isinstance(username, str) and username:
        return username, await store.user_by_name(username)
    if isinstance(email, str) and email:
        return email, await store.user_by_email(email)
    raise LoginFailure(*MATCH_FAILED)


async def log_out(store: Store, caller: Caller) -> None:
    """Remove the token that the request presented, and no other."""
    await store.commit(Changes([], [RemoveToken(caller.id, caller.token_hash)]))
