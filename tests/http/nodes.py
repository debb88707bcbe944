"""Nodes that count calls, and a table in memory in which they add them up as PostgreSQL does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from strongback.errors import Unavailable
from strongback.http.rate_limit import RateLimiter, Window
from strongback.http.rate_sync import exchange
from strongback.storage.tallies import Tally

KEY = ("1.1.1.1", "/api/v1/me", "GET")
MINUTE = 60_000


@dataclass
class Table:
    """What the database holds; ``meanwhile`` is called while a statement is under way."""

    rows: dict[str, Tally] = field(default_factory=dict)
    statements: list[list[Tally]] = field(default_factory=list)
    away: bool = False
    meanwhile: Callable[[], object] = lambda: None

    async def share(self, now: int, counted: Sequence[Tally]) -> list[Tally]:
        self.statements.append(list(counted))
        self.meanwhile()
        if self.away:
            raise Unavailable("the database is away")
        for tally in counted:
            old = self.rows.get(tally.key)
            if old is not None and old.reset > now:
                tally = Tally(tally.key, old.reset, old.calls + tally.calls)
            self.rows[tally.key] = tally
        return [self.rows[tally.key] for tally in counted]


@dataclass
class Node:
    """A node with a clock of its own."""

    table: Table
    calls: int
    now: int = 1_000
    limiter: RateLimiter = field(default_factory=RateLimiter)

    def hit(self) -> Window:
        return self.limiter.hit(KEY, self.calls, MINUTE, self.now)

    def let_through(self, hits: int) -> int:
        """Call so often; how many calls were let through."""
        return sum(not self.hit().exceeded for _ in range(hits))

    async def exchange(self) -> bool:
        return await exchange({"api": self.limiter}, self.table.share, lambda: self.now)
