"""The list of system calls that a worker may make, as a seccomp filter."""

import ctypes
import errno
import os
import struct
import sys
from typing import Final

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

ALLOW: Final = 0x7FFF0000
REFUSE: Final = 0x00050000 | errno.EPERM
KILL: Final = 0x80000000

LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
ANY_BIT: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
RETURN: Final = 0x06  # BPF_RET | BPF_K

NUMBER, MACHINE = 0, 4
ARGUMENTS = (16, 24, 32, 40, 48, 56)
PROT_EXEC = 4
OTHER_NUMBERS = 0x40000000  # the x32 numbers of x86_64

MACHINES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

CALLS: Final[dict[str, tuple[int, int]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "sched_yield": (24, 124),
    "futex": (202, 98),
    "gettimeofday": (96, 169),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "getrusage": (98, 165),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
"""The allowed calls with their numbers on x86_64 and aarch64."""


def supported() -> bool:
    """Whether the numbers of this platform's system calls are known."""
    return sys.platform == "linux" and os.uname().machine in MACHINES and sys.maxsize > 2**32


def program(machine: str) -> bytes:
    """The filter: reads from stdin, writes to stdout, memory that cannot be executed, time, and the end."""
    column = list(MACHINES).index(machine)
    numbers = {name: pair[column] for name, pair in CALLS.items()}
    steps = [
        step(LOAD, MACHINE),
        step(EQUAL, MACHINES[machine], 1, 0),
        step(RETURN, KILL),
        step(LOAD, NUMBER),
        step(AT_LEAST, OTHER_NUMBERS, 0, 1),
        step(RETURN, KILL),
    ]
    for name, argument, test, value, allowed in (
        ("read", 0, EQUAL, 0, True),
        ("write", 0, EQUAL, 1, True),
        ("mmap", 2, ANY_BIT, PROT_EXEC, False),
        ("mprotect", 2, ANY_BIT, PROT_EXEC, False),
    ):
        steps += [
            step(EQUAL, numbers.pop(name), 0, 4),
            step(LOAD, ARGUMENTS[argument]),
            step(test, value, 0, 1),
            step(RETURN, ALLOW if allowed else REFUSE),
            step(RETURN, REFUSE if allowed else ALLOW),
        ]
    for number in numbers.values():
        steps += [step(EQUAL, number, 0, 1), step(RETURN, ALLOW)]
    return b"".join([*steps, step(RETURN, REFUSE)])


def step(code: int, operand: int, when_true: int = 0, when_false: int = 0) -> bytes:
    """One `sock_filter`: jumps count the steps to leave out."""
    return struct.pack("=HBBI", code, when_true, when_false, operand)


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def install(libc: ctypes.CDLL) -> bool:
    """Put the filter before this process for good."""
    code = program(os.uname().machine)
    pointer = ctypes.byref(Program(len(code) // 8, code))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, pointer, 0, 0) == 0)
