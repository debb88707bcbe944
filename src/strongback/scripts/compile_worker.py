"""The process in which Babel runs: frames of JSON text in, frames of JSON text out, and nothing else."""

import resource
import sys
from importlib import resources
from typing import BinaryIO

import quickjs

HEAP = 128 * 1024 * 1024
STACK = 48 * 1024 * 1024
ADDRESS_SPACE = 256 * 1024 * 1024
STACK_MARGIN = 4 * 1024 * 1024
"""What the interpreter that calls the engine needs of the stack itself."""
CONSOLE = "globalThis.console = { log() {}, info() {}, warn() {}, error() {}, debug() {}, trace() {} };"
LENGTH_BYTES = 4


def main() -> None:
    """Load Babel, go behind the wall, say so with an empty frame, and compile until the input ends."""
    files = resources.files("strongback.scripts") / "babel"
    babel, glue = ((files / name).read_text() for name in ("babel.min.js", "compile.js"))
    context = quickjs.Context()
    context.set_memory_limit(HEAP)
    context.set_max_stack_size(stack())
    for source in (CONSOLE, babel, glue):
        context.eval(source)
    compile = context.get("compile")
    send(b"")
    while (message := receive(sys.stdin.buffer)) is not None:
        send(compile(message.decode()).encode())


def stack() -> int:
    """Take as much stack as the system gives; Babel needs much for deeply nested sources."""
    _, most = resource.getrlimit(resource.RLIMIT_STACK)
    wanted = STACK + STACK_MARGIN
    if most == resource.RLIM_INFINITY or most >= wanted:
        resource.setrlimit(resource.RLIMIT_STACK, (wanted, most))
        return STACK
    return most - STACK_MARGIN


def receive(source: BinaryIO) -> bytes | None:
    """Read a frame; None at the end."""
    length = source.read(LENGTH_BYTES)
    return source.read(int.from_bytes(length, "big")) if len(length) == LENGTH_BYTES else None


def send(message: bytes) -> None:
    """Write a frame."""
    sys.stdout.buffer.write(len(message).to_bytes(LENGTH_BYTES, "big") + message)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
