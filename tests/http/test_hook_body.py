"""Bodies of hooks' calls in every form that senders use (spec/06 A3)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.errors import Failure
from strongback.http.hook_body import CHARSETS, read

FORM = "application/x-www-form-urlencoded"
TEXT = {"text": "héllo"}
RAW = '{"text": "héllo"}'


@pytest.mark.parametrize("content_type", [None, "", "application/json", FORM, "image/png"])
def test_no_body_is_an_empty_object(content_type: str | None) -> None:
    assert read(b"", content_type) == (None, {})


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "application/json;charset=utf-8",
        'Application/JSON; Charset="UTF-8"',
        "application/json; boundary=x; charset=utf8",
        "application/vnd.github+json",
        "application/cloudevents+json; charset=utf-8",
        "text/json",
        "text/plain",
        "text/plain; charset=UTF-8",
        FORM,
        f"{FORM}; charset=UTF-8",
        f"{FORM}; charset=utf-8",
    ],
)
def test_json_by_whatever_name(content_type: str | None) -> None:
    assert read(RAW.encode(), content_type) == (RAW, TEXT)


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("iso-8859-1", "latin-1"),
        ("ISO-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("utf-16", "utf-16"),
        ("utf-16le", "utf-16-le"),
        ("UTF-16BE", "utf-16-be"),
        ("utf-8", "utf-8-sig"),
        ("", "utf-8-sig"),
        ("us-ascii", "utf-8"),
    ],
)
def test_charsets(charset: str, codec: str) -> None:
    assert read(RAW.encode(codec), f"application/json; charset={charset}") == (RAW, TEXT)


def test_a_charset_that_is_not_known() -> None:
    with pytest.raises(Failure, match='The charset "koi8-r" is not supported') as caught:
        read(b"{}", "application/json; charset=koi8-r")
    assert caught.value.status == 415


@pytest.mark.parametrize(
    ("raw", "content_type", "text"),
    [
        (b'{"text": "\xe9"}', None, "The request body is not valid UTF-8"),
        (b'{"text": "\xe9"}', "application/json; charset=utf-8", "The request body is not valid utf-8"),
        (b"{}{", "application/json; charset=utf-16", "The request body is not valid utf-16"),
    ],
)
def test_bytes_that_are_not_in_the_charset(raw: bytes, content_type: str | None, text: str) -> None:
    with pytest.raises(Failure, match=text):
        read(raw, content_type)


@pytest.mark.parametrize(
    "content_type", ["image/png", "multipart/form-data; boundary=x", "application/xml", "x"]
)
def test_other_types_are_refused(content_type: str) -> None:
    with pytest.raises(Failure, match="is not supported") as caught:
        read(b"{}", content_type)
    assert caught.value.status == 415


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"text=a+b&channel=%23eng", {"text": "a b", "channel": "#eng"}),
        (b"text=h%C3%A9llo", TEXT),
        (b"attachments[0][text]=a", {"attachments": [{"text": "a"}]}),
        (b"payload=%7B%22text%22%3A%22h%C3%A9llo%22%7D", TEXT),
        (b"payload=%5B1%5D", [1]),
        (b"payload=", {"payload": ""}),
        (b"payload=%7B%7D&text=a", {"payload": "{}", "text": "a"}),
        (b"payload[a]=1", {"payload": {"a": "1"}}),
        (b'{"text": "a=b & c+d %41"}', {"text": "a=b & c+d %41"}),
        (b' {"text": "a"}', {"text": "a"}),
        (b"text", {"text": ""}),
        (b"&&", {}),
    ],
)
@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=UTF-8"])
def test_forms(raw: bytes, expected: Any, content_type: str) -> None:
    assert read(raw, content_type) == (raw.decode(), expected)


@pytest.mark.parametrize(
    ("raw", "content_type", "text"),
    [
        (b"{", "application/json", "The request body is not valid JSON"),
        (b"null", "application/json", "The request body must be a JSON object or array"),
        (b"hello", "text/plain", "The request body is not valid JSON"),
        (b"payload={", FORM, 'The parameter "payload" is not valid JSON'),
        (b"payload=5", FORM, 'The parameter "payload" must be a JSON object or array'),
        (b'{"text": ', FORM, "The request body is not valid JSON"),
        (b"text=%ff", FORM, "The parameters are not valid UTF-8"),
    ],
)
def test_bodies_that_say_nothing(raw: bytes, content_type: str, text: str) -> None:
    with pytest.raises(Failure, match=text) as caught:
        read(raw, content_type)
    assert caught.value.status == 400


@given(
    st.binary(max_size=200) | st.text(max_size=100).map(str.encode),
    st.sampled_from([None, "application/json", FORM, "text/plain", "a/b"]),
    st.sampled_from([*CHARSETS, "klingon"]),
)
def test_any_bytes_are_read_or_refused(raw: bytes, content_type: str | None, charset: str) -> None:
    named = content_type if content_type is None or not charset else f"{content_type}; charset={charset}"
    status = 200
    try:
        text, content = read(raw, named)
        assert isinstance(content, dict | list)
        assert (text is None) is (raw == b"")
    except Failure as failure:
        status = failure.status
    assert status in {200, 400, 415}
