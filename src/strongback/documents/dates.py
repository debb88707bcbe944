"""Dates on the wire: `YYYY-MM-DDTHH:MM:SS.mmmZ` and epoch milliseconds, for all of JavaScript's dates."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

MAX_DATE_MS = 8_640_000_000_000_000
DAY_MS = 86_400_000
WIRE_LENGTH = len("2024-01-01T00:00:00.000Z")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
MINUTE_MS = 60_000
_COMMON = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_WIRE = re.compile(
    r"([+-][0-9]{6}|[0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z"
)


def format_date(ms: int) -> str:
    """Write epoch milliseconds as JavaScript's `toISOString` does; a year beyond 0 to 9999 gets six digits.

    Raises ValueError beyond the range of JavaScript's dates.
    """
    if not -MAX_DATE_MS <= ms <= MAX_DATE_MS:
        raise ValueError(f"{ms} ms is beyond the range of dates")
    minute, rest = divmod(ms, MINUTE_MS)
    digits = str(100_000 + rest)
    return f"{_minute_text(minute)}{digits[1:3]}.{digits[3:]}Z"


def parse_date(text: str) -> int | None:
    """Read what `format_date` writes; None for any other text."""
    if len(text) == WIRE_LENGTH and text[:4] > "0000" and text.isascii() and _COMMON.fullmatch(text):
        try:
            return (datetime.fromisoformat(text) - EPOCH) // MILLISECOND
        except ValueError:
            return None
    match = _WIRE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, millis = map(int, match.groups())
    if not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 59:
        return None
    ms = _day_number(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + millis
    if not -MAX_DATE_MS <= ms <= MAX_DATE_MS or not text.startswith(_day_text(ms // DAY_MS)):
        return None
    return ms


@lru_cache(maxsize=4096)
def _minute_text(minute: int) -> str:
    """Write a minute counted from 1970-01-01; the dates of one import often share theirs."""
    day, rest = divmod(minute, 1440)
    return f"{_day_text(day)}T{rest // 60:02}:{rest % 60:02}:"


@lru_cache(maxsize=4096)
def _day_text(day: int) -> str:
    """Write a day counted from 1970-01-01 (Gregorian, 400-year eras that start on 1 March)."""
    era, day_of_era = divmod(day + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = year_of_era + era * 400 + (month <= 2)
    written = f"{year:04}" if 0 <= year <= 9999 else f"{year:+07}"
    return f"{written}-{month:02}-{day_of_year - (153 * shifted + 2) // 5 + 1:02}"


@lru_cache(maxsize=4096)
def _day_number(year: int, month: int, day: int) -> int:
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146_097 + day_of_era - 719_468
