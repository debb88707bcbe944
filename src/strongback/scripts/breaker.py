"""Lets the scripts of an integration rest after their worker had to be killed several times in a row."""

from collections.abc import Callable


class Breaker:
    """Counts kills by integration; a run that ends otherwise clears the count."""

    def __init__(self, kills: int, rest: float, clock: Callable[[], float]) -> None:
        self._kills = kills
        self._rest = rest
        self._clock = clock
        self._counts: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def resting(self, name: str) -> float:
        """Seconds that the scripts of this integration still rest; 0 for none."""
        until = self._until.get(name)
        if until is None:
            return 0.0
        left = until - self._clock()
        if left <= 0:
            del self._until[name]
        return max(left, 0.0)

    def killed(self, name: str) -> None:
        """Count a kill; after a rest the first one more is enough for the next."""
        self._counts[name] = self._counts.get(name, 0) + 1
        if self._counts[name] >= self._kills:
            self._until[name] = self._clock() + self._rest

    def ended(self, name: str) -> None:
        """A run ended without a kill."""
        self._counts.pop(name, None)
