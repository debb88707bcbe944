"""Cut a document to shape: what a compiled projection does to it.

Documents are never changed; parts that stay as they are, are shared with the original.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .errors import QueryError
from .paths import Predicate

Tree = dict[str, Any]
"""Components to their own sub-tree; None where a path ends."""


def _deeper(levels: int) -> int:
    if levels <= 0:
        raise QueryError("bad-projection", "", "a document's arrays are nested too deep to project")
    return levels - 1


def include(document: dict[str, Any], tree: Tree, levels: int) -> dict[str, Any]:
    """Return the document with the fields of the tree alone, in the document's order."""
    result: dict[str, Any] = {}
    for name, value in document.items():
        if name not in tree:
            continue
        below = tree[name]
        if below is None:
            result[name] = value
        elif type(value) is dict:
            result[name] = include(value, below, levels)
        elif type(value) is list:
            result[name] = _include_array(value, below, levels)
    return result


def _include_array(array: list[Any], tree: Tree, levels: int) -> list[Any]:
    """Project every object of an array, at any depth of arrays; anything else is dropped."""
    levels = _deeper(levels)
    result: list[Any] = []
    for element in array:
        if type(element) is dict:
            result.append(include(element, tree, levels))
        elif type(element) is list:
            result.append(_include_array(element, tree, levels))
    return result


def exclude(document: dict[str, Any], tree: Tree, levels: int) -> dict[str, Any]:
    """Return the document without the fields of the tree."""
    result: dict[str, Any] = {}
    for name, value in document.items():
        if name not in tree:
            result[name] = value
        elif tree[name] is not None:
            result[name] = _exclude_value(value, tree[name], levels)
    return result


def _exclude_value(value: Any, tree: Tree, levels: int) -> Any:
    if type(value) is dict:
        return exclude(value, tree, levels)
    if type(value) is list:
        levels = _deeper(levels)
        return [_exclude_value(element, tree, levels) for element in value]
    return value


def keep_first(result: dict[str, Any], path: str, matches: Predicate) -> None:
    """Reduce a field to its first element that matches; without one the field goes."""
    value = result.get(path)
    for element in value if type(value) is list else ():
        if matches(element):
            result[path] = [element]
            return
    result.pop(path, None)


def sliced(
    document: dict[str, Any], components: list[str], cut: Callable[[list[Any]], list[Any]]
) -> dict[str, Any]:
    """Return the document with one array cut; arrays on the way are entered one level deep."""
    name, rest = components[0], components[1:]
    value = document.get(name)
    if not rest:
        return {**document, name: cut(value)} if type(value) is list else document
    if type(value) is dict:
        return {**document, name: sliced(value, rest, cut)}
    if type(value) is list:
        elements = [sliced(item, rest, cut) if type(item) is dict else item for item in value]
        return {**document, name: elements}
    return document
