"""A script's `fetch`: the request goes through the door out, the answer goes back as text."""

from strongback.egress.client import Client
from strongback.egress.contract import EgressError, Request
from strongback.scripts.contract import Fetch, FetchCall, Fetched, FetchError

LONGEST_MS = 20_000


def script_fetch(client: Client) -> FetchCall:
    """The fetch of scripts on this client."""

    async def fetch(asked: Fetch) -> Fetched:
        body = None if asked.body is None else asked.body.encode("utf-8", "replace")
        wait = LONGEST_MS if asked.timeout_ms is None else min(max(asked.timeout_ms, 1), LONGEST_MS)
        try:
            answer = await client.send(Request(asked.method, asked.url, asked.headers, body, wait))
        except EgressError as error:
            raise FetchError(str(error)) from None
        if answer.truncated:
            raise FetchError("The answer is longer than a script may read.")
        return Fetched(answer.status, answer.headers, answer.body.decode("utf-8", "replace"))

    return fetch
