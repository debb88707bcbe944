"""A time as clients send it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from strongback.documents.dates import EPOCH, MAX_DATE_MS

MILLISECOND = timedelta(milliseconds=1)


def moment(value: Any) -> int | None:
    """A time in epoch milliseconds from a number of them, ISO 8601 text or `{"$date": ...}`; None for all else.

    A text without an offset is UTC.
    """
    if isinstance(value, dict):
        value = value.get("$date")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return int(value) if -MAX_DATE_MS <= value <= MAX_DATE_MS else None
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return (read.replace(tzinfo=read.tzinfo or UTC) - EPOCH) // MILLISECOND
