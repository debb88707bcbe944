"""What nodes tell each other about the calls that they count."""

from typing import NamedTuple


class Tally(NamedTuple):
    """How many calls of a key went through in the window that ends at ``reset`` (epoch ms)."""

    key: str
    reset: int
    calls: int
