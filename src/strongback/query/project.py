"""Projections: which fields of a document are returned.

A projection does not depend on a value's type beyond object and array (except inside $elemMatch), so dates may be
wire strings.
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
from .shape import Tree, exclude, include, keep_first, sliced
from .values import is_extended


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
        including = next(iter(self._plain.values()), bool(self._elements) or self._id is True)
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
        select = include if including else exclude
        slices, elements = self._slices, tuple(self._elements.items())

        def apply(document: dict[str, Any]) -> dict[str, Any]:
            result = select(document, tree, limit)
            for path, matches in elements:
                keep_first(result, path, matches)
            for components, cut in slices:
                result = sliced(result, components, cut)
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
