"""For the tests of bots and of receivers: a real server, and an HTTP receiver that misbehaves on demand."""

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
from strongback.testing.received import Received
from strongback.testing.receiver import Receiver

__all__ = [
    "Answer",
    "Behaviour",
    "Hold",
    "Received",
    "Receiver",
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
