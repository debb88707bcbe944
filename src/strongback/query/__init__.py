"""The query language of `query`, `sort` and `fields`: MongoDB's find() on documents in memory.

Pure: no I/O, no clock, nothing else of this project imported. docs/query-language.md says what is supported.
"""

from __future__ import annotations

from .errors import ErrorKind, QueryError
from .find import find
from .limits import Limits
from .parse import Filter, compile_filter
from .project import Projection, compile_projection
from .sort import Sort, SortKey, compile_sort
from .values import Binary, Date, ObjectId, Regex, decode, encode

__all__ = [
    "Binary",
    "Date",
    "ErrorKind",
    "Filter",
    "Limits",
    "ObjectId",
    "Projection",
    "QueryError",
    "Regex",
    "Sort",
    "SortKey",
    "compile_filter",
    "compile_projection",
    "compile_sort",
    "decode",
    "encode",
    "find",
]
