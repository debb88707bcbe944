"""The nested query-string parser."""

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.errors import Failure
from strongback.http import qs


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", {}),
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a", {"a": ""}),
        (b"a=", {"a": ""}),
        (b"&&a=1&", {"a": "1"}),
        (b"a=1=2", {"a": "1=2"}),
        (b"a=x+y%20z", {"a": "x y z"}),
        (b"a=%C3%A9", {"a": "é"}),
        (b"a=%zz", {"a": "%zz"}),
        (b"a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
        (b"a[b]=1", {"a": {"b": "1"}}),
        (b"a%5Bb%5D=1", {"a": {"b": "1"}}),
        (b"a[b][c]=1&a[b][d]=2", {"a": {"b": {"c": "1", "d": "2"}}}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a=1&a[]=2", {"a": ["1", "2"]}),
        (b"a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        (b"a[21]=x", {"a": {"21": "x"}}),
        (b"a[01]=x", {"a": {"01": "x"}}),
        (b"a[]=1&a[b]=2", {"a": {"0": "1", "b": "2"}}),
        (b"a[][b]=1", {"a": [{"b": "1"}]}),
        (b"a[b=1", {"a[b": "1"}),
        (b"roomId[$ne]=x", {"roomId": {"$ne": "x"}}),
        (b"__proto__[x]=1", {"__proto__": {"x": "1"}}),
        (b"a[a][a][a][a][a]=1", {"a": {"a": {"a": {"a": {"a": {"a": "1"}}}}}}),
    ],
)
def test_parses(raw: bytes, expected: object) -> None:
    assert qs.parse(raw) == expected


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a=\xff", "The parameters are not valid UTF-8"),
        (b"a=%ff", "The parameters are not valid UTF-8"),
        (b"a=%ED%A0%80", "The parameters are not valid UTF-8"),
        (b"a[a][a][a][a][a][a]=1", 'The parameter "a" is nested deeper than 5'),
        (b"&".join([b"a=1"] * 1001), "More than 1000 parameters"),
        (b"a=1&a[b]=2", 'The parameter "a" is given both as a value and as an object'),
        (b"a[b]=2&a=1", 'The parameter "a" is given both as a value and as an object'),
    ],
)
def test_refuses(raw: bytes, text: str) -> None:
    with pytest.raises(Failure) as caught:
        qs.parse(raw)
    assert caught.value.text == text
    assert caught.value.status == 400


def test_a_thousand_parameters_are_fine() -> None:
    assert len(qs.parse(b"&".join(b"a%d=1" % number for number in range(1000)))) == 1000


PIECES = st.sampled_from(
    [b"a", b"b", b"[", b"]", b"[]", b"=", b"&", b"%", b"%5B", b"0", b"21", b"+", b"\xff", b"%00"]
)


@given(st.lists(PIECES, max_size=40).map(b"".join) | st.binary(max_size=60))
def test_nothing_but_a_failure(raw: bytes) -> None:
    with suppress(Failure):
        assert isinstance(qs.parse(raw), dict)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.text(st.characters(codec="ascii"))))
def test_flat_parameters_come_back(values: dict[str, str]) -> None:
    assert qs.parse(urlencode(values).encode()) == values
