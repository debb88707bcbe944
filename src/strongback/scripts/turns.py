"""One run of an integration at a time, in the order in which they came."""

import asyncio
from collections import deque


class Turns:
    """A queue a name; names without a run cost nothing."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def taken(self, name: str) -> bool:
        """Whether `take` would wait."""
        return name in self._waiting

    async def take(self, name: str) -> None:
        """Wait for the turn; to be followed by `give`."""
        if name not in self._waiting:
            self._waiting[name] = deque()
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[name].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(name)
            raise

    def give(self, name: str) -> None:
        """Let the next one run."""
        waiting = self._waiting[name]
        while waiting:
            turn = waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[name]
