"""Reading a URL: where a request goes."""

import base64
import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit

from yarl import URL

from strongback.allowlist import HOST_NAME, NUMERIC_END
from strongback.egress.contract import EgressError

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL = 8 * 1024
_UNREADABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_BRACKETED = re.compile(r"\[[^\[\]]*\](?::[0-9]*)?")
_UNSAFE = re.compile(r"[^!-~]+|[\"<>\\^`{|}]+")


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart.

    `host` is in lower case and ASCII, without a final dot or brackets; `authorization` is what user and password in the
    URL ask for.
    """

    url: URL
    scheme: str
    host: str
    port: int
    authorization: str | None

    @property
    def origin(self) -> str:
        """The scheme, host and port, the port always written out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def origin(url: str) -> str:
    """Return `scheme://host:port` in lower case, the default port written out; "" for a URL that can not be called."""
    try:
        return read_target(url).origin
    except EgressError:
        return ""


@lru_cache(maxsize=512)
def read_target(url: str) -> Target:
    """Take a URL apart. Raises EgressError `refused` for one that can not be called."""
    parts = _split(url)
    port = _port(parts)
    host, on_the_wire = _host(parts)
    path = _quoted(parts.path) or "/"
    query = f"?{_quoted(parts.query)}" if parts.query else ""
    return Target(
        URL(f"{parts.scheme}://{on_the_wire}:{port}{path}{query}", encoded=True),
        parts.scheme,
        host,
        port,
        _basic(parts.netloc),
    )


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL:
        raise _refused(f"a URL may have {MAX_URL} characters")
    if _UNREADABLE.search(url):
        raise _refused("a URL may not contain control characters or lone surrogates")
    try:
        parts = urlsplit(url.strip(" "))
    except ValueError as error:
        raise _refused(f"the URL can not be read: {error}") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise _refused("a URL must start with http:// or https://")
    if not parts.hostname:
        raise _refused("the URL names no host")
    if "\\" in parts.netloc:
        raise _refused("a URL may not contain a backslash before its path, which others read as a slash")
    return parts


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise _refused("the port of a URL must be a number from 1 to 65535")
    return port or DEFAULT_PORTS[parts.scheme]


def _host(parts: SplitResult) -> tuple[str, str]:
    """Return the host as it is looked up in lists, and as it stands in the request."""
    given = parts.hostname or ""
    if "[" in parts.netloc:
        if not _BRACKETED.fullmatch(parts.netloc.rpartition("@")[2]):
            raise _refused("after the brackets of a host only a port may follow")
        return _ipv6(given)
    try:
        name = URL.build(scheme="http", host=given).raw_host or ""
    except ValueError:
        raise _refused(f"{given!r} is no host name") from None
    host = name.removesuffix(".")
    if NUMERIC_END.fullmatch(host):
        return _ipv4(name)
    if not HOST_NAME.fullmatch(host):
        raise _refused(f"{given!r} is no host name")
    return host, name


def _ipv4(text: str) -> tuple[str, str]:
    try:
        address = str(ipaddress.IPv4Address(text))
    except ValueError:
        raise _refused(f"{text} is no IPv4 address in its usual spelling, four decimal numbers") from None
    return address, address


def _ipv6(text: str) -> tuple[str, str]:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise _refused(f"[{text}] is no IPv6 address") from None
    if address.scope_id is not None:
        raise _refused(f"[{text}] has a zone, which is for addresses of one link only")
    return str(address), f"[{address}]"


def _quoted(text: str) -> str:
    """Escape what may not stand in a request line, and leave the rest as it was written."""
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)


def _basic(netloc: str) -> str | None:
    credentials, at, _ = netloc.rpartition("@")
    if not at:
        return None
    user, _, password = credentials.partition(":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return "Basic " + base64.b64encode(pair).decode()


def _refused(text: str) -> EgressError:
    return EgressError("refused", text)
