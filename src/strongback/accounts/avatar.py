"""The picture of an account that has none: its initial on a colour of its own, as SVG (spec/08 section 1)."""

from hashlib import sha256
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.accounts.usernames import Settings
from strongback.clock import Clock
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put

COLOURS = (
    "#c62828 #ad1457 #6a1b9a #4527a0 #283593 #1565c0 #0277bd #00695c #2e7d32 #558b2f #8d6e00 #b45309 #4e342e "
    "#455a64"
).split()
"""Dark enough for white letters."""


def svg(username: str) -> str:
    """The picture of a name; one name has one picture, and every character of it is text."""
    colour = COLOURS[sha256(username.encode("utf-8", "replace")).digest()[0] % len(COLOURS)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200" width="200" height="200">'
        f'<rect width="200" height="200" fill="{colour}"/>'
        '<text x="100" y="100" dy="0.36em" text-anchor="middle" fill="#ffffff" font-size="110" '
        f'font-family="Helvetica, Arial, sans-serif">{escape(initial(username))}</text></svg>'
    )


def initial(username: str) -> str:
    """The letter that stands for a name: its first letter or digit, in upper case."""
    return next((mark.upper() for mark in username if mark.isalnum()), "?")


def path(settings: Settings, username: str) -> str:
    """Where the picture is, below the host of `Site_Url`: whoever asks is there already, by whatever name."""
    below = urlsplit(str(settings["Site_Url"])).path.rstrip("/")
    return f"{below}/avatar/{quote(username, safe='')}"


async def reset(store: Store, clock: Clock, caller: Caller, user_id: str) -> None:
    """Take away the picture that an account was imported with."""
    own = user_id == caller.id and caller.setting("Accounts_AllowUserAvatarChange")
    if not own and not caller.may_any("edit-other-user-avatar", "manage-moderation-actions"):
        raise Failure(
            "Reset avatar is not allowed", "error-not-allowed", details={"method": "users.resetAvatar"}
        )

    async def attempt() -> None:
        stored = await store.get("users", user_id)
        if stored is None:
            return
        user = stored.decode()
        for name in ("avatarOrigin", "avatarETag", "avatarUrl"):
            user.drop(name)
        user.set_date("_updatedAt", clock())
        await store.commit(Changes([Unchanged("users", user.id, user.revision)], [Put("users", user)]))

    await retry(attempt)
