"""A script's fetch: what goes out of the door, and what comes back."""

from typing import cast

import pytest

from strongback.egress.client import Client
from strongback.egress.contract import EgressError, Request, Response
from strongback.scripts.contract import Fetch, Fetched, FetchError
from strongback.webhooks.script_fetch import script_fetch

pytestmark = pytest.mark.anyio


class Door:
    """Stands for the door out: keeps what is sent, answers what a test says."""

    def __init__(self, answer: Response | EgressError) -> None:
        self.answer = answer
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        """Answer, or raise."""
        self.sent.append(request)
        if isinstance(self.answer, EgressError):
            raise self.answer
        return self.answer


OK = Response(201, {"x-a": "1"}, "é".encode(), truncated=False)


async def fetch(door: Door, asked: Fetch) -> Fetched:
    return await script_fetch(cast("Client", door))(asked)


async def test_a_request_goes_out_as_it_is_asked_for() -> None:
    door = Door(OK)
    answer = await fetch(door, Fetch("https://a.example/", "PUT", {"X-B": "2"}, "ü", 500))
    assert door.sent == [Request("PUT", "https://a.example/", {"X-B": "2"}, "ü".encode(), 500)]
    assert answer == Fetched(201, {"x-a": "1"}, "é")


@pytest.mark.parametrize(
    ("asked", "sent"), [(None, 20_000), (0, 1), (-5, 1), (20_001, 20_000), (10**9, 20_000)]
)
async def test_no_request_takes_longer_than_a_script_may(asked: int | None, sent: int) -> None:
    door = Door(OK)
    await fetch(door, Fetch("https://a.example/", timeout_ms=asked))
    assert (door.sent[0].timeout_ms, door.sent[0].body) == (sent, None)


async def test_bytes_that_are_no_text_are_replaced() -> None:
    assert (await fetch(Door(Response(200, {}, b"\xff", truncated=False)), Fetch("x"))).text == "\ufffd"


async def test_a_refusal_reaches_the_script_as_an_error() -> None:
    with pytest.raises(FetchError, match=r"10\.0\.0\.1 may not be called"):
        await fetch(Door(EgressError("refused", "10.0.0.1 may not be called")), Fetch("http://10.0.0.1/"))


async def test_half_an_answer_is_an_error() -> None:
    with pytest.raises(FetchError, match="longer than a script may read"):
        await fetch(Door(Response(200, {}, b"x", truncated=True)), Fetch("x"))
