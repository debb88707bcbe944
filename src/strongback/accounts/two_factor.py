"""The second factor: the password again, or the code of an account that was imported with codes (spec/01 section 9)."""

from strongback.accounts import totp
from strongback.accounts.caller import Caller
from strongback.accounts.passwords import DIGEST, verify
from strongback.clock import Clock
from strongback.documents.dates import parse_date
from strongback.documents.document import Document
from strongback.documents.user import password_hash
from strongback.errors import Failure
from strongback.storage.contract import Store


async def check(
    store: Store,
    clock: Clock,
    caller: Caller,
    code: str | None,
    chosen: str | None,
    *,
    demanded: bool = False,
) -> None:
    """Pass, or raise Failure `totp-required` or `totp-invalid`.

    An account with a password sends its hexadecimal SHA-256 as `x-2fa-code`. Passed without: accounts younger than
    `Accounts_TwoFactorAuthentication_RememberFor` seconds (not where the factor is `demanded`), tokens made to
    bypass it, and accounts with no password.
    """
    if not caller.setting("Accounts_TwoFactorAuthentication_Enabled"):
        return
    enforced = demanded or caller.setting("Accounts_TwoFactorAuthentication_Enforce_Password_Fallback")
    stored = await store.get("users", caller.id)
    if stored is None:
        return
    user = stored.decode()
    if not demanded and _is_young(user, caller, clock()):
        return
    method = "totp" if totp.enabled(user) else "password" if enforced and password_hash(user) else None
    if method is None or await _bypassed(store, caller):
        return
    details = {
        "method": method,
        "codeGenerated": False,
        "availableMethods": ["totp"] if method == "totp" else [],
    }
    if not code or chosen not in (None, method):
        raise Failure("TOTP Required", "totp-required", details=details)
    if not await _fits(user, method, code, clock()):
        raise Failure("TOTP Invalid", "totp-invalid", details=details)


def _is_young(user: Document, caller: Caller, now: int) -> bool:
    created = parse_date(str(user.body.get("createdAt", ""))) or 0
    spared: int = caller.setting("Accounts_TwoFactorAuthentication_RememberFor") * 1000
    return now - created < spared


async def _fits(user: Document, method: str, code: str, now: int) -> bool:
    if method == "totp":
        return totp.fits(user, code, now)
    return DIGEST.fullmatch(code.lower()) is not None and await verify(code.lower(), password_hash(user))


async def _bypassed(store: Store, caller: Caller) -> bool:
    tokens = await store.tokens(caller.id)
    return any(
        token.hash == caller.token_hash and token.body.get("bypassTwoFactor") is True for token in tokens
    )
