"""A caller that sees the receiver's bytes as they are."""

import socket
import ssl
from typing import Self
from urllib.parse import urlsplit

PATIENCE = 10.0


class Raw:
    """One connection; every read ends within `PATIENCE`."""

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        host, port = urlsplit(url).hostname, urlsplit(url).port
        assert host is not None
        plain = socket.create_connection((host, port), timeout=PATIENCE)
        self.socket = plain
        if tls is not None:
            self.socket = tls.wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, method: str = "GET", target: str = "/", body: bytes = b"", *headers: str) -> Self:
        """Write a request."""
        lines = (
            f"{method} {target} HTTP/1.1",
            "Host: here",
            *headers,
            f"Content-Length: {len(body)}",
            "",
            "",
        )
        self.socket.sendall("\r\n".join(lines).encode() + body)
        return self

    def head(self) -> str:
        """Read up to the end of an answer's headers, and not a byte further."""
        read = b""
        while not read.endswith(b"\r\n\r\n"):
            byte = self.socket.recv(1)
            assert byte, read
            read += byte
        return read.decode()

    def exactly(self, length: int) -> bytes:
        """Read so many bytes."""
        read = b""
        while len(read) < length:
            more = self.socket.recv(length - len(read))
            assert more, read
            read += more
        return read

    def rest(self) -> bytes:
        """Read until the receiver closes the connection."""
        read = b""
        while more := self.socket.recv(65536):
            read += more
        return read

    def is_silent(self, seconds: float = 0.2) -> bool:
        """Whether nothing comes, not even an end, for a while."""
        self.socket.settimeout(seconds)
        try:
            self.socket.recv(1)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)
        return False
