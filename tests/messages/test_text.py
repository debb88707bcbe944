"""What a text names."""

import pytest

from strongback.accounts.setting_defaults import PATTERN
from strongback.messages.text import links, names


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no link", []),
        ("see https://example.com/a?b=c#d.", ["https://example.com/a?b=c#d"]),
        ("(https://example.com/a)", ["https://example.com/a"]),
        ("https://en.wikipedia.org/wiki/Rust_(language)!", ["https://en.wikipedia.org/wiki/Rust_(language)"]),
        ("http://a.example http://b.example http://a.example", ["http://a.example", "http://b.example"]),
        ("<http://a.example/x|text>", ["http://a.example/x"]),
        ("`http://a.example` ```\nhttp://b.example``` http://c.example", ["http://c.example"]),
        ("``` http://a.example", ["http://a.example"]),
        ("ftp://a.example:21/x", ["ftp://a.example:21/x"]),
        ("javascript://x", []),
        ("http://", []),
    ],
)
def test_links(text: str, found: list[str]) -> None:
    assert links(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@ann", ["ann"]),
        ("hi @ann, @bob-1 and\n@c_d @ann", ["ann", "bob-1", "c_d"]),
        ("<a>@ann", ["ann"]),
        ("mail@example.com", []),
        ("`@ann` ```@bob```", []),
        ("@ann.", ["ann."]),
        ("@ é@ann", []),
    ],
)
def test_names(text: str, found: list[str]) -> None:
    assert names("@", PATTERN, text) == found


@pytest.mark.parametrize("pattern", ["(", "a**", "", "(a+)+$", ")|(.*"])
def test_a_setting_that_is_no_good_pattern_names_nobody(pattern: str) -> None:
    assert isinstance(names("@", pattern, "@" + "a" * 30 + "!"), list)


def test_rooms_are_named_with_another_sign() -> None:
    assert names("#", PATTERN, "#eng @ann #town") == ["eng", "town"]
