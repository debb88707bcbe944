"""A breaker per origin: one that only fails is left alone for a while, then asked with a single call."""

from dataclasses import dataclass

FAILURES = 10
REST_MS = 30_000


@dataclass(slots=True)
class _Origin:
    failures: int = 0
    closed_until: int | None = None
    probing: bool = False


class Breaker:
    """Knows the origins that fail; nothing is kept of those that work. Times are milliseconds of any one clock."""

    def __init__(self, failures: int = FAILURES, rest_ms: int = REST_MS) -> None:
        self._limit = failures
        self._rest = rest_ms
        self._origins: dict[str, _Origin] = {}

    def allows(self, origin: str, now: int) -> bool:
        """Whether a call may start now; after the rest, one at a time."""
        known = self._origins.get(origin)
        if known is None or known.closed_until is None:
            return True
        return now >= known.closed_until and not known.probing

    def started(self, origin: str) -> None:
        """A call has started."""
        known = self._origins.get(origin)
        if known is not None and known.closed_until is not None:
            known.probing = True

    def abandoned(self, origin: str) -> None:
        """A call ended without saying anything about the origin."""
        if (known := self._origins.get(origin)) is not None:
            known.probing = False

    def succeeded(self, origin: str) -> None:
        """The origin answers."""
        self._origins.pop(origin, None)

    def failed(self, origin: str, now: int) -> None:
        """The origin did not answer, or with an error of its own."""
        known = self._origins.setdefault(origin, _Origin())
        known.failures += 1
        known.probing = False
        if known.failures >= self._limit:
            known.closed_until = now + self._rest

    def broken(self) -> list[str]:
        """The origins that rest, or are asked with a single call."""
        return [origin for origin, known in self._origins.items() if known.closed_until is not None]

    def resting(self, now: int) -> dict[str, int]:
        """The origins that are left alone now, each with when to look again."""
        found = {}
        for origin, known in self._origins.items():
            if known.closed_until is not None and not self.allows(origin, now):
                found[origin] = now + self._rest if known.probing else known.closed_until
        return found
