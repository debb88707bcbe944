"""The process in which Babel runs: sources in, what they compile to out, both as JSON text in frames.

Started with the paths to import from and the parent's process id; it imports nothing of the server.
"""

import json
import os
import resource
import sys

import _quickjs

from strongback.scripts import frames, wall

HEAP = 128 * 1024 * 1024
STACK = 48 * 1024 * 1024
"""Babel needs much for sources that are nested deeply."""
STACK_MARGIN = 4 * 1024 * 1024
"""What the interpreter around the engine needs of the stack."""
ADDRESS_SPACE = 256 * 1024 * 1024
READ_SIZE = 1 << 16
LONGEST_QUESTION = 16 * 1024 * 1024
CONSOLE = "globalThis.console = { log() {}, info() {}, warn() {}, error() {}, debug() {}, trace() {} };"


def main() -> None:
    """Load Babel, put up the wall, say so, and compile until the parent closes the pipe."""
    wall.end_with_parent(int(sys.argv[3]))
    context = _quickjs.Context()
    context.set_memory_limit(HEAP)
    context.set_max_stack_size(stack())
    for source in (CONSOLE, read("babel.min.js"), read("compile.js")):
        context.eval(source)
    compile = context.get("compile")
    send(frames.HELLO, json.dumps(wall.put_up(ADDRESS_SPACE)).encode())
    inbox = frames.Inbox(LONGEST_QUESTION)
    try:
        while data := os.read(0, READ_SIZE):
            inbox.feed(data)
            while frame := inbox.take():
                send(frames.RESULT, compile(frame[1].decode()).encode())
    except BaseException:
        os._exit(1)
    os._exit(0)


def read(name: str) -> str:
    """The text of a file beside Babel."""
    with open(os.path.join(os.path.dirname(__file__), "babel", name), encoding="utf-8") as file:
        return file.read()


def stack() -> int:
    """Take as much stack as the system gives; the bytes of it that are the engine's."""
    wanted = STACK + STACK_MARGIN
    _, most = resource.getrlimit(resource.RLIMIT_STACK)
    if most != resource.RLIM_INFINITY and most < wanted:
        return max(most - STACK_MARGIN, STACK_MARGIN)
    resource.setrlimit(resource.RLIMIT_STACK, (wanted, most))
    return STACK


def send(tag: int, body: bytes) -> None:
    """Write a frame to the parent."""
    data = memoryview(frames.frame(tag, body))
    while data:
        data = data[os.write(1, data) :]
