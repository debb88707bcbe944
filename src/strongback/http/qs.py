"""The nested query-string format: ``a=1``, ``a[b]=1``, ``a[]=1``, ``a[0]=x`` (spec/01 §1).

It also decodes urlencoded bodies. Where node's ``qs`` guesses (a name used both as a scalar and as an object,
nesting beyond the limit, more parameters than the limit), this parser refuses.
"""

import re
from typing import TypeAlias
from urllib.parse import unquote_plus

from strongback.errors import Failure

Param: TypeAlias = "str | list[Param] | dict[str, Param]"

MAX_DEPTH = 5
MAX_PARAMETERS = 1000
MAX_INDEX = 20

_INDEXES = frozenset(map(str, range(MAX_INDEX + 1)))

_SEGMENTS = re.compile(r"\[([^\[\]]*)\]")
_NESTED = re.compile(r"\A([^\[\]]+)((?:\[[^\[\]]*\])+)\Z")


class _Node:
    """A parameter that is still being filled: a list until a key that is no small index arrives."""

    __slots__ = ("children", "next_index", "plain_list")

    def __init__(self) -> None:
        self.children: dict[str, str | list[str] | _Node] = {}
        self.next_index = 0
        self.plain_list = True

    def key(self, segment: str) -> str:
        """Return the key under which ``segment`` is kept; ``[]`` takes the next free index."""
        if segment == "":
            while str(self.next_index) in self.children:
                self.next_index += 1
            self.next_index += 1
            return str(self.next_index - 1)
        if segment not in _INDEXES:
            self.plain_list = False
        return segment

    def finish(self) -> Param:
        """Return the plain value."""
        done = {key: _finish(child) for key, child in self.children.items()}
        if self.plain_list:
            return [done[key] for key in sorted(done, key=int)]
        return done


def _finish(value: "str | list[str] | _Node") -> Param:
    if isinstance(value, _Node):
        return value.finish()
    if isinstance(value, list):
        return list(value)
    return value


def parse(raw: bytes) -> dict[str, Param]:
    """Parse a query string or urlencoded body; anything malformed is a ``Failure`` (spec/01 §1)."""
    if not raw:
        return {}
    text = _text(raw)
    pairs = text.split("&")
    if len(pairs) > MAX_PARAMETERS:
        raise Failure(f"More than {MAX_PARAMETERS} parameters")
    simple: dict[str, Param] = {}
    if "[" not in text and "%" not in text and "+" not in text:
        for pair in pairs:
            name, _, value = pair.partition("=")
            if name in simple:
                break
            if pair:
                simple[name] = value
        else:
            return simple
    return _nested(pairs)


def _nested(pairs: list[str]) -> dict[str, Param]:
    root: dict[str, str | list[str] | _Node] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        if pair:
            _add(root, _decode(name), _decode(value))
    return {key: _finish(value) for key, value in root.items()}


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Failure("The parameters are not valid UTF-8") from None


def _decode(text: str) -> str:
    if "%" not in text and "+" not in text:
        return text
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise Failure("The parameters are not valid UTF-8") from None


def _add(root: dict[str, str | list[str] | _Node], name: str, value: str) -> None:
    nested = _NESTED.match(name) if "[" in name else None
    if nested is None:
        _put(root, name, value, name)
        return
    first, rest = nested.groups()
    segments = _SEGMENTS.findall(rest)
    if len(segments) > MAX_DEPTH:
        raise Failure(f'The parameter "{first}" is nested deeper than {MAX_DEPTH}')
    held = root.get(first)
    if segments == [""] and isinstance(held, str | list):
        _put(root, first, value, first)
        return
    children, key = root, first
    for segment in segments:
        node = children.setdefault(key, _Node())
        if not isinstance(node, _Node):
            raise _mixed(first)
        children, key = node.children, node.key(segment)
    _put(children, key, value, first)


def _put(children: dict[str, str | list[str] | _Node], key: str, value: str, name: str) -> None:
    held = children.get(key)
    if held is None:
        children[key] = value
    elif isinstance(held, str):
        children[key] = [held, value]
    elif isinstance(held, list):
        held.append(value)
    else:
        raise _mixed(name)


def _mixed(name: str) -> Failure:
    return Failure(f'The parameter "{name}" is given both as a value and as an object')
