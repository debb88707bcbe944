"""Failed logins, where all nodes count them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

FORGOTTEN_MS = 24 * 60 * 60_000
"""Failures that lie so far back count no more."""


@dataclass(frozen=True, slots=True)
class LoginFailures:
    """How often somebody failed since the last success, and when last (epoch milliseconds)."""

    count: int
    last: int


class Failing(Protocol):
    """Keeps the failures of accounts and addresses, each under a key."""

    async def login_failures(self, keys: Sequence[str]) -> Mapping[str, LoginFailures]:
        """The failures under these keys; none under one that is not kept."""

    async def count_login_failure(self, keys: Sequence[str], now: int) -> Mapping[str, LoginFailures]:
        """Count one under each of these keys, and answer what was there before; what is forgotten is not."""

    async def forget_login_failures(self, keys: Sequence[str]) -> None:
        """Keep nothing under these keys."""
