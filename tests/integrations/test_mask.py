"""A token in what is kept of a call."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.integrations.mask import Mask, masked_copy, masked_record

TOKEN = "s3cret-token-wxyz"
SHOWN = "*************wxyz"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"token": TOKEN, "text": "hi"}, {"token": SHOWN, "text": "hi"}),
        ({"a": [{"token": TOKEN}, 5, None, True]}, {"a": [{"token": SHOWN}, 5, None, True]}),
        (f"https://a.example/?t={TOKEN}&u={TOKEN}", f"https://a.example/?t={SHOWN}&u={SHOWN}"),
        ({"echo": json.dumps({"token": TOKEN})}, {"echo": json.dumps({"token": SHOWN})}),
        ({TOKEN: 1}, {SHOWN: 1}),
        ({"token": "another-secret"}, {"token": "**********cret"}),
        ({"token": {"deep": TOKEN}}, {"token": {"deep": SHOWN}}),
        (17, 17),
        (None, None),
    ],
)
def test_tokens(value: Any, expected: Any) -> None:
    assert Mask(TOKEN)(value) == expected


@pytest.mark.parametrize("token", [None, "", "hi", "seven77"])
def test_short_tokens_are_masked_as_members_alone(token: str | None) -> None:
    masked = Mask(token)({"token": token, "text": "hi seven77"})
    assert masked["text"] == "hi seven77"
    assert masked["token"] in (None, "****", "****n77")


@pytest.mark.parametrize(("token", "text"), [("0" * 12, "\0"), ("n" + "e" * 11, "\n"), ("0" * 12, "\x10")])
def test_a_token_that_goes_on_from_an_escape_is_masked(token: str, text: str) -> None:
    assert Mask(token)([text + token]) == [text + "*" * 8 + token[-4:]]
    assert Mask(token)([text + token[1:]]) == [text + token[1:]]


TOKENS = st.text(min_size=12, max_size=30)


@given(TOKENS, st.text(max_size=5), st.text(max_size=5))
def test_no_form_of_a_token_is_kept(token: str, before: str, after: str) -> None:
    for form in (token, quote(token, safe=""), json.dumps(token, ensure_ascii=False)[1:-1]):
        kept = Mask(token)({"text": before + form + after, "list": [form]})
        assert form not in kept["list"][0] or set(form[:-4]) == {"*"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["p1ainT0ken", "at p1ainT0ken!"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text() | st.sampled_from(["token", "p1ainT0ken"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(JSON)
def test_values_that_need_no_walk_are_as_after_one(value: Any) -> None:
    mask = Mask("p1ainT0ken")
    assert mask(value) == mask._hidden(value)
    assert "p1ainT0ken" not in json.dumps(mask(value))


def test_a_copy_shows_no_token_in_urls_and_scripts() -> None:
    body = {"token": TOKEN, "urls": [f"https://a.example/?t={TOKEN}"], "script": f"const t = '{TOKEN}'"}
    shown = json.loads(masked_copy(json.dumps(body)))
    assert shown["urls"] == [f"https://a.example/?t={SHOWN}"]
    assert TOKEN not in json.dumps(shown)


def test_a_record_of_rocket_chat_shows_its_token_nowhere() -> None:
    record = {
        "_id": "h",
        "integration": {"_id": "i", "token": TOKEN, "urls": [f"https://a.example/{TOKEN}"]},
        "data": {"token": "an-older-token-abcd", "text": f"mine is {TOKEN}"},
        "url": f"https://a.example/{TOKEN}",
        "httpResult": json.dumps(json.dumps({"echo": "an-older-token-abcd"})),
    }
    shown = masked_record(json.dumps(record))
    assert TOKEN not in shown
    assert "an-older-token" not in shown
    assert json.loads(shown)["url"] == f"https://a.example/{SHOWN}"


@pytest.mark.parametrize("record", [{"integration": "i", "data": "cut"}, {"data": {"token": 5}}, {}])
def test_a_record_of_any_shape_is_shown(record: dict[str, Any]) -> None:
    assert json.loads(masked_record(json.dumps(record))) == record
