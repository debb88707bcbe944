"""What each field operator asks of a value.

Every function takes an already decoded operand and returns a `Test`, or raises QueryError. How operators combine and
negate is in match.py; where the values come from is in paths.py.
"""

from __future__ import annotations

import math
from typing import Any, Final

from .compare import compare, equal, rank
from .errors import QueryError
from .limits import Limits
from .paths import Predicate, Test, traversing, whole
from .regex import compile_regex
from .values import MISSING, Binary, Date, ObjectId, Regex

_INT64: Final = 2**63
_HASHED: Final = (str, Date, ObjectId, Binary)

TYPE_CODES: Final = {
    "double": 1, "string": 2, "object": 3, "array": 4, "binData": 5, "undefined": 6, "objectId": 7, "bool": 8,
    "date": 9, "null": 10, "regex": 11, "javascript": 13, "symbol": 14, "int": 16, "timestamp": 17, "long": 18,
    "decimal": 19, "minKey": -1, "maxKey": 127,
}  # fmt: skip
_FIXED_CODES: Final[dict[type, int]] = {
    str: 2, dict: 3, list: 4, Binary: 5, ObjectId: 7, bool: 8, Date: 9, type(None): 10, Regex: 11,
}  # fmt: skip


def is_number(value: Any) -> bool:
    """Tell whether a value is a number; a bool is none."""
    return type(value) is int or type(value) is float


def integral(value: Any) -> int | None:
    """Return a number without a fraction as an int, and None for anything else."""
    if type(value) is int:
        return value
    if type(value) is float and math.isfinite(value) and value == int(value):
        return int(value)
    return None


def truth(value: Any) -> bool:
    """Return what an operand means where MongoDB wants a bool: only false, null and zero are false."""
    return value is not None and value is not False and not (is_number(value) and value == 0)


def equality(operand: Any) -> Test:
    """`$eq`: the same type and value; null also means missing."""
    kind = type(operand)
    if operand is None:
        return traversing(lambda value: value is None or value is MISSING)
    if kind is bool:
        return traversing(lambda value: value is operand)
    if kind in _HASHED:
        # None of these equals a value of another type, so == and `in` need no look at the type.
        def deep(value: Any) -> bool:
            return value == operand or (type(value) is list and operand in value)

        return Test(lambda value: value == operand, deep)
    if is_number(operand) and operand == operand:  # noqa: PLR0124
        return traversing(lambda value: value == operand and type(value) is not bool)
    return traversing(lambda value: value is not MISSING and equal(value, operand))


def comparison(name: str, operand: Any, path: str) -> Test:
    """`$gt $gte $lt $lte`: only values of the operand's own type."""
    kind = type(operand)
    if kind is Regex:
        raise QueryError("bad-value", path, f"{name} takes no regular expression")
    or_equal = name in ("$gte", "$lte")
    if operand is None or operand != operand:  # noqa: PLR0124
        return equality(operand) if or_equal else traversing(lambda value: False)
    if kind is str:
        return _compared(name, operand, (str,))
    if is_number(operand):
        return _compared(name, operand, (int, float))
    place, up = rank(operand), name in ("$gt", "$gte")

    def plain(value: Any) -> bool:
        if value is MISSING or rank(value) != place:
            return False
        sign = compare(value, operand)
        return or_equal if sign == 0 else (sign > 0) is up

    return traversing(plain)


def _compared(name: str, operand: Any, kinds: tuple[type, ...]) -> Test:
    """Compare strings or numbers, for which Python's own order is the right one (NaN included)."""
    tests: dict[str, Predicate] = {
        "$gt": lambda value: type(value) in kinds and value > operand,
        "$gte": lambda value: type(value) in kinds and value >= operand,
        "$lt": lambda value: type(value) in kinds and value < operand,
        "$lte": lambda value: type(value) in kinds and value <= operand,
    }
    return traversing(tests[name])


def membership(operands: list[Any], path: str, limits: Limits) -> Test:
    """`$in`: equal to one of the values, or found by one of the regular expressions."""
    hashed = frozenset(value for value in operands if type(value) in _HASHED)
    # 1 and True hash alike, so that numbers live in a set of their own and bools in none.
    numbers = frozenset(value for value in operands if is_number(value) and value == value)  # noqa: PLR0124
    rest = [value for value in operands if type(value) not in _HASHED and value not in (True, False, None)]
    tests = [
        regular_expression(value, path, limits).plain if type(value) is Regex else equality(value).plain
        for value in rest
        if not (is_number(value) and value in numbers)
    ]
    tests += [equality(value).plain for value in (True, False, None) if any(o is value for o in operands)]

    def plain(value: Any) -> bool:
        kind = type(value)
        if kind in _HASHED:
            if value in hashed:
                return True
        elif (kind is int or kind is float) and value in numbers:
            return True
        return any(test(value) for test in tests)

    if tests or numbers:
        return traversing(plain)

    def only_hashed(value: Any) -> bool:
        return type(value) in _HASHED and value in hashed

    return traversing(only_hashed)


def regular_expression(regex: Regex, path: str, limits: Limits) -> Test:
    """`$regex`: found in a string, or the very same expression stored as a value."""
    search = compile_regex(regex, path, limits)

    def plain(value: Any) -> bool:
        if type(value) is str:
            return search(value)
        return type(value) is Regex and value == regex

    return traversing(plain)


def existence() -> Test:
    """`$exists: true`: any value at all."""
    return whole(lambda value: value is not MISSING)


def size(operand: Any, path: str) -> Test:
    """`$size`: an array of exactly that length."""
    length = integral(operand)
    if length is None or length < 0:
        raise QueryError("bad-value", path, "$size takes a whole number from 0")
    return whole(lambda value: type(value) is list and len(value) == length)


def modulo(operand: Any, path: str) -> Test:
    """`$mod`: the remainder has the sign of the value, as in C."""
    if type(operand) is not list or len(operand) != 2:
        raise QueryError("bad-value", path, "$mod takes [divisor, remainder]")
    divisor, remainder = (_truncated(part) for part in operand)
    if divisor is None or remainder is None or divisor == 0:
        raise QueryError("bad-value", path, "$mod takes two 64 bit numbers and a divisor other than 0")
    by, wanted = abs(divisor), remainder

    def plain(value: Any) -> bool:
        number = _truncated(value)
        if number is None:
            return False
        return (number % by if number >= 0 else -(-number % by)) == wanted

    return traversing(plain)


def _truncated(value: Any) -> int | None:
    if type(value) is float and math.isfinite(value):
        value = int(value)
    return value if type(value) is int and -_INT64 <= value < _INT64 else None


def bits(name: str, operand: Any, path: str, limits: Limits) -> Test:
    """`$bits...`: whole numbers of 64 bits, as two's complement."""
    mask = _mask(operand, name, path, limits)
    all_ones = 2 * _INT64 - 1
    # (bits to look at, what they must be, whether that is wanted or refused)
    want = {
        "$bitsAllSet": (mask, True),
        "$bitsAllClear": (0, True),
        "$bitsAnySet": (0, False),
        "$bitsAnyClear": (mask, False),
    }
    expected, wanted = want[name]

    def plain(value: Any) -> bool:
        number = integral(value)
        if number is None or not -_INT64 <= number < _INT64:
            return False
        return ((number & all_ones & mask) == expected) is wanted

    return traversing(plain)


def _mask(operand: Any, name: str, path: str, limits: Limits) -> int:
    if type(operand) is list:
        if len(operand) > limits.list_length:
            raise QueryError("bad-value", path, f"{name} takes {limits.list_length} positions at most")
        mask = 0
        for item in operand:
            position = integral(item)
            if position is None or position < 0:
                raise QueryError("bad-value", path, f"{name} takes whole positions from 0")
            mask |= 1 << min(position, 63)
        return mask
    number = integral(operand)
    if number is None or not 0 <= number < _INT64:
        raise QueryError("bad-value", path, f"{name} takes a whole number from 0, or a list of positions")
    return number


def type_of(operand: Any, path: str, limits: Limits) -> Test:
    """`$type`: by alias or code, or a list of them."""
    names = operand if type(operand) is list else [operand]
    if not names or len(names) > limits.list_length:
        raise QueryError("bad-value", path, "$type takes an alias, a code or a list of them")
    codes: set[int] = set()
    for name in names:
        code = TYPE_CODES.get(name) if type(name) is str else integral(name)
        if type(name) is str and name == "number":
            codes |= {1, 16, 18, 19}
        elif code in TYPE_CODES.values() and code is not None:
            codes.add(code)
        else:
            raise QueryError("bad-value", path, "$type knows no such type")
    return traversing(lambda value: _type_code(value) in codes)


def _type_code(value: Any) -> int:
    """Return MongoDB's type code as a JavaScript driver would have stored the value; 0 for a missing one."""
    if not is_number(value):
        return _FIXED_CODES.get(type(value), 0)
    number = integral(value)
    return 16 if number is not None and -(2**31) <= number < 2**31 else 1
