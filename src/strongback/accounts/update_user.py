"""Changing an account: another's, or one's own as far as the settings go (users.update; spec/08 section 1)."""

from collections.abc import Sequence

from strongback.accounts import active_status
from strongback.accounts.administrators import ADMIN, one_remains
from strongback.accounts.caller import Caller
from strongback.accounts.profile import Given, Profile
from strongback.accounts.retry import retry
from strongback.accounts.usernames import check_shown_name
from strongback.accounts.users import OnUser, check_roles
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.user import is_active
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Present, Unchanged
from strongback.storage.steps import Put, RemoveTokens


async def update(
    store: Store,
    clock: Clock,
    caller: Caller,
    user_id: str,
    given: Given,
    *,
    agreed: bool = False,
    on_rename: Sequence[OnUser] = (),
    room_hooks: Sequence[OnUser] = (),
) -> Document:
    """Change the members that are given, all of them or none; answers the account's document."""
    _check(caller, user_id, given)

    async def attempt() -> Document:
        stored = await store.get("users", user_id)
        if stored is None:
            raise Failure("User not found")
        user, now = stored.decode(), clock()
        changes = Changes([Unchanged("users", user.id, user.revision)], [Put("users", user)])
        profile = Profile(store, caller, user, changes, now)
        await _set_roles(profile, given)
        profile.check_allowed(given)
        await profile.set_names(given, on_rename)
        if given.get("email"):
            await profile.set_email(given["email"], verified=given.get("verified") is True)
        profile.set_texts(given)
        await _set_password(profile, given)
        _set_rest(profile, given)
        if given.get("active") is not None:
            await active_status.add(
                store, changes, user, now, active=given["active"], agreed=agreed, room_hooks=room_hooks
            )
        user.set_date("_updatedAt", now)
        await store.commit(changes)
        return user

    return await retry(attempt)


def _check(caller: Caller, user_id: str, given: Given) -> None:
    """The checks before the account is read, in upstream's order."""
    check_shown_name(given.get("name") or "")
    if given.get("verified") and user_id == caller.id:
        raise Failure("Editing email verification is not allowed", "error-action-not-allowed")
    if user_id != caller.id and not caller.may("edit-other-user-info"):
        raise Failure("Editing user is not allowed", "error-action-not-allowed")
    check_roles(caller, given.get("roles") or [])
    if given.get("active") is not None and not caller.may_any(*active_status.PERMISSIONS):
        raise Failure("Not allowed", "error-not-allowed", details={"method": "setUserActiveStatus"})
    password = (given.get("password") or "").strip()
    if password and not caller.may("edit-other-user-password"):
        raise Failure("Edit user password is not allowed", "error-action-not-allowed")


async def _set_roles(profile: Profile, given: Given) -> None:
    """Whoever changes roles may assign them; the last administrator stays one."""
    wanted, held = given.get("roles"), profile.user.body.get("roles") or []
    if wanted is None or set(wanted) == set(held):
        return
    if not profile.caller.may("assign-roles"):
        raise Failure("Assign roles is not allowed", "error-action-not-allowed")
    if ADMIN not in wanted and is_active(profile.user):
        await one_remains(profile.store, profile.changes, profile.user, active_status.last_administrator())
    profile.changes.guards += [Present("roles", role) for role in wanted]
    profile.user.set("roles", list(dict.fromkeys(wanted)))


async def _set_password(profile: Profile, given: Given) -> None:
    """A new password ends every token of the account."""
    password = (given.get("password") or "").strip()
    if password:
        await profile.set_password(password)
        profile.changes.steps.append(RemoveTokens(profile.user.id))


def _set_rest(profile: Profile, given: Given) -> None:
    user = profile.user
    if given.get("requirePasswordChange") is not None:
        user.set("requirePasswordChange", given["requirePasswordChange"])
        if not given["requirePasswordChange"]:
            user.drop("requirePasswordChangeReason")
    if given.get("customFields") is not None:
        user.set("customFields", given["customFields"])
    addresses = user.body.get("emails")
    if given.get("verified") is not None and isinstance(addresses, list) and addresses:
        user.set("emails", [{**addresses[0], "verified": given["verified"]}, *addresses[1:]])
