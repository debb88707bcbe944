"""What people change of their own account (users.updateOwnBasicInfo; spec/08 section 1)."""

from collections.abc import Mapping, Sequence
from typing import Any

from strongback.accounts import presence, two_factor
from strongback.accounts.caller import Caller
from strongback.accounts.passwords import digest, verify
from strongback.accounts.profile import Given, Profile
from strongback.accounts.retry import retry
from strongback.accounts.usernames import check_shown_name
from strongback.accounts.users import OnUser
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.user import password_hash
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put, RemoveToken


async def update_own(
    store: Store,
    clock: Clock,
    caller: Caller,
    given: Given,
    custom_fields: Mapping[str, Any] | None,
    *,
    on_rename: Sequence[OnUser] = (),
) -> Document:
    """Change the caller's own account, all that is given or nothing; answers its document.

    Another address or password needs the current password, as its hexadecimal SHA-256; a new password ends every
    other login.
    """
    check_shown_name(given.get("name") or "")
    if not caller.setting("Accounts_AllowUserProfileChange"):
        raise Failure("Not allowed", "error-not-allowed", details={"method": "saveUserProfile"})
    password = given.get("newPassword")
    if given.get("email") or password:
        code = given.get("currentPassword")
        await two_factor.check(store, clock, caller, code, "password" if code else None, demanded=True)

    async def attempt() -> Document:
        stored = await store.get("users", caller.id)
        if stored is None:
            raise Failure("User not found")
        user, now = stored.decode(), clock()
        changes = Changes([Unchanged("users", user.id, user.revision)], [Put("users", user)])
        profile = Profile(store, caller, user, changes, now)
        profile.check_allowed({**given, "password": password})
        await profile.set_names(given, on_rename)
        profile.set_texts(given)
        if given.get("statusType"):
            presence.set_type(user, caller, given["statusType"])
        if given.get("email"):
            await profile.set_email(given["email"], verified=False)
        if password:
            await _set_password(profile, password)
        if custom_fields:
            user.set("customFields", dict(custom_fields))
        user.set_date("_updatedAt", now)
        await store.commit(changes)
        return user

    return await retry(attempt)


async def _set_password(profile: Profile, password: str) -> None:
    """Set another password than the current one; what else is logged in has to log in again."""
    if await verify(digest(password), password_hash(profile.user)):
        raise Failure("Entered password same as current password", "error-password-same-as-current")
    await profile.set_password(password)
    for name in ("requirePasswordChange", "requirePasswordChangeReason"):
        profile.user.drop(name)
    id, own = profile.user.id, profile.caller.token_hash
    for token in await profile.store.tokens(id):
        if token.name is None and token.hash != own:
            profile.changes.steps.append(RemoveToken(id, token.hash))
