"""Write the documents of one collection in batches, and find a home for those that stand in each other's way."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from strongback.errors import Conflict, Unavailable
from strongback.importing.draft import Draft, Rival
from strongback.importing.report import Report
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Present
from strongback.storage.steps import Remove

DOCUMENTS_PER_COMMIT = 1_000
BYTES_PER_COMMIT = 2_000_000
MOST_HELD = 1_000
"""Documents that wait for a name to become free; more are refused at once, so that memory stays constant."""

FindRival: TypeAlias = Callable[[Draft, Store], Awaitable[Rival | None]]
AskAlone: TypeAlias = Callable[[Draft], object]
"""What no other document may have at the same time, such as a room's name; None for nothing."""


def _nothing(_: Draft) -> None:
    return None


@dataclass(slots=True, eq=False)
class Write:
    """A document that is ready to be written; `conflict` is what was in its way."""

    draft: Draft
    changes: Changes
    size: int
    conflict: Conflict | None = None


@dataclass(slots=True)
class Batches:
    """Collects writes and commits them in order, one commit under way while the next batch is read.

    A batch that fails is written again document by document. A document that another one stands in the way of
    waits until the end of the collection: the other may have got a new name by then.
    """

    store: Store
    report: Report
    find_rival: FindRival | None = None
    alone: AskAlone = _nothing
    _batch: list[Write] = field(default_factory=list)
    _bytes: int = 0
    _under_way: asyncio.Task[None] | None = None
    _held: list[Write] = field(default_factory=list)

    async def add(self, write: Write) -> None:
        """Take a write; a full batch is handed to the store."""
        self._batch.append(write)
        self._bytes += write.size
        if len(self._batch) >= DOCUMENTS_PER_COMMIT or self._bytes >= BYTES_PER_COMMIT:
            await self._hand_over()

    async def finish(self) -> None:
        """Commit what is left, then settle what stood in each other's way."""
        await self._hand_over()
        await self.wait()
        while self._held:
            waiting, self._held = self._held[::-1], []  # a chain of names comes free from one of its ends
            await self._separately(waiting)
            if len(self._held) == len(waiting) and not await self._exchange():
                break
        for write in self._held:
            await self._refuse(write)
        self._held = []

    async def wait(self) -> None:
        """Wait for the commit that is under way."""
        if self._under_way is not None:
            task, self._under_way = self._under_way, None
            await task

    async def _hand_over(self) -> None:
        await self.wait()
        if self._batch:
            self._under_way = asyncio.create_task(self._commit(self._batch))
            self._batch, self._bytes = [], 0
            await asyncio.sleep(0)

    async def _commit(self, batch: list[Write]) -> None:
        guards = dict.fromkeys(guard for write in batch for guard in write.changes.guards)
        steps = [step for write in batch for step in write.changes.steps]
        try:
            await self.store.commit(Changes(list(guards), steps))
        except Unavailable:
            raise
        except Exception:  # one document of the batch, whatever is wrong with it: found below
            await self._separately(batch)
        else:
            self._took(batch)

    async def _separately(self, batch: list[Write]) -> None:
        """Commit each document alone, in rounds in which none asks for what another does: the first one gets it.

        Those of a round are handed in together, and the store may put them into one commit again.
        """
        while batch:
            asked, now, later = set[object](), list[Write](), list[Write]()
            for write in batch:
                asks = {write.draft.id, self.alone(write.draft)} - {None}
                (now if asked.isdisjoint(asks) else later).append(write)
                asked |= asks
            await self._each(now)
            batch = later

    async def _each(self, writes: list[Write]) -> None:
        outcomes = await asyncio.gather(
            *(self.store.commit(write.changes) for write in writes), return_exceptions=True
        )
        for write, outcome in zip(writes, outcomes, strict=True):
            if outcome is None:
                self._took([write])
            elif isinstance(outcome, Conflict):
                write.conflict = outcome
                if len(self._held) < MOST_HELD and not isinstance(outcome.guard, Present):
                    self._held.append(write)
                else:
                    await self._refuse(write)
            elif isinstance(outcome, Unavailable) or not isinstance(outcome, Exception):
                raise outcome
            else:
                self.report.refuse(*_named(write), f"it can not be stored: {outcome}")

    async def _exchange(self) -> bool:
        """Write documents that have each other's names, such as two rooms that swapped theirs, in one commit."""
        wanted = {write.draft.id: (write, await self._rival(write)) for write in self._held}
        for start in wanted:
            ring: dict[str, Write] = {}
            id: str | None = start
            while id in wanted and id not in ring:
                ring[id], rival = wanted[id]
                id = None if rival is None else rival.id
            if id == start and await self._commit_ring(list(ring.values())):
                return True
        return False

    async def _commit_ring(self, ring: list[Write]) -> bool:
        guards = [guard for write in ring for guard in write.changes.guards]
        away = [Remove(write.draft.kind, write.draft.id) for write in ring]
        steps = [step for write in ring for step in write.changes.steps]
        try:
            await self.store.commit(Changes(guards, [*away, *steps]))
        except Conflict:
            return False
        self._took(ring)
        self._held = [write for write in self._held if write not in ring]
        return True

    async def _rival(self, write: Write) -> Rival | None:
        return None if self.find_rival is None else await self.find_rival(write.draft, self.store)

    async def _refuse(self, write: Write) -> None:
        guard = write.conflict.guard if write.conflict else None
        if isinstance(guard, Present):
            reason = f"the {guard.kind.removesuffix('s')} {guard.id} does not exist"
        else:
            rival = await self._rival(write)
            reason = rival.sentence if rival else f"it can not be stored: {guard}"
        self.report.refuse(*_named(write), reason)

    def _took(self, writes: list[Write]) -> None:
        for write in writes:
            draft = write.draft
            self.report.took(draft.kind, draft.id, draft.source, draft.notes)


def _named(write: Write) -> tuple[str, str, str]:
    return write.draft.kind, write.draft.id, write.draft.source
