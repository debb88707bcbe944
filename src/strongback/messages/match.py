"""What a value must look like, in the words of upstream's argument checks (spec/01 section 2)."""

import re
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite, isnan
from typing import Any

import msgspec

from strongback.errors import Failure

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
SHORTEST, LONGEST = 1e-6, 1e21
"""Between these JavaScript writes a number without an exponent."""


def mismatch(text: str, field: str) -> Failure:
    """What a caller hears whose value is not the expected one."""
    return Failure(f"Match error: {text} in field {field}")


def expect(value: Any, kinds: str, field: str) -> None:
    """Raise Failure unless the value, null aside, is of one of the types, separated by spaces."""
    if value is None or any(is_a(kind, value) for kind in kinds.split()):
        return
    if " " in kinds:
        raise mismatch("Failed Match.OneOf, Match.Maybe or Match.Optional validation", field)
    raise mismatch(f"Expected {kinds}, got {type_name(value)}", field)


def required(body: Mapping[str, Any], name: str) -> str:
    """A text member that must be there."""
    if name not in body:
        raise Failure(f"Match error: Missing key '{name}'")
    value = body[name]
    if not isinstance(value, str):
        raise mismatch(f"Expected string, got {type_name(value)}", name)
    return value


def is_a(kind: str, value: Any) -> bool:
    """Whether a JSON value is of a type; true and false are no numbers."""
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def type_name(value: Any) -> str:
    """The type of a JSON value as upstream's messages name it."""
    if value is None:
        return "null"
    return next(kind for kind in ("boolean", *_TYPES) if is_a(kind, value))


def truthy(value: Any) -> bool:
    """Whether JavaScript takes a JSON value for true: every object and every list is."""
    if isinstance(value, float) and isnan(value):
        return False
    return isinstance(value, dict | list) or bool(value)


def first(body: Mapping[str, Any], *names: str) -> Any:
    """The first member that JavaScript takes for true; None for none."""
    return next((body[name] for name in names if name in body and truthy(body[name])), None)


def scalar_text(value: str | float | bool) -> str:
    """A text, number or boolean as JavaScript's `String` writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        number = float(value)
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"
    if not isfinite(number):
        return "NaN" if isnan(number) else f"{number}".replace("inf", "Infinity")
    if number == 0:
        return "0"
    if SHORTEST <= abs(number) < LONGEST:
        return format(Decimal(repr(number)), "f").removesuffix(".0")
    return re.sub(r"e([+-])0?", r"e\1", repr(number))


def check_storable(value: Any) -> None:
    """Raise Failure for what can not be written as JSON: lone surrogates, bottomless nesting."""
    try:
        msgspec.json.encode(value)
    except (UnicodeError, RecursionError, OverflowError):
        raise Failure("The message is nested too deeply, or is not valid Unicode text") from None
