"""Which contexts a worker keeps: the least recently used ones go when there are too many or they are too large."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from strongback.scripts.contract import Script

MOST_MEMORY = 128 * 1024 * 1024
"""Bytes that the contexts of one worker may hold together."""


@dataclass(slots=True)
class Context:
    """A context by its number in the worker: the revision it was made from, the Store it last saw, its heap."""

    number: int
    revision: str
    store: str
    memory: int = 0


class Contexts:
    """The parent's list of a worker's contexts, one an integration; the worker does as it is told."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._last = 0
        self._kept: OrderedDict[str, Context] = OrderedDict()
        self._dropped: list[int] = []

    def __contains__(self, integration_id: str) -> bool:
        return integration_id in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    def enter(self, script: Script, method: str, store: str) -> dict[str, Any]:
        """The head of a call: with the source where the worker must make the context first."""
        context = self._kept.get(script.integration_id)
        fresh = context is None or context.revision != script.revision
        if context is None or fresh:
            self.drop(script.integration_id)
            self._last += 1
            context = self._kept[script.integration_id] = Context(self._last, script.revision, "{}")
        self._kept.move_to_end(script.integration_id)
        self._shrink()
        dropped, self._dropped = self._dropped, []
        seen, context.store = context.store, store
        return {
            "context": context.number,
            "method": method,
            "store": None if seen == store else store,
            "drop": dropped,
            "source": script.source if fresh else None,
        }

    def keep(self, integration_id: str, store: str, memory: int) -> None:
        """Note what a run left behind."""
        context = self._kept[integration_id]
        context.store, context.memory = store, memory

    def forget(self, integration_id: str) -> None:
        """The worker has thrown the context away."""
        del self._kept[integration_id]

    def drop(self, integration_id: str) -> None:
        """Tell the worker, with the next call, to throw the context away."""
        context = self._kept.pop(integration_id, None)
        if context is not None:
            self._dropped.append(context.number)

    def _shrink(self) -> None:
        while len(self._kept) > self._most or (
            len(self._kept) > 1 and sum(context.memory for context in self._kept.values()) > MOST_MEMORY
        ):
            self.drop(next(iter(self._kept)))
