"""The wall around a worker: what it may not do however hostile its script.

On Linux (x86_64, aarch64) a list of allowed system calls, on every POSIX system limits of the process. A forbidden
call fails with EPERM, so that a C library which tries something harmless goes on; a call by another machine's
numbers ends the process.
"""

import ctypes
import os
import resource
import signal
import sys

from strongback.scripts.seccomp import install, supported

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38


def put_up(address_space: int) -> list[str]:
    """Give up all authority but two pipes, memory and a clock; answer what this platform cannot refuse."""
    gaps = [
        f"the limit {name} is not set"
        for name, limit in (
            ("RLIMIT_AS", address_space),
            ("RLIMIT_NOFILE", 8),
            ("RLIMIT_NPROC", 0),
            ("RLIMIT_FSIZE", 0),
            ("RLIMIT_CORE", 0),
        )
        if not lower(name, limit)
    ]
    if not supported():
        return [*gaps, "system calls are not filtered"]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        gaps.append("new privileges are not refused")
    if not install(libc):
        gaps.append("system calls are not filtered")
    return gaps


def lower(name: str, limit: int) -> bool:
    """Set a limit for good, where the platform has it."""
    try:
        resource.setrlimit(getattr(resource, name), (limit, limit))
    except (AttributeError, OSError, ValueError):
        return False
    return True


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process with its parent, also in the midst of a script."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
