"""Tables for people and JSON for programs, both on stdout."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 240


def table(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows under headings; a column is named as its member is."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(plain(row.get(column))) for column in columns))
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, soft_wrap=False).print(shown)


def as_json(value: Any) -> None:
    """Print one JSON value."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def listing(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, json_wanted: bool) -> None:
    """Print a listing, as a JSON array or as a table."""
    if json_wanted:
        as_json([{column: row.get(column) for column in columns} for row in rows])
    else:
        table(columns, rows)


def plain(value: Any) -> str:
    """A value as one line of a table; nothing in it can move a terminal's cursor."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(plain(one) for one in value)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
