"""Scalars, paging, sort, fields and query."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.errors import Failure
from strongback.http import params
from strongback.http.params import Page, Paging


def refused(call: object) -> Failure:
    with pytest.raises(Failure) as caught:
        call()  # type: ignore[operator]
    return caught.value


def test_strings() -> None:
    source = {"a": "x", "n": None, "o": {"$ne": "x"}, "l": ["x"], "i": 1, "z": "a\0b"}
    assert params.string(source, "a") == "x"
    assert params.string(source, "missing") is None
    assert params.string(source, "n") is None
    for name in "oli":
        failure = refused(lambda name=name: params.string(source, name))
        assert failure.message == f'The parameter "{name}" must be a string [error-invalid-params]'
        assert failure.error == "error-invalid-params"
    assert (
        refused(lambda: params.string(source, "z")).text
        == 'The parameter "z" must not contain the character NUL'
    )
    assert refused(lambda: params.required(source, "n")).text == 'The parameter "n" is required'


def test_lists_of_strings() -> None:
    source: dict[str, object] = {"l": ["x", ""], "e": [], "n": None}
    assert params.strings(source, "l") == ["x", ""]
    assert [params.strings(source, name) for name in ("e", "n", "missing")] == [[], [], []]
    for value in ("x", 5, False, {"$ne": "x"}, ["x", 5], [None], [["x"]], ["a\0b"]):
        failure = refused(lambda value=value: params.strings({"a": value}, "a"))
        assert failure.message == 'The parameter "a" must be a list of strings [error-invalid-params]'


def test_booleans() -> None:
    source = {"t": "true", "f": "false", "b": True, "x": "TRUE", "o": {}}
    assert params.boolean(source, "t") is True
    assert params.boolean(source, "f") is False
    assert params.boolean(source, "b") is True
    assert params.boolean(source, "missing") is None
    for name in "xo":
        failure = refused(lambda name=name: params.boolean(source, name))
        assert failure.text == f'The parameter "{name}" must be true or false'


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ({}, Page(0, 50)),
        ({"count": "500"}, Page(0, 100)),
        ({"count": "0"}, Page(0, None)),
        ({"count": ""}, Page(0, None)),
        ({"count": "12abc"}, Page(0, 12)),
        ({"count": "abc"}, Page(0, 50)),
        ({"count": "-5"}, Page(0, 5)),
        ({"count": "-500"}, Page(0, 100)),
        ({"count": " 7"}, Page(0, 7)),
        ({"count": 7}, Page(0, 7)),
        ({"count": "9" * 500}, Page(0, 100)),
        ({"offset": "abc"}, Page(0, 50)),
        ({"offset": ""}, Page(0, 50)),
        ({"offset": "20", "count": "10"}, Page(20, 10)),
        ({"offset": "-0"}, Page(0, 50)),
        ({"offset": "9" * 5000}, Page(2**53, 50)),
        ({"offset": str(2**53 + 1)}, Page(2**53, 50)),
        ({"offset": "٣"}, Page(0, 50)),
    ],
)
def test_pages(source: dict[str, object], expected: Page) -> None:
    assert params.page(source) == expected


@pytest.mark.parametrize(
    ("paging", "source", "limit"),
    [
        (Paging(infinite=False), {"count": "0"}, 50),
        (Paging(infinite=False, upper=10), {"count": "0"}, 10),
        (Paging(infinite=False, upper=0, default=0), {}, 50),
        (Paging(upper=-1), {"count": "500"}, 100),
        (Paging(default=-1), {}, 50),
    ],
)
def test_paging_settings(paging: Paging, source: dict[str, object], limit: int) -> None:
    assert params.page(source, paging) == Page(0, limit)


def test_paging_refuses() -> None:
    text = 'The parameter "offset" must not be negative [error-invalid-params]'
    assert refused(lambda: params.page({"offset": "-1"})).message == text
    assert refused(lambda: params.page({"count": ["1"]})).text == 'The parameter "count" must be a string'
    assert refused(lambda: params.page({"count": True})).text == 'The parameter "count" must be a string'


@given(st.text() | st.integers(), st.text() | st.integers(), st.integers(), st.integers(), st.booleans())
def test_paging_is_bounded(offset: object, count: object, upper: int, default: int, infinite: bool) -> None:
    try:
        page = params.page({"offset": offset, "count": count}, Paging(upper, default, infinite))
    except Failure:
        return
    assert 0 <= page.offset <= 2**53
    assert infinite or page.limit is not None
    assert page.limit is None or page.limit > 0


def test_sort() -> None:
    assert params.sort({}) is None
    assert params.sort({"sort": ""}) is None
    assert params.sort({"sort": "{}"}) == {}
    assert params.sort({"sort": "[]"}) == {}
    assert params.sort({"sort": "5"}) == {}
    assert list((params.sort({"sort": '{"b":1,"a.c":-1.0}'}) or {}).items()) == [("b", 1), ("a.c", -1)]


@pytest.mark.parametrize(
    "raw", ["{", "null", "true", '"a"', "[1]", '{"a":0}', '{"a":true}', '{"a":"1"}', '{"a":NaN}']
)
def test_bad_sort(raw: str) -> None:
    failure = refused(lambda: params.sort({"sort": raw}))
    assert failure.message == f'Invalid sort parameter provided: "{raw}" [error-invalid-sort]'
    assert failure.error == "error-invalid-sort"
    assert failure.details == {"helperMethod": "parseJsonQuery"}


def test_fields() -> None:
    assert params.fields({"fields": '{"name":1,"_id":0}'}) == {"name": 1, "_id": 0}
    for raw in ['{"a":-1}', '{"a":false}', '{"a":2}', "null"]:
        failure = refused(lambda raw=raw: params.fields({"fields": raw}))
        assert failure.message == f'Invalid fields parameter provided: "{raw}" [error-invalid-fields]'


def test_query() -> None:
    assert params.query({"query": '{"a":{"$in":[1,null]}}'}) == {"a": {"$in": [1, None]}}
    assert params.query({"query": ""}) is None
    for raw in ["1", '"x"', "[]", "null", "true", "{", "[" * 5000, '{"a":"\\ud800"}']:
        failure = refused(lambda raw=raw: params.query({"query": raw}))
        assert failure.message == f'Invalid query parameter provided: "{raw}" [error-invalid-query]'
        assert failure.error == "error-invalid-query"


def test_json_texts_have_a_limit() -> None:
    failure = refused(lambda: params.query({"query": '{"a":"é"}'}, 9))
    assert failure.text == 'The parameter "query" is longer than 9 bytes'
    assert (
        refused(lambda: params.query({"query": {"a": "1"}})).text == 'The parameter "query" must be a string'
    )
