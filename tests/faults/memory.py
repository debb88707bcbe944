"""The memory of a process, from /proc."""

import re
from pathlib import Path


def resident(pid: int) -> int:
    """How many bytes are resident now."""
    return _bytes(pid, "VmRSS")


def peak(pid: int) -> int:
    """How many bytes were resident at most, since the start or the last `forget_peak`."""
    return _bytes(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    """Begin to count the peak anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _bytes(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024
