"""HTTP as uvicorn speaks it, but what is not HTTP gets the envelope too."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from strongback.http.envelope import refusal

NOT_HTTP = refusal(400, "The request is not valid HTTP, or its URL is longer than 65535 bytes")


class Protocol(HttpToolsProtocol):
    """The protocol of every connection."""

    def send_400_response(self, msg: str) -> None:
        """Refuse what could not be parsed, and close; ``msg`` is uvicorn's text for its log."""
        self.transport.write(
            b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n%b" % (len(NOT_HTTP.body), NOT_HTTP.body)
        )
        self.transport.close()
