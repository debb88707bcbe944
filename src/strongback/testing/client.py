"""The least HTTP client with which a test can talk to the server: JSON in, JSON out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

API = "/api/v1/"
PATIENCE = 30.0


@dataclass(frozen=True)
class Reply:
    """An answer of the server; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Refused(AssertionError):
    """The server answered with an error; `reply` is its answer."""

    def __init__(self, asked: str, reply: Reply) -> None:
        super().__init__(f"{asked} was answered {reply.status}: {reply.body[:2000].decode(errors='replace')}")
        self.reply = reply


class Client:
    """Calls one server; a path without a slash in front is a method of the API, such as `chat.postMessage`."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.headers = dict(headers or {})

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request with exactly these bytes and headers, and return whatever is answered."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=PATIENCE)
        try:
            connection.request(
                method, path if path.startswith("/") else API + path, body, dict(headers or {})
            )
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, names, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **params: Any) -> Any:
        """Get JSON; parameters that are lists or objects are sent as JSON. Raises Refused."""
        texts = {name: one if isinstance(one, str) else json.dumps(one) for name, one in params.items()}
        return self._json("GET", f"{path}?{urlencode(texts)}" if texts else path, None, {})

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """Post a value as JSON and return the JSON of the answer; `a_b="x"` is the header `a-b: x`. Raises Refused."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        data = json.dumps({} if body is None else body).encode()
        return self._json("POST", path, data, {"Content-Type": "application/json"} | given)

    def _json(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Any:
        reply = self.send(method, path, body, {**self.headers, **headers})
        if reply.status >= 400:
            raise Refused(f"{method} {path}", reply)
        return reply.json()
