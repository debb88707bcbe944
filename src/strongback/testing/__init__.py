"""For the tests of bots and of receivers: a real server, and an HTTP receiver that misbehaves on demand."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strongback.testing.answer import (
        Answer,
        Behaviour,
        Hold,
        bomb,
        drip,
        endless,
        garbage,
        half,
        hang,
        headers_only,
        redirect,
        reset,
        retry_after,
        wrong_length,
    )
    from strongback.testing.client import Refused, Reply
    from strongback.testing.received import Received
    from strongback.testing.receiver import Receiver
    from strongback.testing.server import Group, Server

HOMES = {
    "Group": "server",
    "Received": "received",
    "Receiver": "receiver",
    "Refused": "client",
    "Reply": "client",
    "Server": "server",
}
"""The modules of these names; all others are in `answer`."""

__all__ = [
    "Answer",
    "Behaviour",
    "Group",
    "Hold",
    "Received",
    "Receiver",
    "Refused",
    "Reply",
    "Server",
    "bomb",
    "drip",
    "endless",
    "garbage",
    "half",
    "hang",
    "headers_only",
    "redirect",
    "reset",
    "retry_after",
    "wrong_length",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: every run of pytest imports this package, few need what is in it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES.get(name, 'answer')}"), name)
