"""Processes as the kernel shows them; on Linux only."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PATIENCE = 30.0
LOOK_AGAIN = 0.01

on_linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="no /proc, which shows processes")


def children(pid: int) -> list[int]:
    """The processes that a process has started, but for those that have ended."""
    tasks = Path(f"/proc/{pid}/task")
    found = [int(child) for task in tasks.glob("*/children") for child in task.read_text().split()]
    return [child for child in found if alive(child)]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended may still be listed."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def program(pid: int) -> str:
    """The module that a process of Python runs; nothing while it is still a copy of the one that started it."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return words[words.index("-m") + 1] if "-m" in words else ""


def clients(pid: int, port: int) -> set[int]:
    """The ports from which somebody is connected to a port of a process."""
    open_files = {os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir() if file.is_symlink()}
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, state, *_, inode = line.split()[:10]
        if int(here.split(":")[1], 16) == port and state == "01" and f"socket:[{inode}]" in open_files:
            found.add(int(there.split(":")[1], 16))
    return found


@contextmanager
def frozen(pids: Iterable[int]) -> Iterator[list[int]]:
    """Stop processes as a debugger does, until the context ends."""
    pids = list(pids)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield pids
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def until(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(LOOK_AGAIN)
