"""HTTP as uvicorn speaks it, but what is not HTTP gets the envelope too, and a head has a limit."""

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from strongback.http.envelope import Response, refusal

MAX_HEAD = 128 * 1024
LINGER_SECONDS = 2.0
NOT_HTTP = refusal(400, "The request is not valid HTTP, or its URL is longer than 65535 bytes")
TOO_LONG = refusal(431, f"The URL and the headers are longer than {MAX_HEAD} bytes")


class Protocol(HttpToolsProtocol):
    """The protocol of every connection."""

    _heading = False
    _head = 0
    _refused = False

    def data_received(self, data: bytes) -> None:
        """Feed the parser; a URL or headers without an end are refused before they fill the memory."""
        if self._refused:
            return
        super().data_received(data)
        if self._heading:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self._refuse(TOO_LONG)

    def on_message_begin(self) -> None:
        """Start to count the head of a request."""
        self._heading, self._head = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop counting: what follows is the body."""
        self._heading = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what could not be parsed; ``msg`` is uvicorn's text for its log."""
        self._refuse(NOT_HTTP)

    def _refuse(self, answer: Response) -> None:
        """Answer, and close once the client had time to read it: closing at once would reset the connection."""
        self._refused = True
        self._heading = False
        self.transport.write(
            b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b"
            % (answer.status, HTTPStatus(answer.status).phrase.encode(), len(answer.body), answer.body)
        )
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self.transport.close)
