"""The second factor, in the one form that accounts here have: the password again (spec/01 section 9)."""

from strongback.accounts.caller import Caller
from strongback.accounts.passwords import DIGEST, verify
from strongback.clock import Clock
from strongback.documents.dates import parse_date
from strongback.errors import Failure
from strongback.storage.contract import Store


async def check(store: Store, clock: Clock, caller: Caller, code: str | None, method: str | None) -> None:
    """Pass, or raise Failure `totp-required` or `totp-invalid`.

    An account with a password sends its hexadecimal SHA-256 as `x-2fa-code`. Passed without: accounts younger than
    `Accounts_TwoFactorAuthentication_RememberFor` seconds, tokens made to bypass it, and accounts with no password.
    """
    if not caller.setting("Accounts_TwoFactorAuthentication_Enabled"):
        return
    if not caller.setting("Accounts_TwoFactorAuthentication_Enforce_Password_Fallback"):
        return
    stored = await store.get("users", caller.id)
    if stored is None:
        return
    user = stored.decode()
    created = parse_date(str(user.body.get("createdAt", ""))) or 0
    if clock() - created < caller.setting("Accounts_TwoFactorAuthentication_RememberFor") * 1000:
        return
    hashed = ((user.body.get("services") or {}).get("password") or {}).get("bcrypt")
    if not isinstance(hashed, str) or await _bypassed(store, caller):
        return
    details = {"method": "password", "codeGenerated": False, "availableMethods": []}
    if not code or method not in (None, "password"):
        raise Failure("TOTP Required", "totp-required", details=details)
    if not DIGEST.fullmatch(code.lower()) or not await verify(code.lower(), hashed):
        raise Failure("TOTP Invalid", "totp-invalid", details=details)


async def _bypassed(store: Store, caller: Caller) -> bool:
    tokens = await store.tokens(caller.id)
    return any(token.hash == caller.token_hash and token.body.get("bypassTwoFactor") is True for token in tokens)
