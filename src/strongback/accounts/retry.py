"""Doing a write again after a lost race."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from strongback.errors import Conflict, Unavailable

T = TypeVar("T")

TRIES = 50


async def retry(attempt: Callable[[], Awaitable[T]]) -> T:
    """Run an attempt, which reads and commits, until its guards hold; Unavailable when they never do."""
    for _ in range(TRIES):
        try:
            return await attempt()
        except Conflict:
            continue
    raise Unavailable("others keep changing the same documents; try again in a moment")
