"""Which names an account may have (spec/08 section 1)."""

from collections.abc import Mapping
from typing import Any

import pcre2

from strongback.errors import Failure

LONGEST = 255
ALWAYS_BLOCKED = ("all", "here")
MATCH_LIMIT = "(*LIMIT_MATCH=100000)"

Settings = Mapping[str, Any]


def fits(pattern: str, text: str) -> bool:
    """Whether a whole text matches the pattern of a setting; False for a pattern that does not compile or costs too much."""
    try:
        return pcre2.compile(f"{MATCH_LIMIT}^(?:{pattern})\\z", flags=pcre2.A).match(text) is not None
    except (pcre2.LibraryError, UnicodeError):
        return False


def is_blocked(settings: Settings, username: str) -> bool:
    """Whether the settings keep this username from everybody."""
    lists = ("Accounts_SystemBlockedUsernameList", "Accounts_BlockedUsernameList")
    names = [name.strip() for id in lists for name in str(settings[id]).split(",")]
    return username.casefold() in {name.casefold() for name in (*names, *ALWAYS_BLOCKED) if name}


def check_blocked(settings: Settings, username: str) -> None:
    """Raise Failure for a username that the settings keep from everybody."""
    if is_blocked(settings, username):
        raise Failure(f"{username} is blocked and can't be used!", "error-blocked-username")


def is_username(settings: Settings, username: str) -> bool:
    """Whether the username has the form that the settings ask for."""
    return len(username) <= LONGEST and fits(settings["UTF8_User_Names_Validation"], username)


def check_username(settings: Settings, username: str) -> None:
    """Raise Failure unless the username has the form that the settings ask for."""
    if not is_username(settings, username):
        raise Failure(f"{username} is not a valid username", "error-input-is-not-a-valid-field")


def check_shown_name(name: str) -> None:
    """Raise Failure for a shown name with characters that would mean something in HTML, or for a long one.

    Every message of the account repeats the name, and gets the new one when it changes.
    """
    if any(mark in name for mark in "<>\0"):
        raise Failure("Name contains invalid characters")
    if len(name) > LONGEST:
        raise Failure(f"Name size exceeds {LONGEST} characters", "error-name-size-exceeded")
