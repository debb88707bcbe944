"""How large a filter, sort or projection may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that are checked before anything is compiled or matched.

    Each is explained in docs/query-language.md; a test compares that table with these defaults.
    """

    depth: int = 100
    nodes: int = 1000
    list_length: int = 1000
    path_components: int = 100
    path_indexes: int = 10
    pattern_bytes: int = 32_764
    regex_steps: int = 100_000
    regex_heap_kib: int = 16_384
    regex_subject: int = 32_768
    sort_keys: int = 8
    projection_keys: int = 200
    document_depth: int = 200


DEFAULT_LIMITS = Limits()
