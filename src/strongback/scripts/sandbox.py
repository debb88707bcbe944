"""One script in one JavaScript context, inside a worker: evaluated once, called many times."""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import _quickjs  # the package `quickjs` starts threads when it is imported

from strongback.scripts.globals import FILES, read

FILL = 0.01
"""Seconds of processor time in which nobody fills the heap. A script that throws null later than that has filled it: the
engine throws null where it has no memory left for an error."""
PORTED = {"console", "Store", "fetch"}
"""Parts with an end on the worker's side."""
LAST_WORDS = 0.05
"""Seconds of processor time to fetch the console of a script that was interrupted."""


class Bounds(NamedTuple):
    """What one run may use: seconds of processor time, bytes, characters of JSON, requests."""

    cpu: float
    heap: int
    stack: int
    result: int
    store: int
    fetches: int


class Spent(Exception):
    """The run has used its processor time."""


class Texts:
    """The JavaScript that stands before a script, read while files can still be opened."""

    def __init__(self) -> None:
        self.prelude = read("prelude.js")
        self.globals = {name: read(file) for name, file in FILES.items()}


class Sandbox:
    """A context and its port; to be thrown away after any failure."""

    def __init__(self, bounds: Bounds, texts: Texts) -> None:
        self._bounds = bounds
        self._globals = texts.globals
        self._engine = _quickjs.Context()
        self._engine.set_memory_limit(bounds.heap)
        self._engine.set_max_stack_size(bounds.stack)
        self._port: Callable[..., Any] = self._engine.eval(texts.prelude)(bounds.result)
        self._end = 0.0

    def provide(self, names: list[str]) -> None:
        """Evaluate the globals that the script names."""
        operands = {"Store": (self._bounds.store,), "fetch": (self._bounds.fetches, self._bounds.result)}
        for name in names:
            part = self._engine.eval(self._globals[name])
            if name in operands:
                part = part(*operands[name])
            if name in PORTED:
                self._port("add", name, part)

    @property
    def memory(self) -> int:
        """Bytes of the context's heap."""
        size: int = self._engine.memory()["memory_used_size"]
        return size

    def load(self, source: str) -> str:
        """Evaluate the script; the failure, or an empty text."""
        return self._guard(lambda: self._step(self._port, "load", source))

    def call(self, method: str, argument: str, store: str | None) -> str:
        """Call a method; what to tell the parent when no job is left."""

        def begin() -> str:
            self._step(self._port, "call", method, argument, store)
            return self._report()

        return self._guard(begin)

    def settle(self, answers: str) -> str:
        """Settle the promises of requests; what to tell the parent when no job is left."""

        def go_on() -> str:
            self._step(self._port, "settle", answers)
            return self._report()

        return self._guard(go_on)

    def begin(self) -> None:
        """Give the run that begins its whole processor time."""
        self._end = time.process_time() + self._bounds.cpu

    @property
    def used(self) -> float:
        """Seconds of processor time of this run."""
        return time.process_time() - self._end + self._bounds.cpu

    def _report(self) -> str:
        while self._step(self._engine.execute_pending_job):
            pass
        text: str = self._step(self._port, "report")
        return text

    def _step(self, function: Callable[..., Any], *operands: Any) -> Any:
        """Run some JavaScript in what is left of the run's time: the engine's own limit is one per call."""
        left = self._end - time.process_time()
        if left <= 0:
            raise Spent
        self._engine.set_time_limit(left)
        return function(*operands)

    def _guard(self, steps: Callable[[], str]) -> str:
        """Run steps; a failure that the engine lets no JavaScript catch becomes a text as the prelude makes."""
        try:
            text = steps()
        except (Spent, _quickjs.JSException) as error:
            return self._failure(str(error))
        if text[:1] == "E" and self.used > FILL and (told := json.loads(text[1:]))["text"] == "null":
            return failure("memory", "", told["console"])
        return text

    def _failure(self, error: str) -> str:
        memory = "out of memory" in error or error.startswith("(Failed obtaining")
        kind = "timeout" if self.used >= self._bounds.cpu else "memory" if memory else "running"
        return failure(kind, error.partition("\n")[0], self._last_words())

    def _last_words(self) -> Any:
        self._engine.set_time_limit(LAST_WORDS)
        try:
            return json.loads(self._port("console"))
        except _quickjs.JSException:
            return []


def failure(kind: str, text: str, console: Any) -> str:
    """A failure as the prelude tells it."""
    return "E" + json.dumps({"kind": kind, "text": text, "console": console})
