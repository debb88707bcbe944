"""Failed logins: whoever fails too often has to wait (spec/01 section 4)."""

from dataclasses import dataclass

from strongback.accounts.usernames import Settings

MINUTE_MS = 60_000
FORGOTTEN_MS = 24 * 60 * MINUTE_MS
MOST = 100_000
"""So many accounts and addresses are remembered at most; those that failed longest ago go first."""


@dataclass(slots=True)
class Failures:
    """How often somebody failed since the last success, and when last (epoch milliseconds)."""

    count: int
    last: int


class LoginAttempts:
    """Counts failed logins by account and by address, in memory."""

    def __init__(self, most: int = MOST) -> None:
        self._failures: dict[tuple[str, str], Failures] = {}  # who failed last stands last
        self._most = most

    def __len__(self) -> int:
        return len(self._failures)

    def blocked(self, settings: Settings, account: str, address: str, now: int) -> str | None:
        """Which of the two has to wait, `user` or `ip`; None where the settings let the login go on."""
        if not _setting(settings, "Enabled") or address in _whitelist(settings):
            return None
        rules = (("user", account, "User", "by_User"), ("ip", address, "Ip", "By_Ip"))
        for kind, who, name, ending in rules:
            failures = self._failures.get((kind, who))
            if failures is None or not _setting(settings, f"By_{name}"):
                continue
            minutes = _setting(settings, f"Time_To_Unblock_By_{name}_In_Minutes")
            if (
                failures.count >= _setting(settings, f"Attempts_Until_Block_{ending}")
                and 0 <= now - failures.last < minutes * MINUTE_MS
            ):
                return kind
        return None

    def failed(self, account: str, address: str, now: int) -> None:
        """Count a failure of an account and of an address."""
        for key in (("user", account), ("ip", address)):
            failures = self._failures.pop(key, None)
            count = 0 if failures is None or now - failures.last > FORGOTTEN_MS else failures.count
            self._failures[key] = Failures(count + 1, now)
        while len(self._failures) > self._most:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of an account and of an address."""
        self._failures.pop(("user", account), None)
        self._failures.pop(("ip", address), None)


def _setting(settings: Settings, name: str) -> int:
    value: int = settings[f"Block_Multiple_Failed_Logins_{name}"]
    return value


def _whitelist(settings: Settings) -> set[str]:
    return {one.strip() for one in str(settings["Block_Multiple_Failed_Logins_Ip_Whitelist"]).split(",")}
