"""The wall, act by act: each works without it and fails behind it."""

import re
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from strongback.scripts import seccomp

SRC = Path(seccomp.__file__).parents[2]
FILTERED = seccomp.supported()

ACTOR = """
import ctypes, mmap, os, signal, socket, sys, threading
sys.path.append(sys.argv[1])
from strongback.scripts import wall

libc = ctypes.CDLL(None, use_errno=True)
inherited = os.open(os.devnull, os.O_RDWR)
spare = mmap.mmap(-1, 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(spare))

def call(number, *arguments):
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")

def fork():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)

def thread():
    started = threading.Thread(target=lambda: None)
    started.start()
    started.join()

def protect():
    if libc.mprotect(ctypes.c_void_p(address), 4096, 7) == -1:
        raise OSError(ctypes.get_errno(), "refused")

def limits():
    if not wall.lower("RLIMIT_CORE", 0):
        raise OSError("refused")

ACTS = {
    "open": lambda: open("/etc/hostname").read(),
    "create": lambda: open(sys.argv[4], "w").write("x"),
    "listdir": lambda: os.listdir("/"),
    "stat": lambda: os.stat("/"),
    "unlink": lambda: os.unlink(sys.argv[4]),
    "chdir": lambda: os.chdir("/"),
    "socket": lambda: socket.socket(),
    "unix socket": lambda: socket.socketpair(),
    "kill": lambda: os.kill(os.getppid(), 0),
    "kill itself": lambda: os.kill(os.getpid(), 0),
    "fork": fork,
    "thread": thread,
    "exec": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "pipe": lambda: os.pipe(),
    "dup": lambda: os.dup(1),
    "write elsewhere": lambda: os.write(inherited, b"x"),
    "read elsewhere": lambda: os.read(inherited, 1),
    "environment of the parent": lambda: open(f"/proc/{os.getppid()}/environ").read(),
    "memory that runs": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    "memory made to run": protect,
    "1 GB": lambda: bytearray(1 << 30),
    "priority": lambda: os.nice(1),
    "limits": limits,
    "sleep": lambda: __import__("time").sleep(0.001),
}

act = ACTS[sys.argv[2]]
if sys.argv[3] == "walled":
    gaps = wall.put_up(512 * 1024 * 1024)
    assert gaps == [], gaps
try:
    act()
except (OSError, MemoryError, RuntimeError):
    os.write(1, b"refused")
else:
    os.write(1, b"done")
os._exit(0)
"""

ACTS = re.findall(r'^    "(.+)": ', ACTOR, re.MULTILINE)


def attempt(act: str, side: str, tmp_path: Path) -> subprocess.CompletedProcess[bytes]:
    path = tmp_path / "file"
    if act == "unlink":
        path.touch()
    command = [sys.executable, "-c", ACTOR, str(SRC), act, side, str(path)]
    return subprocess.run(command, capture_output=True, timeout=30, check=False)


@pytest.mark.skipif(not FILTERED, reason="system calls are not filtered here")
@pytest.mark.parametrize("act", ACTS)
def test_the_wall_refuses(act: str, tmp_path: Path) -> None:
    assert attempt(act, "free", tmp_path).stdout == b"done"
    assert attempt(act, "walled", tmp_path).stdout == b"refused"


def test_the_acts_are_all_tried() -> None:
    assert len(ACTS) == 24


@pytest.mark.skipif(not FILTERED, reason="system calls are not filtered here")
def test_foreign_numbers_end_the_process(tmp_path: Path) -> None:
    """x32 calls reach the same kernel by other numbers."""
    actor = ACTOR.replace(
        '"sleep": lambda: __import__("time").sleep(0.001)', '"x32": lambda: call(0x40000000 | 39)'
    )
    command = [sys.executable, "-c", actor, str(SRC), "x32", "walled", ""]
    assert subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == -signal.SIGSYS


def judge(machine: str, arch: int, number: int, arguments: tuple[int, ...] = (0,) * 6) -> int:
    """What the kernel would do: the filter run over one call."""
    data = struct.pack("=IIQ6Q", number, arch, 0, *arguments)
    steps = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    assert len(steps) < 4096
    accumulator, position = 0, 0
    while True:
        code, when_true, when_false, operand = steps[position]
        position += 1
        match code:
            case seccomp.LOAD:
                accumulator = struct.unpack_from("=I", data, operand)[0]
            case seccomp.RETURN:
                return int(operand)
            case seccomp.EQUAL:
                position += when_true if accumulator == operand else when_false
            case seccomp.AT_LEAST:
                position += when_true if accumulator >= operand else when_false
            case seccomp.ANY_BIT:
                position += when_true if accumulator & operand else when_false
            case _:
                raise AssertionError(code)


@pytest.mark.parametrize(
    ("machine", "arch", "read", "write", "mmap", "mprotect", "brk", "openat", "execve", "socket"),
    [
        ("x86_64", 0xC000003E, 0, 1, 9, 10, 12, 257, 59, 41),
        ("aarch64", 0xC00000B7, 63, 64, 222, 226, 214, 56, 221, 198),
    ],
)
def test_the_filter_of_each_machine(
    machine: str,
    arch: int,
    read: int,
    write: int,
    mmap: int,
    mprotect: int,
    brk: int,
    openat: int,
    execve: int,
    socket: int,
) -> None:
    allow, refuse, kill = seccomp.ALLOW, seccomp.REFUSE, seccomp.KILL
    assert refuse == 0x00050001
    zero, one, two = ((first, 0, 0, 0, 0, 0) for first in (0, 1, 2))
    assert [judge(machine, arch, read, arguments) for arguments in (zero, one, two)] == [
        allow,
        refuse,
        refuse,
    ]
    assert [judge(machine, arch, write, arguments) for arguments in (zero, one, two)] == [
        refuse,
        allow,
        refuse,
    ]
    for number in (mmap, mprotect):
        assert judge(machine, arch, number, (0, 4096, 3, 0, 0, 0)) == allow
        assert judge(machine, arch, number, (0, 4096, 4, 0, 0, 0)) == refuse
        assert judge(machine, arch, number, (0, 4096, 7, 0, 0, 0)) == refuse
    assert judge(machine, arch, brk) == allow
    for number in (openat, execve, socket, 500, 0x3FFFFFFF):
        assert judge(machine, arch, number) == refuse
    assert judge(machine, arch, 0x40000000 | read) == kill
    assert judge(machine, arch ^ 1, brk) == kill
    allowed = sum(judge(machine, arch, number) == allow for number in range(600))
    assert allowed == len(seccomp.CALLS) - 1  # `write` asks for stdout
