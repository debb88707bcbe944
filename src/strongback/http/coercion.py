"""Ajv's ``coerceTypes``, for the texts of a query string (spec/01 §7)."""

import re

from strongback.http.body import Json

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z", re.ASCII)


def coerced_value(types: list[str], value: Json) -> tuple[bool, Json]:
    """Return whether Ajv's ``coerceTypes`` finds a value of the wanted types, and that value."""
    for kind in types:
        if kind in {"number", "integer"} and isinstance(value, str):
            text = value.strip()
            if _NUMBER.match(text) and len(text) <= 400:
                number = float(text)
                if number.is_integer() and abs(number) <= 2**53:
                    return True, int(number)
                if kind == "number" and abs(number) != float("inf"):
                    return True, number
        if kind == "boolean" and value in ("true", "false"):
            return True, value == "true"
        if kind == "null" and value == "":
            return True, None
    return False, value
