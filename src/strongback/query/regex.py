"""Regular expressions: PCRE2 in UTF mode with ASCII classes, bounded in steps and memory.

The binding's private module is used on purpose: its public `compile` forces PCRE2_ALT_BSUX, under which `\\x{e9}`
means something else than in MongoDB. tests/query/test_regex.py holds what is relied upon.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pcre2 import _cy

from .errors import QueryError
from .limits import Limits
from .paths import Predicate
from .values import Regex

_ALT_BSUX: Final = 0x00000002
_DISABLED: Final = int(_cy.CompileOption.UCP) | _ALT_BSUX
_OPTIONS: Final = {
    "i": int(_cy.CompileOption.CASELESS),
    "m": int(_cy.CompileOption.MULTILINE),
    "s": int(_cy.CompileOption.DOTALL),
    "x": int(_cy.CompileOption.EXTENDED),
    "u": 0,  # MongoDB 6.1 and later take it and ignore it; matching is always by code point
}
_CONTEXT: Final = _cy.create_match_context()
_LITERAL: Final = re.compile(r"(\^?)([A-Za-z0-9 _/:@#,;=!%&<>~'\"-]*)")


def compile_regex(regex: Regex, path: str, limits: Limits) -> Predicate:
    """Compile a pattern to a search in one string.

    Raises QueryError `bad-regex` for a pattern or an option that is not accepted. The search itself raises
    QueryError `unsupported` when the pattern needs more steps, memory or text than `limits` allows.
    """
    pattern, options = regex.pattern, _options(regex.options, path)
    if "\0" in pattern:
        raise QueryError("bad-regex", path, "a pattern may not contain NUL")
    if pattern.startswith("(*"):
        raise QueryError("bad-regex", path, "a pattern may not start with a (* verb")
    try:
        size = len(pattern.encode())
    except UnicodeEncodeError:
        raise QueryError("bad-regex", path, "a pattern may not contain lone surrogates") from None
    if size > limits.pattern_bytes:
        raise QueryError("bad-regex", path, f"a pattern may have {limits.pattern_bytes} bytes")
    code = _compile(pattern, options, limits)
    if isinstance(code, _cy.LibraryError):
        # The position in the library's message counts the verbs that were put in front; it would only confuse.
        raise QueryError("bad-regex", path, str(code).rpartition("; ")[2])
    literal = _LITERAL.fullmatch(pattern)
    if literal and not set(regex.options) & {"i", "x", "m"}:
        return _literal_search(literal[2], anchored=bool(literal[1]))
    search = _bounded_search(_one_attempt(pattern, options, limits, code), path, limits)
    if literal and not literal[1] and set(regex.options) == {"i"}:
        return _caseless_search(literal[2].lower(), search)
    return search


def _options(letters: str, path: str) -> int:
    options = 0
    for letter in letters:
        if letter not in _OPTIONS:
            raise QueryError("bad-regex", path, f"unknown option {letter!r}; known are i, m, s, x and u")
        options |= _OPTIONS[letter]
    return options


def _compile(pattern: str, options: int, limits: Limits) -> Any:
    """Return the compiled pattern, or the library's error."""
    verbs = f"(*LIMIT_HEAP={limits.regex_heap_kib})(*LIMIT_MATCH={limits.regex_steps})"
    try:
        # Not compiled to machine code: the JIT counts steps its own way and has a small stack of its own.
        return _cy.compile(verbs + pattern, options, _DISABLED)
    except _cy.LibraryError as error:
        return error


def _one_attempt(pattern: str, options: int, limits: Limits, code: Any) -> Any:
    """Return code that counts its steps over the whole search.

    PCRE2 starts counting anew at every position of the text, so n positions would cost n times the limit. With the
    walk through the text inside the pattern there is one attempt, hence one count.
    """
    starts_once = pattern.startswith("^") and "|" not in pattern and "(?" not in pattern
    if starts_once and not options & _OPTIONS["m"]:
        return code
    whole_pattern_calls = ("(?R", "(?0", "(?+0", "(?-0", "\\g<0", "\\g'0", "(*")
    if not any(call in pattern for call in whole_pattern_calls):
        # The line break ends a comment of the x option, in which it is white space and nothing else.
        ending = "\n)" if options & _OPTIONS["x"] else ")"
        wrapped = _compile(f"\\A(?s:.*?)(?:{pattern}{ending}", options, limits)
        if not isinstance(wrapped, _cy.LibraryError):
            return wrapped
    # Calls of the whole pattern and open comments cannot be wrapped; a lower limit makes up for the positions.
    return _compile(pattern, options, _lowered(limits))


def _lowered(limits: Limits) -> Limits:
    return Limits(regex_steps=max(1, limits.regex_steps // 50), regex_heap_kib=limits.regex_heap_kib)


def _bounded_search(code: Any, path: str, limits: Limits) -> Predicate:
    match, context, most = _cy.match, _CONTEXT, limits.regex_subject

    def search(text: str) -> bool:
        length = len(text)
        if length > most:
            raise QueryError("unsupported", path, f"a pattern is tried on {most} characters at most")
        try:
            return match(code, text, length, 0, context, 0)[0] is not None
        except _cy.LibraryError as error:
            raise QueryError("unsupported", path, f"the pattern is too costly: {error}") from None
        except UnicodeEncodeError:
            return False  # a lone surrogate is no text: nothing matches it

    return search


def _literal_search(literal: str, *, anchored: bool) -> Predicate:
    """Search for a pattern that is nothing but plain characters, which needs no engine and no limits."""
    if anchored:
        return lambda text: text.startswith(literal)
    return lambda text: literal in text


def _caseless_search(lowered: str, search: Predicate) -> Predicate:
    """Search for plain characters in any case; only ASCII text can do without the engine's Unicode folding."""
    return lambda text: lowered in text.lower() if text.isascii() else search(text)
