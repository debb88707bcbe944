"""A write as a value: guards that must hold, and steps that are run in order, whole or not at all."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from strongback.documents.event import Event
from strongback.storage.guards import Guard
from strongback.storage.steps import Step


@dataclass(slots=True)
class Changes:
    """A write as a value: run whole or not at all."""

    guards: list[Guard] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


OnEvent = Callable[[Changes, Event], Awaitable[None]]
"""A part's hook on what happens elsewhere: it adds to the changes, before their commit, what follows from the event."""
