"""Which names an account may have (spec/08 section 1)."""

import pcre2

from strongback.accounts.caller import Caller
from strongback.errors import Failure

LONGEST = 255
ALWAYS_BLOCKED = ("all", "here")
MATCH_LIMIT = "(*LIMIT_MATCH=100000)"


def fits(pattern: str, text: str) -> bool:
    """Whether a whole text matches the pattern of a setting; False for a pattern that does not compile or costs too much."""
    try:
        return pcre2.compile(f"{MATCH_LIMIT}^(?:{pattern})\\z", flags=pcre2.A).match(text) is not None
    except (pcre2.LibraryError, UnicodeError):
        return False


def is_blocked(caller: Caller, username: str) -> bool:
    """Whether the settings keep this username from everybody."""
    lists = ("Accounts_SystemBlockedUsernameList", "Accounts_BlockedUsernameList")
    names = [name.strip() for id in lists for name in str(caller.setting(id)).split(",")]
    return username.casefold() in {name.casefold() for name in (*names, *ALWAYS_BLOCKED) if name}


def check_username(caller: Caller, username: str) -> None:
    """Raise Failure unless the username has the form that the settings ask for."""
    pattern = caller.setting("UTF8_User_Names_Validation")
    if len(username) > LONGEST or not fits(pattern, username):
        raise Failure(f"{username} is not a valid username", "error-input-is-not-a-valid-field")
