"""Projections: which fields of a document are returned.

Nothing here looks at the type of a value beyond object and array (except inside $elemMatch), so dates may be wire
strings. Documents are never changed; parts that stay as they are, are shared with the original.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import QueryError, join
from .limits import DEFAULT_LIMITS, Limits
from .operators import is_number, truth
from .parse import Parser
from .paths import Predicate
from .values import is_extended

Tree = dict[str, Any]
"""Components to their own sub-tree; None where a path ends."""


@dataclass(frozen=True, slots=True)
class Projection:
    """A compiled projection.

    `apply(document)` returns the projected document; QueryError `bad-projection` if arrays in it are nested deeper
    than `Limits.document_depth`. `paths` holds every path that the projection names, in $elemMatch too.
    """

    apply: Callable[[dict[str, Any]], dict[str, Any]]
    paths: frozenset[str]


def compile_projection(raw: object, limits: Limits = DEFAULT_LIMITS) -> Projection:
    """Compile `{path: 0 or 1, ...}` with $slice and $elemMatch; None and `{}` return documents as they are.

    Raises QueryError `bad-projection`, `unsupported` for computed fields, and for the filter in an $elemMatch
    what compile_filter raises.
    """
    if raw is None:
        return Projection(lambda document: document, frozenset())
    if type(raw) is not dict:
        raise QueryError("bad-projection", "", "a projection must be an object")
    reader = _Reader(limits)
    reader.read(raw, "", 0)
    return Projection(reader.compile(), frozenset(reader.paths))


class _Reader:
    """Collects a projection's parts, then compiles them."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.paths: set[str] = set()
        self._tree: Tree = {}
        self._plain: dict[str, bool] = {}
        self._id: bool | None = None
        self._slices: list[tuple[list[str], Callable[[list[Any]], list[Any]]]] = []
        self._elements: dict[str, Predicate] = {}
        self._parser = Parser(limits)

    def read(self, raw: dict[str, Any], prefix: str, depth: int) -> None:
        """Take in the members of the projection, or of an object nested in it."""
        if depth > self.limits.depth:
            raise QueryError("bad-projection", prefix, f"nested deeper than {self.limits.depth} levels")
        for key, value in raw.items():
            path = join(prefix, key) if depth else key
            if type(value) is dict and not is_extended(value):
                first = next(iter(value), None)
                if first is None:
                    raise QueryError("bad-projection", path, "an empty object says nothing")
                if not first.startswith("$"):
                    self._check(path)
                    self.read(value, path, depth + 1)
                else:
                    self._add(path)
                    self._operator(path, first, value)
            elif is_number(value) or type(value) is bool:
                self._add(path)
                self._flag(path, truth(value))
            else:
                self._check(path)
                raise QueryError("unsupported", path, "computed fields are not offered; use 0 or 1")

    def _check(self, path: str) -> list[str]:
        components = path.split(".")
        if len(components) > self.limits.path_components:
            raise QueryError(
                "bad-projection", path, f"a path may have {self.limits.path_components} components"
            )
        if components[-1] == "$" and len(components) > 1:
            raise QueryError("unsupported", path, "the positional projection is not offered")
        for component in components:
            if not component or component.startswith("$"):
                reason = "a path may not have empty components or ones starting with $"
                raise QueryError("bad-projection", path, reason)
        return components

    def _add(self, path: str) -> None:
        """Note a path; two paths of which one contains the other collide."""
        components = self._check(path)
        self.paths.add(path)
        if len(self.paths) > self.limits.projection_keys:
            raise QueryError(
                "bad-projection", path, f"a projection may have {self.limits.projection_keys} keys"
            )
        tree = self._tree
        for component in components[:-1]:
            tree = tree.setdefault(component, {})
            if tree is None:
                raise QueryError("bad-projection", path, "collides with a shorter path")
        if components[-1] in tree:
            raise QueryError("bad-projection", path, "collides with another path")
        tree[components[-1]] = None

    def _flag(self, path: str, included: bool) -> None:
        if path == "_id":
            self._id = included
            return
        if self._plain and included is not next(iter(self._plain.values())):
            raise QueryError("bad-projection", path, "inclusion and exclusion cannot be mixed")
        self._plain[path] = included

    def _operator(self, path: str, name: str, value: dict[str, Any]) -> None:
        where = join(path, name)
        if name not in ("$slice", "$elemMatch"):
            raise QueryError("unsupported", where, f"{name} is not offered in a projection")
        if len(value) > 1:
            raise QueryError("bad-projection", where, f"{name} stands alone")
        if name == "$slice":
            self._slices.append((path.split("."), _slice(value[name], where)))
            return
        if "." in path:
            raise QueryError("bad-projection", where, "$elemMatch is not offered on a dotted path")
        if type(value[name]) is not dict:
            raise QueryError("bad-projection", where, "$elemMatch takes an object")
        self._elements[path] = self._parser.element(value[name], where, path, 0)

    def compile(self) -> Callable[[dict[str, Any]], dict[str, Any]]:
        """Decide between inclusion and exclusion, and return the function that projects a document."""
        self.paths |= self._parser.paths
        if not self.paths:
            return lambda document: document
        if self._plain:
            including = next(iter(self._plain.values()))
        else:
            including = bool(self._elements) or (self._id is True)
        tree, limit = self._tree, self.limits.document_depth
        if including:
            if self._id is not False:
                tree.setdefault("_id", None)
            else:
                del tree["_id"]
        else:
            tree = _without(tree, {"_id"} if self._id is not False else set())
            for components, _ in self._slices:
                _prune(tree, components)
            for path in self._elements:
                tree.pop(path, None)
        select = _include if including else _exclude
        slices, elements = self._slices, tuple(self._elements.items())

        def apply(document: dict[str, Any]) -> dict[str, Any]:
            result = select(document, tree, limit)
            for path, matches in elements:
                _keep_first(result, path, matches)
            for components, cut in slices:
                result = _sliced(result, components, cut)
            return result

        return apply


def _without(tree: Tree, names: set[str]) -> Tree:
    """Leave out names at the top whose path ends there."""
    return {name: below for name, below in tree.items() if not (name in names and below is None)}


def _prune(tree: Tree, components: list[str]) -> None:
    """Take one path out of a tree, with the branches that become empty."""
    branches = [tree]
    for component in components[:-1]:
        branches.append(branches[-1][component])
    for branch, component in zip(reversed(branches), reversed(components), strict=True):
        if not branch[component]:
            del branch[component]


def _slice(raw: Any, where: str) -> Callable[[list[Any]], list[Any]]:
    """Compile the operand of $slice: a number of elements from either end, or [skip, limit]."""
    if is_number(raw):
        count = _whole(raw, where)
        return lambda array: array[:count] if count >= 0 else array[count:]
    if type(raw) is not list or len(raw) != 2 or not all(is_number(part) for part in raw):
        raise QueryError("bad-projection", where, "$slice takes a number or [skip, limit]")
    skip, limit = (_whole(part, where) for part in raw)
    if limit <= 0:
        raise QueryError("bad-projection", where, "the limit of a $slice must be above 0")

    def cut(array: list[Any]) -> list[Any]:
        start = skip if skip >= 0 else max(0, len(array) + skip)
        return array[start : start + limit]

    return cut


def _whole(number: float, where: str) -> int:
    if not math.isfinite(number) or abs(number) >= 2**63:
        raise QueryError("bad-projection", where, "$slice takes 64 bit numbers")
    return int(number)


def _deeper(levels: int) -> int:
    if levels <= 0:
        raise QueryError("bad-projection", "", "a document's arrays are nested too deep to project")
    return levels - 1


def _include(document: dict[str, Any], tree: Tree, levels: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in document.items():
        if name not in tree:
            continue
        below = tree[name]
        if below is None:
            result[name] = value
        elif type(value) is dict:
            result[name] = _include(value, below, levels)
        elif type(value) is list:
            result[name] = _include_array(value, below, levels)
    return result


def _include_array(array: list[Any], tree: Tree, levels: int) -> list[Any]:
    """Project every object of an array, at any depth of arrays; anything else is dropped."""
    levels = _deeper(levels)
    result: list[Any] = []
    for element in array:
        if type(element) is dict:
            result.append(_include(element, tree, levels))
        elif type(element) is list:
            result.append(_include_array(element, tree, levels))
    return result


def _exclude(document: dict[str, Any], tree: Tree, levels: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in document.items():
        if name not in tree:
            result[name] = value
        elif tree[name] is not None:
            result[name] = _exclude_value(value, tree[name], levels)
    return result


def _exclude_value(value: Any, tree: Tree, levels: int) -> Any:
    if type(value) is dict:
        return _exclude(value, tree, levels)
    if type(value) is list:
        levels = _deeper(levels)
        return [_exclude_value(element, tree, levels) for element in value]
    return value


def _keep_first(result: dict[str, Any], path: str, matches: Predicate) -> None:
    """Reduce a field to its first element that matches; without one the field goes."""
    value = result.get(path)
    for element in value if type(value) is list else ():
        if matches(element):
            result[path] = [element]
            return
    result.pop(path, None)


def _sliced(
    document: dict[str, Any], components: list[str], cut: Callable[[list[Any]], list[Any]]
) -> dict[str, Any]:
    """Return the document with one array cut; arrays on the way are entered one level deep."""
    name, rest = components[0], components[1:]
    value = document.get(name)
    if not rest:
        return {**document, name: cut(value)} if type(value) is list else document
    if type(value) is dict:
        return {**document, name: _sliced(value, rest, cut)}
    if type(value) is list:
        elements = [_sliced(item, rest, cut) if type(item) is dict else item for item in value]
        return {**document, name: elements}
    return document
