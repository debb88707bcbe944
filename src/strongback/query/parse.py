"""Read a filter in JSON and compile it; the whole filter is checked before any document is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from . import operators
from .errors import QueryError, join
from .limits import DEFAULT_LIMITS, Limits
from .match import (
    Condition,
    Conjunction,
    Negation,
    all_of,
    any_of,
    as_document,
    negated,
    on_path,
    on_value,
    some_element,
)
from .paths import Predicate, Test, split, traversing
from .values import Regex, decode, is_extended

LOGICAL: Final = ("$and", "$or", "$nor")
TOP_LEVEL: Final = frozenset({*LOGICAL, "$comment"})
COMPARISONS: Final = ("$gt", "$gte", "$lt", "$lte")
BITS: Final = ("$bitsAllSet", "$bitsAllClear", "$bitsAnySet", "$bitsAnyClear")
FIELD: Final = frozenset(
    {"$eq", "$ne", *COMPARISONS, "$in", "$nin", "$not", "$all", "$elemMatch", "$size", "$exists", "$type", "$mod",
     "$regex", "$options", *BITS}
)  # fmt: skip
UNSUPPORTED: Final = frozenset(
    {"$where", "$expr", "$text", "$jsonSchema", "$sampleRate", "$near", "$nearSphere", "$geoWithin",
     "$geoIntersects", "$function", "$accumulator"}
)  # fmt: skip
# Under a field these are no operators of MongoDB at all, so they are unknown there and not merely refused.
_TOP_LEVEL_ONLY: Final = frozenset({"$where", "$expr", "$function", "$accumulator"})


@dataclass(frozen=True, slots=True)
class Filter:
    """A compiled filter.

    `matches(document)` judges a decoded document; it raises QueryError only when a regular expression goes over a
    bound. `paths` holds every field path that the filter names, dotted from the root, in $elemMatch too.
    """

    matches: Callable[[dict[str, Any]], bool]
    paths: frozenset[str]


def compile_filter(raw: object, limits: Limits = DEFAULT_LIMITS) -> Filter:
    """Compile a filter in JSON, with extended JSON in its operands; None and `{}` match every document.

    Raises QueryError `bad-operator`, `bad-value`, `bad-regex` or `unsupported`.
    """
    parser = Parser(limits)
    matches = all_of([]) if raw is None else parser.filter(raw, "", "", 0)
    return Filter(matches, frozenset(parser.paths))


def is_operator_document(raw: object) -> bool:
    """Tell whether a JSON value under a field holds operators: an object whose first key starts with `$`."""
    if type(raw) is not dict or not raw or is_extended(raw):
        return False
    if "$ref" in raw and "$id" in raw:  # a DBRef is a value
        return False
    return str(next(iter(raw))).startswith("$")


class Parser:
    """Compiles one filter; counts its conditions and collects its paths on the way.

    `where` is the place in the caller's JSON, for messages; `prefix` the field path that $elemMatch stands under.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.paths: set[str] = set()
        self._nodes = 0

    def filter(self, raw: object, where: str, prefix: str, depth: int) -> Predicate:
        """Compile an object whose keys are paths and logical operators."""
        if type(raw) is not dict:
            raise QueryError("bad-value", where, "a filter must be an object")
        self._deeper(where, depth)
        parts: list[Predicate] = []
        for key, value in raw.items():
            here = join(where, key)
            self._count(here)
            if key in LOGICAL:
                parts.append(self._logical(key, value, here, prefix, depth))
            elif key.startswith("$"):
                self._other_top_level(key, here)
            else:
                path = join(prefix, key)
                components = split(key, self.limits, here)
                self.paths.add(path)
                parts.append(on_path(self._field(value, here, path, depth), components))
        return all_of(parts)

    def _deeper(self, where: str, depth: int) -> None:
        if depth > self.limits.depth:
            raise QueryError("bad-value", where, f"a filter may be nested {self.limits.depth} levels deep")

    def _count(self, where: str) -> None:
        self._nodes += 1
        if self._nodes > self.limits.nodes:
            raise QueryError("bad-value", where, f"a filter may have {self.limits.nodes} conditions")

    def _logical(self, name: str, raw: object, where: str, prefix: str, depth: int) -> Predicate:
        if type(raw) is not list or not raw:
            raise QueryError("bad-value", where, f"{name} takes a non-empty array of filters")
        parts = []
        for index, item in enumerate(raw):
            self._count(where)
            parts.append(self.filter(item, join(where, index), prefix, depth + 1))
        if name == "$and":
            return all_of(parts)
        return any_of(parts) if name == "$or" else negated(any_of(parts))

    def _other_top_level(self, key: str, where: str) -> None:
        if key in UNSUPPORTED:
            raise QueryError("unsupported", where, f"{key} is not offered")
        if key not in TOP_LEVEL:
            raise QueryError("bad-operator", where, f"unknown top level operator {key}")

    def _field(self, raw: Any, where: str, path: str, depth: int) -> Condition:
        """Compile what stands under a field: operators, a regular expression or a value to be equal to."""
        if is_operator_document(raw):
            return self.operators(raw, where, path, depth)
        operand = decode(raw, where)
        if type(operand) is Regex:
            return operators.regular_expression(operand, where, self.limits)
        return operators.equality(operand)

    def operators(self, raw: dict[str, Any], where: str, path: str, depth: int) -> Condition:
        """Compile a document of field operators, which are ANDed."""
        self._deeper(where, depth)
        parts: list[Condition] = []
        for name, operand in raw.items():
            here = join(where, name)
            self._count(here)
            if name in UNSUPPORTED and name not in _TOP_LEVEL_ONLY:
                raise QueryError("unsupported", here, f"{name} is not offered")
            if name not in FIELD:
                raise QueryError("bad-operator", here, f"unknown operator {name}")
            if name == "$regex":
                parts.append(self._regex(operand, raw.get("$options"), "$options" in raw, where))
            elif name != "$options":
                parts.append(self._operator(name, operand, here, path, depth))
            elif "$regex" not in raw:
                raise QueryError("bad-value", here, "$options needs a $regex beside it")
        return parts[0] if len(parts) == 1 else Conjunction(tuple(parts))

    def _operator(self, name: str, raw: Any, where: str, path: str, depth: int) -> Condition:
        if name == "$not":
            return self._not(raw, where, path, depth)
        if name == "$elemMatch":
            return self._elem_match(raw, where, path, depth)
        if name == "$all":
            return self._all(raw, where, path, depth)
        if name in ("$in", "$nin"):
            test = self._in(name, raw, where)
            return test if name == "$in" else Negation(test)
        operand = decode(raw, where)
        if name == "$eq":
            return operators.equality(operand)
        if name == "$ne":
            if type(operand) is Regex:
                raise QueryError("bad-value", where, "$ne takes no regular expression; use $not")
            return Negation(operators.equality(operand))
        if name in COMPARISONS:
            return operators.comparison(name, operand, where)
        if name == "$exists":
            test = operators.existence()
            return test if operators.truth(operand) else Negation(test)
        if name == "$size":
            return operators.size(operand, where)
        if name == "$type":
            return operators.type_of(operand, where, self.limits)
        if name == "$mod":
            return operators.modulo(operand, where)
        return operators.bits(name, operand, where, self.limits)

    def _regex(self, raw: Any, raw_options: Any, has_options: bool, where: str) -> Condition:
        here = join(where, "$regex")
        operand = decode(raw, here)
        if type(operand) is str:
            operand = Regex(operand)
        if type(operand) is not Regex:
            raise QueryError("bad-value", here, "$regex takes a string")
        if has_options:
            if type(raw_options) is not str or operand.options:
                raise QueryError("bad-value", join(where, "$options"), "$options takes a string, given once")
            operand = Regex(operand.pattern, "".join(sorted(set(raw_options))))
        return operators.regular_expression(operand, here, self.limits)

    def _not(self, raw: Any, where: str, path: str, depth: int) -> Condition:
        if type(raw) is dict and raw and not is_extended(raw):
            return Negation(self.operators(raw, where, path, depth + 1))
        operand = decode(raw, where)
        if type(operand) is not Regex:
            raise QueryError("bad-value", where, "$not takes operators or a regular expression")
        return Negation(operators.regular_expression(operand, where, self.limits))

    def _list(self, name: str, raw: Any, where: str) -> list[Any]:
        if type(raw) is not list:
            raise QueryError("bad-value", where, f"{name} takes an array")
        if len(raw) > self.limits.list_length:
            raise QueryError("bad-value", where, f"{name} takes {self.limits.list_length} values at most")
        return raw

    def _values(self, name: str, raw: list[Any], where: str) -> list[Any]:
        for index, item in enumerate(raw):
            if is_operator_document(item):
                first = join(join(where, index), next(iter(item)))
                raise QueryError("bad-operator", first, f"{name} takes values, no operators")
        return [decode(item, join(where, index)) for index, item in enumerate(raw)]

    def _in(self, name: str, raw: Any, where: str) -> Test:
        values = self._values(name, self._list(name, raw, where), where)
        return operators.membership(values, where, self.limits)

    def _all(self, raw: Any, where: str, path: str, depth: int) -> Condition:
        items = self._list("$all", raw, where)
        if not items:
            return traversing(lambda value: False)
        if is_operator_document(items[0]) and next(iter(items[0])) == "$elemMatch":
            return self._all_elem_match(items, where, path, depth)
        parts: list[Condition] = [
            operators.regular_expression(value, where, self.limits)
            if type(value) is Regex
            else operators.equality(value)
            for value in self._values("$all", items, where)
        ]
        return Conjunction(tuple(parts))

    def _all_elem_match(self, items: list[Any], where: str, path: str, depth: int) -> Condition:
        parts: list[Condition] = []
        for index, item in enumerate(items):
            here = join(where, index)
            self._count(here)
            if type(item) is not dict or list(item) != ["$elemMatch"]:
                raise QueryError(
                    "bad-operator", here, "$all takes values, or $elemMatch alone in every place"
                )
            parts.append(self._elem_match(item["$elemMatch"], join(here, "$elemMatch"), path, depth + 1))
        return Conjunction(tuple(parts))

    def _elem_match(self, raw: Any, where: str, path: str, depth: int) -> Test:
        return some_element(self.element(raw, where, path, depth + 1))

    def element(self, raw: Any, where: str, path: str, depth: int) -> Predicate:
        """Compile the operand of $elemMatch to a question about one element."""
        if type(raw) is not dict or is_extended(raw):
            raise QueryError("bad-value", where, "$elemMatch takes an object")
        first = next(iter(raw), "")
        if is_operator_document(raw) and first not in TOP_LEVEL and first != "$where":
            return on_value(self.operators(raw, where, path, depth))
        return as_document(self.filter(raw, where, path, depth))
