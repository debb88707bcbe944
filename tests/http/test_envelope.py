"""The bytes of answers."""

import json

import msgspec
import pytest

from strongback.errors import Failure
from strongback.http import envelope


class Answer(msgspec.Struct):
    a: str


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        ({}, b'{"success":true}'),
        ({"a": 1}, b'{"a":1,"success":true}'),
        ({"success": False, "a": 1}, b'{"a":1,"success":true}'),
        ({"a": msgspec.Raw(b'{"b":1}')}, b'{"a":{"b":1},"success":true}'),
        (Answer("x"), b'{"a":"x","success":true}'),
    ],
)
def test_success(answer: dict[str, object] | msgspec.Struct, body: bytes) -> None:
    assert envelope.success(answer) == body


@pytest.mark.parametrize(
    "value", ["\ud800", {"a\udfff": ["\ud800", 2**80, float("nan"), Answer("\ud800"), msgspec.Raw(b"[1]")]}]
)
def test_lone_surrogates_are_replaced(value: object) -> None:
    text = envelope.encode(value).decode()
    assert "\ufffd" in text
    json.loads(text)


def test_numbers_without_json_become_null() -> None:
    assert envelope.encode([float("inf"), "\ud800"]) == '[null,"\ufffd"]'.encode()


@pytest.mark.parametrize(
    ("failure", "status", "body"),
    [
        (Failure("Plain"), 400, {"success": False, "error": "Plain"}),
        (
            Failure("Text", "error-id", details={"method": "m"}),
            400,
            {
                "success": False,
                "error": "Text [error-id]",
                "errorType": "error-id",
                "details": {"method": "m"},
            },
        ),
        (
            Failure("", "not_authorized"),
            400,
            {"success": False, "error": "[not_authorized]", "errorType": "not_authorized"},
        ),
        (Failure("No", "error-unauthorized"), 403, {"success": False, "error": "No [error-unauthorized]"}),
        (
            Failure("Slow", "error-too-many-requests"),
            429,
            {"success": False, "error": "Slow [error-too-many-requests]"},
        ),
        (Failure("Log in", status=401), 401, {"status": "error", "message": "Log in"}),
        (Failure("Big", status=413), 413, {"success": False, "error": "Big"}),
    ],
)
def test_failures(failure: Failure, status: int, body: dict[str, object]) -> None:
    answer = envelope.failure(failure)
    assert answer.status == status
    assert json.loads(answer.body) == body
    assert list(json.loads(answer.body)) == list(body)


def test_fixed_answers() -> None:
    assert envelope.LOGIN_REQUIRED == (
        401,
        b'{"status":"error","message":"You must be logged in to do this."}',
        (),
        None,
    )
    assert envelope.NOT_FOUND.body == b'{"success":false,"error":"Resource not found"}'
    assert envelope.UNAUTHORIZED[:2] == (403, b'{"success":false,"error":"unauthorized"}')
    assert envelope.INTERNAL[:2] == (500, b'{"success":false,"error":"Internal error occured"}')
    assert envelope.unavailable().status == 503
