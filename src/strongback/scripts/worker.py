"""The worker process: frames in from stdin, scripts in contexts, frames out to stdout.

Started with the paths to import from, the parent's process id, the address space and the bounds of a run; it
imports nothing of the server. It ends when stdin does.
"""

import json
import os
import resource
import sys
import time

from strongback.scripts import frames, wall
from strongback.scripts.globals import named
from strongback.scripts.sandbox import Bounds, Sandbox, Texts

READ_SIZE = 1 << 16
LONGEST_FRAME = 1 << 30
PEAK_UNITS = 1024 if sys.platform == "darwin" else 1
"""How `ru_maxrss` counts a kilobyte."""


class Worker:
    """Holds the contexts that the parent has named, and answers its frames one after the other."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._texts = Texts()
        self._sandboxes: dict[int, Sandbox] = {}
        self._current = 0
        self._running = False
        self._spare: Sandbox | None = Sandbox(bounds, self._texts)
        self._dropped: list[int] = []
        self._inbox = frames.Inbox(LONGEST_FRAME)
        self._inherited = resident_peak()

    def serve(self) -> None:
        """Answer until the parent closes the pipe."""
        while data := os.read(0, READ_SIZE):
            self._inbox.feed(data)
            while received := self._inbox.take():
                tag, body = received
                if tag == frames.CALL:
                    self._answer(self._call(body))
                    self._tidy()
                elif self._running:  # the answer to a request may come after the run has ended without it
                    self._answer(self._sandboxes[self._current].settle(body.decode()))

    def _call(self, body: bytes) -> str:
        line, _, argument = body.decode().partition("\n")
        head = json.loads(line)
        self._dropped = head["drop"]
        self._current = head["context"]
        source = head["source"]
        if source is None:
            sandbox = self._sandboxes[self._current]
            sandbox.begin()
        else:
            sandbox = self._sandboxes[self._current] = self._spare or Sandbox(self._bounds, self._texts)
            self._spare = None
            sandbox.provide(named(source))
            sandbox.begin()
            if failure := sandbox.load(source):
                return failure
        return sandbox.call(head["method"], argument, head["store"])

    def _tidy(self) -> None:
        """Do what the answer need not wait for: throw contexts away, and prepare one for the next script."""
        for number in self._dropped:
            del self._sandboxes[number]
        self._dropped = []
        if self._spare is None:
            self._spare = Sandbox(self._bounds, self._texts)

    def _answer(self, text: str) -> None:
        """Send what the prelude said; its first letter is the frame's tag."""
        tag = ord(text[0])
        self._running = tag == frames.REQUESTS
        if self._running:
            send(tag, text[1:].encode())
            return
        sandbox = self._sandboxes[self._current]
        used, memory = sandbox.used, sandbox.memory
        if tag == frames.FAILURE:
            del self._sandboxes[self._current]
        peak = resident_peak() - self._inherited
        send(tag, f"{used * 1e6:.0f} {memory} {peak}\n{text[1:]}".encode())


def resident_peak() -> int:
    """The most kilobytes that were ever resident; Linux begins with what the parent had when it started this one."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // PEAK_UNITS


def send(tag: int, body: bytes) -> None:
    """Write a frame to the parent."""
    data = memoryview(frames.frame(tag, body))
    while data:
        data = data[os.write(1, data) :]


def main() -> None:
    """Put up the wall, then serve."""
    parent, address_space, cpu, *sizes = sys.argv[3:]
    wall.end_with_parent(int(parent))
    os.environ["TZ"] = "UTC"
    time.tzset()
    heap, stack, result, store, fetches = map(int, sizes)
    worker = Worker(Bounds(float(cpu), heap, stack, result, store, fetches))
    gaps = wall.put_up(int(address_space))
    send(frames.HELLO, json.dumps(gaps).encode())
    try:
        worker.serve()
    except BaseException:
        os._exit(1)
    os._exit(0)
