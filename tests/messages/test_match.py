"""Upstream's argument checks, word for word (spec/01 section 2)."""

from typing import Any

import pytest

from strongback.errors import Failure
from strongback.messages.match import check_storable, expect, first, required, scalar_text, truthy


@pytest.mark.parametrize(
    ("value", "kinds", "text"),
    [
        (5, "string", "Match error: Expected string, got number in field x"),
        (True, "number", "Match error: Expected number, got boolean in field x"),
        ([], "object", "Match error: Expected object, got array in field x"),
        ({}, "array", "Match error: Expected array, got object in field x"),
        ("", "boolean", "Match error: Expected boolean, got string in field x"),
        (
            {},
            "string number",
            "Match error: Failed Match.OneOf, Match.Maybe or Match.Optional validation in field x",
        ),
    ],
)
def test_a_value_of_another_type(value: Any, kinds: str, text: str) -> None:
    with pytest.raises(Failure) as caught:
        expect(value, kinds, "x")
    assert (caught.value.text, caught.value.error) == (text, None)


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        (None, "string"),
        ("", "string"),
        (1.5, "number"),
        (0, "string number"),
        (False, "boolean"),
        ({}, "object"),
    ],
)
def test_a_value_of_the_type_and_null_pass(value: Any, kinds: str) -> None:
    expect(value, kinds, "x")


def test_a_required_text() -> None:
    assert required({"a": ""}, "a") == ""
    with pytest.raises(Failure, match=r"^Match error: Missing key 'b'$"):
        required({"a": ""}, "b")
    with pytest.raises(Failure, match=r"^Match error: Expected string, got null in field a$"):
        required({"a": None}, "a")


@pytest.mark.parametrize("value", [[], {}, "0", 1, -0.5, True, [0]])
def test_true_in_javascript(value: Any) -> None:
    assert truthy(value)


@pytest.mark.parametrize("value", [None, 0, 0.0, "", False, float("nan")])
def test_false_in_javascript(value: Any) -> None:
    assert not truthy(value)


def test_the_first_true_member() -> None:
    assert first({"a": "", "b": [], "c": "x"}, "a", "b", "c") == []
    assert first({"a": 0}, "a", "b") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (5.0, "5"),
        (-0.0, "0"),
        (1.25, "1.25"),
        (0.000001, "0.000001"),
        (1.5e-7, "1.5e-7"),
        (1e-10, "1e-10"),
        (123456789012345680000, "123456789012345680000"),
        (2**53 + 1, "9007199254740992"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (10**400, "Infinity"),
        (-(10**400), "-Infinity"),
        (float("nan"), "NaN"),
    ],
)
def test_scalars_as_javascript_writes_them(value: Any, text: str) -> None:
    assert scalar_text(value) == text


def test_what_can_not_be_written_is_refused() -> None:
    check_storable({"a": ["\u0000é", 10**30]})
    with pytest.raises(Failure):
        check_storable("\ud800")
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(Failure):
        check_storable(deep)
