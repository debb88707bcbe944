"""Runs one script of the corpus without a wall: `naive.py SCRIPT CANARY [--limits]`.

Two integrations run it one after the other. The second outcome is printed, with the sizes of what was kept. With
--limits the engine's own limits hold; SIGXCPU then tells that the script used twice the processor time.
"""

import resource
import sys
import time
from pathlib import Path

import quickjs

SAFETY_NET = 256 * 1024 * 1024
OUT_OF_MEMORY = 3
ARGUMENT = '{"request": {"content": {"text": "hello"}, "headers": {}, "url": {}}}'


def main() -> None:
    source, canary = (Path(name).read_text() for name in sys.argv[1:3])
    resource.setrlimit(resource.RLIMIT_AS, (SAFETY_NET, SAFETY_NET))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    context = quickjs.Context()
    context.set_max_stack_size(0)
    context.add_callable("__read", lambda *_: canary)
    context.eval(Path(__file__).with_suffix(".js").read_text())
    if "--limits" in sys.argv:
        resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
        context.set_time_limit(0.5)
        context.set_memory_limit(32 * 1024 * 1024)
        context.set_max_stack_size(512 * 1024)
    for _ in ("one integration", "another"):
        context.get("__start")(source, ARGUMENT)
        while context.execute_pending_job():
            pass
        while (outcome := context.get("__outcome")()) is None:
            time.sleep(1)  # for an answer that may still come
    print(context.get("__sizes")())
    print(outcome)


def peak() -> int:
    """The most memory that this process had: Linux counts the parent's into ru_maxrss."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    try:
        main()
    except (MemoryError, quickjs.JSException):
        sys.exit(OUT_OF_MEMORY if peak() > SAFETY_NET / 2 else 1)
