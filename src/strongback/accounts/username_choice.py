"""Finding a username that is free (users.getUsernameSuggestion, checkUsernameAvailability; spec/08 section 1)."""

import re
import unicodedata
from collections.abc import Iterator

from strongback.accounts import emails
from strongback.accounts.caller import Caller
from strongback.accounts.usernames import Settings, is_blocked, is_username
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.contract import Store

NOT_IN_NAMES = re.compile(r"[^0-9a-z]+", re.ASCII)
PREFIX = "user"
TRIES = 1_000


async def is_free(store: Store, settings: Settings, username: str) -> bool:
    """Whether a username has the right form, is not blocked, and is nobody's."""
    if not username or not is_username(settings, username) or is_blocked(settings, username):
        return False
    return await store.user_by_name(username) is None


async def check(store: Store, caller: Caller, username: str) -> bool:
    """Whether the caller might take a username; Failure where nobody may change one."""
    if not caller.setting("Accounts_AllowUsernameChange"):
        raise Failure("Not allowed", "error-not-allowed", details={"method": "checkUsernameAvailability"})
    return await is_free(store, caller.access.settings, username)


async def suggest(store: Store, settings: Settings, user: Document) -> str:
    """A free username after an account's name, else its address, else with a number; Failure for none."""
    wishes = [wish for wish in _wishes(user) if wish] or [PREFIX]
    for wish in (*wishes, *(f"{wishes[0]}-{number}" for number in range(1, TRIES))):
        if await is_free(store, settings, wish):
            return wish
    raise Failure("There is no username to suggest")


def _wishes(user: Document) -> Iterator[str]:
    name = user.body.get("name")
    words = _plain(name).split(".") if isinstance(name, str) else []
    yield ".".join(words)
    if len(words) > 1:
        yield f"{words[0][:1]}{words[-1]}"
        yield f"{words[0]}{words[-1][:1]}"
    for address in emails.addresses(user):
        yield _plain(address.partition("@")[0])


def _plain(text: str) -> str:
    """A text in letters of the alphabet, with full stops between its words."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return NOT_IN_NAMES.sub(".", folded).strip(".")
