"""Until when a worker may work on what it has claimed; afterwards another may have taken it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from strongback.clock import Clock
from strongback.storage.deliveries import Delivery, StoredEvent

LEASE_MS = 60_000


@dataclass(slots=True, eq=False)
class Claimed:
    """A delivery that was claimed, what it tells of, and until when it is this worker's, by the steady clock."""

    delivery: Delivery
    event: StoredEvent
    until: int


class Leases:
    """What a worker has claimed and not done.

    In the database leases are by the time of day. A worker that was stopped, or cut off from the database, finds here
    that its time is over without asking anybody.
    """

    def __init__(self, steady: Clock) -> None:
        self._steady = steady
        self._claimed: dict[str, Claimed] = {}

    @property
    def ids(self) -> list[str]:
        """The ids of the deliveries."""
        return list(self._claimed)

    def take(self, taken: Iterable[tuple[Delivery, StoredEvent]], since: int) -> list[Claimed]:
        """Hold what was claimed; `since` is when it was asked for."""
        claimed = [Claimed(delivery, event, since + LEASE_MS) for delivery, event in taken]
        for one in claimed:
            if (before := self._claimed.get(one.delivery.id)) is not None:
                before.until = 0
            self._claimed[one.delivery.id] = one
        return claimed

    def renewed(self, asked: Iterable[str], held: Collection[str], since: int) -> None:
        """Hold for longer what the store still holds for this worker; the rest of what was asked for is lost."""
        for id in asked:
            if (one := self._claimed.get(id)) is not None:
                one.until = since + LEASE_MS if id in held else 0

    def holds(self, one: Claimed) -> bool:
        """Whether a delivery is still this worker's."""
        return one.until > self._steady()

    def drop(self, one: Claimed) -> None:
        """Let go of a delivery."""
        if self._claimed.get(one.delivery.id) is one:
            del self._claimed[one.delivery.id]
