"""An account that is being changed: its names, address, texts and password, with what follows from them (spec/08)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from strongback.accounts import emails
from strongback.accounts.caller import Caller
from strongback.accounts.passwords import hash_password
from strongback.accounts.rename import rename
from strongback.accounts.usernames import Settings, check_blocked, check_shown_name, check_username
from strongback.accounts.users import OnUser, require
from strongback.documents.document import Document
from strongback.documents.user import set_password_hash
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Absent

STATUS_TEXT_LENGTH = 120
LONGEST = {"bio": (260, "error-bio-size-exceeded"), "nickname": (120, "error-nickname-size-exceeded")}
"""The texts of an account that an empty one takes away: how long they may be, and what is said of a longer one."""

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Profile:
    """An account, who changes it, and the commit that writes it."""

    store: Store
    caller: Caller
    user: Document
    changes: Changes
    now: int

    @property
    def settings(self) -> Settings:
        """The server's settings."""
        return self.caller.access.settings

    @property
    def own(self) -> bool:
        """Whether the account changes itself."""
        return self.caller.id == self.user.id

    def check_allowed(self, given: Given) -> None:
        """Raise Failure for a member that the settings keep people from changing of themselves."""
        others, passwords = map(self.caller.may, ("edit-other-user-info", "edit-other-user-password"))
        if not (self.settings["Accounts_AllowUserProfileChange"] or others or passwords):
            raise _not_allowed("Edit user profile is not allowed")
        address = next(iter(emails.addresses(self.user)), None)
        for name, setting, old, what in (
            ("username", "UsernameChange", self.user.body.get("username"), "username"),
            ("statusText", "UserStatusMessageChange", self.user.body.get("statusText"), "user status"),
            ("name", "RealNameChange", self.user.body.get("name"), "user real name"),
            ("email", "EmailChange", address, "user email"),
            ("password", "PasswordChange", None, "user password"),
        ):
            changed = bool(given.get(name)) and given[name] != old
            may = (passwords if name == "password" else others) and not self.own
            if changed and not may and not self.settings[f"Accounts_Allow{setting}"]:
                raise _not_allowed(f"Edit {what} is not allowed")

    async def set_names(self, given: Given, on_rename: Sequence[OnUser]) -> None:
        """Set the username and the name shown, where they are given, and wherever they stand."""
        body = self.user.body
        old = {name: body.get(name) for name in ("username", "name")}
        username, name = (given.get(member) for member in old)
        if username is not None and (username := username.strip()) != old["username"]:
            require("Username", username)
            await self._check_username(username)
            self.user.set("username", username)
        if name is not None and (name := name.strip()) != old["name"]:
            check_shown_name(name)
            require("Name", name, unless=not self.settings["Accounts_RequireNameForSignUp"])
            self.user.set("name", name)
        if (body.get("username"), body.get("name")) == (old["username"], old["name"]):
            return
        await rename(self.store, self.changes, self.user, old, self.now)
        if body["username"] != old["username"]:
            for hook in on_rename:
                await hook(self.store, self.user, self.changes, self.now)

    async def _check_username(self, username: str) -> None:
        check_username(self.settings, username)
        check_blocked(self.settings, username)
        folded = username.casefold()
        if folded == str(self.user.body.get("username")).casefold():
            return  # the same name in other letters
        if await self.store.user_by_name(username) is not None:
            raise taken(username)
        self.changes.guards.append(Absent("users", "username_fold", folded))

    async def set_email(self, address: str, *, verified: bool) -> None:
        """Set the first e-mail address; another than before counts as not verified unless the caller says so."""
        address = address.strip()
        if address.lower() in map(str.lower, emails.addresses(self.user)[:1]):
            return
        free = await emails.free(self.store, address, self.user.id)
        emails.check_email(address)
        self.changes.guards.append(free)
        self.user.set("emails", [{"address": address, "verified": verified}])

    def set_texts(self, given: Given) -> None:
        """Set what an account says about itself, where it is given."""
        for name, (longest, error) in LONGEST.items():
            text = given.get(name)
            if text is None:
                continue
            if len(text) > longest:
                raise Failure(f"{name.title()} size exceeds {longest} characters", error)
            if text.strip():
                self.user.set(name, text)
            else:
                self.user.drop(name)
        if given.get("statusText") is not None:
            self.user.set("statusText", given["statusText"].strip()[:STATUS_TEXT_LENGTH])

    async def set_password(self, password: str) -> None:
        """Set a password; the one who sets it says which tokens go."""
        set_password_hash(self.user, await hash_password(password))


def taken(username: str) -> Failure:
    """What is said of a username that somebody has."""
    return Failure(f"{username} is already in use :(", "error-field-unavailable")


def _not_allowed(text: str) -> Failure:
    return Failure(text, "error-action-not-allowed")
