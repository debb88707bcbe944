"""PCRE2's flavour, and the bounds that keep a pattern from stopping the server."""

from __future__ import annotations

import pytest

from strongback.query import Limits, QueryError, compile_filter


def found(pattern: str, text: str, options: str = "", limits: Limits = Limits()) -> bool:  # noqa: B008
    regex = {"$regex": pattern, "$options": options}
    return compile_filter({"a": {"$elemMatch": regex}}, limits).matches({"a": [text]})


@pytest.mark.parametrize(
    ("pattern", "text", "options", "expected"),
    [
        ("^foo$", "foo\n", "", True),
        ("^foo$", "foo\n\n", "", False),
        (r"^\w+$", "é", "", False),
        (r"\s", "\u00a0", "", False),
        ("^É$", "é", "i", True),
        ("k", "\u212a", "i", True),
        ("ABC", "xabcx", "i", True),
        ("abc", "ABC", "", False),
        ("^b", "a\nb", "", False),
        ("^b", "a\nb", "m", True),
        ("a#b", "a", "x", True),
        ("a #c", "xa", "x", True),
        ("(?x)a #c", "xa", "", True),
        ("^a|b$", "xb", "", True),
        (r"\Aabc\Z", "abc\n", "", True),
        (r"(a)(?1)\1", "xaaa", "", True),
        (r"(?<=x)a", "xa", "", True),
        (r"\x{e9}", "é", "", True),
        (r"\p{Lu}", "É", "", True),
        (r"\Qa.", "xa.", "", True),
        ("^.$", "\U0001f600", "", True),
        ("", "", "", True),
        ("b.d", "a\ud800bcd", "", False),
        ("bcd", "a\ud800bcd", "", True),
    ],
)
def test_flavour(pattern: str, text: str, options: str, expected: bool) -> None:
    assert found(pattern, text, options) is expected


@pytest.mark.parametrize(
    ("pattern", "options"),
    [("[)", ""), ("a\\", ""), (r"\u0041", ""), (r"\y", ""), ("a\0", ""), ("(*UCP)a", ""), ("(*LIMIT_MATCH=9)a", ""),
     ("\ud800", ""), (")(", ""), ("a", "g"), ("a", "I"), ("a)|(b", "")],
)  # fmt: skip
def test_bad_patterns(pattern: str, options: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_filter({"name": {"$regex": pattern, "$options": options}})
    assert (caught.value.kind, caught.value.path) == ("bad-regex", "name.$regex")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a" * 40 + "b"),
        ("(a+)+$", "a" * 40 + "b"),
        # No single position costs the limit, all positions together do.
        ("(?:a?){12}(?:a?){4}[bc]$", "a" * 3000 + "d"),
        ("()" * 1300 + "(a+)+$", "a" * 40 + "b"),
        ("(?R)?b", "b"),
    ],
)
def test_a_costly_pattern_is_stopped(pattern: str, text: str) -> None:
    matches = compile_filter({"$or": [{"x": 1}, {"name": {"$regex": pattern}}]}).matches
    with pytest.raises(QueryError) as caught:
        matches({"name": text})
    assert (caught.value.kind, caught.value.path) == ("unsupported", "$or.1.name.$regex")


def test_the_memory_is_bounded() -> None:
    # Every step keeps a copy of 1300 groups; without a bound the steps allowed would take 2 GB.
    with pytest.raises(QueryError, match="heap limit"):
        found("()" * 1300 + "(a+)+$", "a" * 40 + "b")


def test_the_steps_are_those_of_the_limits() -> None:
    assert found("(a|b)*c", "abab" * 20 + "c")
    with pytest.raises(QueryError, match="costly"):
        found("(a|b)*c", "abab" * 20 + "c", limits=Limits(regex_steps=20))


def test_the_text_is_bounded_except_for_plain_characters() -> None:
    text = "x" * 50_000 + "needle"
    assert found("needle", text)
    with pytest.raises(QueryError, match="32768 characters"):
        found("needl[e]", text)
