"""Failed logins: whoever fails too often has to wait (spec/01 section 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from strongback.accounts.usernames import Settings
from strongback.storage.login_failures import FORGOTTEN_MS, Failing, LoginFailures

MINUTE_MS = 60_000
MOST = 100_000
"""So many accounts and addresses are remembered at most; those that failed longest ago go first."""


class Memory:
    """Keeps failures in this process, for where there is no other."""

    def __init__(self, most: int = MOST) -> None:
        self._failures: dict[str, LoginFailures] = {}  # who failed last stands last
        self._most = most

    def __len__(self) -> int:
        return len(self._failures)

    async def login_failures(self, keys: Sequence[str]) -> Mapping[str, LoginFailures]:
        """See `strongback.storage.login_failures.Failing`."""
        return {key: self._failures[key] for key in keys if key in self._failures}

    async def count_login_failure(self, keys: Sequence[str], now: int) -> Mapping[str, LoginFailures]:
        """See `strongback.storage.login_failures.Failing`."""
        known = await self.login_failures(keys)
        before = {key: found for key, found in known.items() if now - found.last <= FORGOTTEN_MS}
        for key in keys:
            self._failures.pop(key, None)
            self._failures[key] = LoginFailures(before[key].count + 1 if key in before else 1, now)
        while len(self._failures) > self._most:
            del self._failures[next(iter(self._failures))]
        return before

    async def forget_login_failures(self, keys: Sequence[str]) -> None:
        """See `strongback.storage.login_failures.Failing`."""
        for key in keys:
            self._failures.pop(key, None)


@dataclass(frozen=True, slots=True)
class LoginAttempts:
    """Counts failed logins by account and by address, and says who has to wait: `user`, `ip` or nobody (None)."""

    kept: Failing = field(default_factory=Memory)

    async def blocked(self, settings: Settings, account: str, address: str, now: int) -> str | None:
        """Which of the two has to wait."""
        keys = _keys(account, address)
        return _blocked(settings, keys, await self.kept.login_failures([*keys.values()]), address, now)

    async def failed(self, settings: Settings, account: str, address: str, now: int) -> str | None:
        """Count a failure of an account and of an address; which of them had to wait before it already."""
        keys = _keys(account, address)
        before = await self.kept.count_login_failure([*keys.values()], now)
        return _blocked(settings, keys, before, address, now)

    async def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of an account and of an address."""
        await self.kept.forget_login_failures([*_keys(account, address).values()])


def _keys(account: str, address: str) -> dict[str, str]:
    """The keys of an account and an address: neither can be read, or is too long."""
    return {
        kind: sha256(ascii((kind, who)).encode()).hexdigest()
        for kind, who in (("user", account), ("ip", address))
    }


def _blocked(
    settings: Settings,
    keys: Mapping[str, str],
    kept: Mapping[str, LoginFailures],
    address: str,
    now: int,
) -> str | None:
    if not _setting(settings, "Enabled") or address in _whitelist(settings):
        return None
    for kind, name, ending in (("user", "User", "by_User"), ("ip", "Ip", "By_Ip")):
        failures = kept.get(keys[kind])
        if failures is None or not _setting(settings, f"By_{name}"):
            continue
        minutes = _setting(settings, f"Time_To_Unblock_By_{name}_In_Minutes")
        if (
            failures.count >= _setting(settings, f"Attempts_Until_Block_{ending}")
            and 0 <= now - failures.last < minutes * MINUTE_MS
        ):
            return kind
    return None


def _setting(settings: Settings, name: str) -> int:
    value: int = settings[f"Block_Multiple_Failed_Logins_{name}"]
    return value


def _whitelist(settings: Settings) -> set[str]:
    return {one.strip() for one in str(settings["Block_Multiple_Failed_Logins_Ip_Whitelist"]).split(",")}
