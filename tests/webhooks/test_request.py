"""Requests: what a script is offered, and what is made of anything that it may return."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.webhooks.request import USER_AGENT, Prepared, decode, default_request, encode, prepared

URL = "https://hooks.example/in?x=1"
JSON_TYPE = ("Content-Type", "application/json")

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def options(**members: Any) -> dict[str, Any]:
    return {"url": URL, "method": "POST", **members}


def test_what_a_script_is_offered() -> None:
    assert default_request(URL, {"text": "hi"}) == {
        "params": {},
        "method": "POST",
        "url": URL,
        "data": {"text": "hi"},
        "headers": {"User-Agent": USER_AGENT},
    }
    assert USER_AGENT == (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/41.0.2227.0 Safari/537.36"
    )


def test_the_request_without_a_script() -> None:
    request = prepared(default_request(URL, {"token": "t", "text": "hé"}))
    assert request == Prepared(
        method="POST",
        url=URL,
        headers=(JSON_TYPE, ("User-Agent", USER_AGENT)),
        body='{"token":"t","text":"hé"}'.encode(),
    )


@pytest.mark.parametrize("result", [None, False, 0, ""])
def test_falsy_results_stop(result: Any) -> None:
    assert prepared(result) == Prepared(stop="after-prepare-no-opts")


@pytest.mark.parametrize(
    "result",
    [
        True,
        5,
        "text",
        [],
        {},
        {"url": URL},
        {"method": "POST"},
        {"url": "", "method": "POST"},
        {"url": URL, "method": None},
    ],
)
def test_results_that_lead_nowhere_stop(result: Any) -> None:
    assert prepared(result) == Prepared(stop="after-prepare-no-url_or_method")


def test_a_message_is_kept_whether_or_not_something_is_sent() -> None:
    message = {"text": "coming"}
    assert prepared({"message": message}) == Prepared(message=message, stop="after-prepare-no-url_or_method")
    assert prepared(options(message=message)).message == message
    assert prepared(options(message="coming")).message == "coming"
    assert prepared(options(message=message, auth="nobody")).message == message
    assert prepared(options(message="")).message is None


@pytest.mark.parametrize(
    ("data", "body"),
    [
        ({"a": [1, None]}, b'{"a":[1,null]}'),
        ({}, b"{}"),
        ([], b"[]"),
        (True, b"true"),
        (7, b"7"),
        ("a=b&c=ü", "a=b&c=ü".encode()),
    ],
)
def test_bodies(data: Any, body: bytes) -> None:
    request = prepared(options(data=data))
    assert (request.body, request.headers) == (body, (JSON_TYPE,))


@pytest.mark.parametrize("data", [None, False, 0, ""])
def test_falsy_data_is_no_body(data: Any) -> None:
    request = prepared(options(data=data))
    assert (request.body, request.headers) == (None, ())


@pytest.mark.parametrize("method", ["GET", "head", "Get"])
def test_some_methods_have_no_body(method: str) -> None:
    request = prepared(options(method=method, data={"a": 1}, headers={"X": "1"}))
    assert (request.method, request.body, request.headers) == (method.upper(), None, (("X", "1"),))


@pytest.mark.parametrize("method", ["PUT", "patch", "DELETE", " post ", "PURGE"])
def test_other_methods(method: str) -> None:
    request = prepared(options(method=method, data="x"))
    assert (request.method, request.body, request.error) == (method.strip().upper(), b"x", None)


def test_the_type_of_a_script_stays() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert prepared(options(data="a=b", headers=headers)).headers == (
        ("content-type", "application/x-www-form-urlencoded"),
    )


def test_headers() -> None:
    given_headers = {"X-Number": 5, "X-Part": 1.5, "X-Space": "  a b\t", "X-Latin": "é", "x-number": "6"}
    assert prepared(options(headers=given_headers)).headers == (
        ("x-number", "6"),
        ("X-Part", "1.5"),
        ("X-Space", "a b"),
        ("X-Latin", "é"),
    )


@pytest.mark.parametrize("headers", [None, "", False, {}])
def test_missing_headers(headers: Any) -> None:
    assert prepared(options(headers=headers)).headers == ()


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding", "Connection", "Expect", "Upgrade"])
def test_headers_of_the_connection_are_left_to_it(name: str) -> None:
    assert prepared(options(headers={name: "5", "Host": "b.example"})).headers == (("Host", "b.example"),)


def test_auth() -> None:
    assert prepared(options(auth="ann:p:ß")).headers == (
        ("Authorization", f"Basic {base64.b64encode('ann:p:ß'.encode()).decode()}"),
    )
    both = prepared(options(auth="a:b", headers={"authorization": "Bearer old", "X": "1"})).headers
    assert both == (("Authorization", "Basic YTpi"), ("X", "1"))


@pytest.mark.parametrize(
    ("asked", "timeout"),
    [(None, None), (0, None), (1, 1), (0.5, 1), (-5, 1), (2500.9, 2500), (20_000, 20_000), (10**9, 20_000)],
)
def test_timeouts(asked: Any, timeout: int | None) -> None:
    assert prepared(options(timeout=asked)).timeout_ms == timeout


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"auth": "nobody"}, 'auth option should be of the form "username:password"'),
        ({"auth": {"user": "a"}}, 'auth option should be of the form "username:password"'),
        ({"url": 5}, "url must be a text"),
        ({"url": "https://a/\ud800"}, "url is no Unicode text"),
        ({"method": ["POST"]}, "method must be a text"),
        ({"method": "PO ST"}, "'PO ST' is no method of HTTP that can be sent"),
        ({"method": "connect"}, "'CONNECT' is no method of HTTP that can be sent"),
        ({"headers": "X: 1"}, "headers must be an object of names and texts"),
        ({"headers": [["X", "1"]]}, "headers must be an object of names and texts"),
        ({"headers": {"X Y": "1"}}, "'X Y' is no name of a header"),
        ({"headers": {"": "1"}}, "'' is no name of a header"),
        ({"headers": {"X": "1\r\nEvil: 1"}}, "the header X holds a character that no header may hold"),
        ({"headers": {"X": "€"}}, "the header X holds a character that no header may hold"),
        ({"headers": {"X": None}}, "the header X must be a text"),
        ({"headers": {"X": True}}, "the header X must be a text"),
        ({"timeout": "5000"}, "timeout must be a number of milliseconds"),
        ({"timeout": True}, "timeout must be a number of milliseconds"),
        ({"data": "\ud800"}, "data is no Unicode text"),
        ({"data": {"a": "\ud800"}}, "data is no Unicode text"),
        ({"message": {"text": "\ud800"}}, "message is no Unicode text"),
    ],
)
def test_what_can_not_be_sent(members: dict[str, Any], error: str) -> None:
    assert prepared(options(**members)) == Prepared(error=error)


def test_params_are_left_aside() -> None:
    assert prepared(options(params={"a": "b"})).url == URL


MEMBERS = ("url", "method", "headers", "data", "auth", "timeout", "message", "params")


@given(JSON_VALUES | st.dictionaries(st.sampled_from(MEMBERS), JSON_VALUES))
def test_whatever_a_script_returns_has_one_end(result: Any) -> None:
    request = prepared(result)
    assert [bool(request.url), request.stop is not None, request.error is not None].count(True) == 1
    assert decode(encode(request)) == request


@given(JSON_VALUES.filter(lambda value: not isinstance(value, str) and bool(value)))
def test_the_body_is_the_data(data: Any) -> None:
    body = prepared(options(data=data)).body
    assert body is not None
    assert json.loads(body) == data


REQUESTS = st.builds(
    Prepared,
    method=st.text(),
    url=st.text(),
    headers=st.lists(st.tuples(st.text(), st.text())).map(tuple),
    body=st.none() | st.binary() | st.text().map(str.encode),
    timeout_ms=st.none() | st.integers(1, 20_000),
    message=JSON_VALUES,
    stop=st.none() | st.text(),
    error=st.none() | st.text(),
)


@given(REQUESTS)
def test_a_stored_request_is_the_same_request(request: Prepared) -> None:
    assert decode(encode(request)) == request


def test_the_stored_body_can_be_read() -> None:
    assert '"text":"{\\"a\\":1}"' in encode(prepared(options(data={"a": 1})))
    assert '"base64":"/w=="' in encode(Prepared(body=b"\xff"))
