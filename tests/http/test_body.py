"""Request bodies."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from strongback.errors import Failure
from strongback.http import body


@pytest.mark.parametrize(
    ("raw", "kind", "expected"),
    [
        (b"", None, {}),
        (b"", "application/json", {}),
        (b"  \n", "application/json", {}),
        (b'{"a":1}', "application/json", {"a": 1}),
        (b'{"a":1}', "Application/JSON; charset=utf-8", {"a": 1}),
        (b'{"a":1}', None, {"a": 1}),
        (b"[1,2]", "application/json", [1, 2]),
        (b'{"a":"\\ud83d\\ude00"}', None, {"a": "\U0001f600"}),
        (b'{"a":123456789012345678901234567890}', None, {"a": 123456789012345678901234567890}),
        (b"a=1&b[c]=2", "application/x-www-form-urlencoded", {"a": "1", "b": {"c": "2"}}),
        (b"payload=%7B%22text%22%3A%22hi%22%7D", "application/x-www-form-urlencoded", {"text": "hi"}),
        (b'{"payload":"{\\"text\\":1}"}', "application/json", {"text": 1}),
        (b'{"payload":{"text":1}}', "application/json", {"payload": {"text": 1}}),
    ],
)
def test_parses(raw: bytes, kind: str | None, expected: object) -> None:
    assert body.parse(raw, kind) == expected


@pytest.mark.parametrize(
    ("raw", "kind", "status", "text"),
    [
        (b"{", None, 400, "The request body is not valid JSON"),
        (b"NaN", None, 400, "The request body is not valid JSON"),
        (b'{"a":NaN}', None, 400, "The request body is not valid JSON"),
        (b'{"a":1e400}', None, 400, "The request body is not valid JSON"),
        (b"5", None, 400, "The request body must be a JSON object or array"),
        (b'"a"', None, 400, "The request body must be a JSON object or array"),
        (b"null", None, 400, "The request body must be a JSON object or array"),
        (b'{"a":"\xff"}', None, 400, "The request body is not valid Unicode text"),
        (b'{"a":"\\ud800"}', None, 400, "The request body is not valid"),
        (b'{"a":"\\udc00"}', None, 400, "The request body is not valid"),
        (b'{"a":"\\uDC00 and more"}', None, 400, "The request body is not valid"),
        (b"[" * 100_000, None, 400, "The request body is nested too deeply"),
        (
            b"payload=%7B",
            "application/x-www-form-urlencoded",
            400,
            'The parameter "payload" is not valid JSON',
        ),
        (b"a", "text/xml", 415, 'The content type "text/xml" is not supported'),
    ],
)
def test_refuses(raw: bytes, kind: str | None, status: int, text: str) -> None:
    with pytest.raises(Failure) as caught:
        body.parse(raw, kind)
    assert caught.value.status == status
    assert caught.value.text.startswith(text)


@given(st.binary(max_size=80) | st.text(max_size=80).map(lambda text: json.dumps([text]).encode()))
def test_nothing_but_a_failure(raw: bytes) -> None:
    with suppress(Failure):
        assert isinstance(body.parse(raw, None), dict | list)


class Sender:
    """Receives prepared chunks, and remembers how many were taken."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = list(chunks)
        self.taken = 0

    async def __call__(self) -> Message:
        chunk = self.chunks[self.taken]
        self.taken += 1
        return {"type": "http.request", "body": chunk, "more_body": self.taken < len(self.chunks)}


@pytest.mark.anyio
async def test_reads_chunks_up_to_the_limit() -> None:
    assert await body.read(Sender(b"ab", b"", b"cd"), {}, 4) == b"abcd"


@pytest.mark.anyio
@pytest.mark.parametrize("length", [b"5", b"9" * 30])
async def test_refuses_an_announced_body_without_reading(length: bytes) -> None:
    sender = Sender(b"abcde")
    with pytest.raises(Failure, match="The request body is larger than 4 bytes") as caught:
        await body.read(sender, {b"content-length": length}, 4)
    assert caught.value.status == 413
    assert sender.taken == 0


@pytest.mark.anyio
async def test_refuses_a_streamed_body_at_the_limit() -> None:
    sender = Sender(b"abc", b"de", b"never read")
    with pytest.raises(Failure) as caught:
        await body.read(sender, {}, 4)
    assert caught.value.status == 413
    assert sender.taken == 2


@pytest.mark.anyio
async def test_a_client_that_leaves() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(body.DisconnectedError):
        await body.read(gone, {}, 4)
