"""Bodies are decoded within bounds: a bomb stops at the cap."""

import gzip
import time
import tracemalloc
import zlib

import pytest

from strongback.egress.client import EgressError, Request
from strongback.egress.decoding import MEMBERS, read_body
from tests.egress.conftest import Connect
from tests.egress.raw_server import saying, serving

pytestmark = pytest.mark.anyio

TEXT = b"abc" * 1000
LIMIT = 1024 * 1024


class Pieces:
    """A body in pieces of a size."""

    def __init__(self, body: bytes, size: int) -> None:
        self._pieces = [body[start : start + size] for start in range(0, len(body), size)]
        self.read = 0

    async def readany(self) -> bytes:
        if self.read == len(self._pieces):
            return b""
        self.read += 1
        return self._pieces[self.read - 1]


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


ENCODED = {
    "gzip": gzip.compress(TEXT, mtime=0),
    " GZip ": gzip.compress(TEXT, mtime=0),
    "x-gzip": gzip.compress(TEXT, mtime=0),
    "deflate": zlib.compress(TEXT),
    "deflate ": raw_deflate(TEXT),
    "": TEXT,
    "identity": TEXT,
    "br": TEXT,
    "gzip, gzip": TEXT,
}


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("coding", ENCODED)
async def test_codings_are_undone(coding: str, size: int) -> None:
    assert await read_body(Pieces(ENCODED[coding], size), coding, LIMIT) == (TEXT, False)


@pytest.mark.parametrize("size", [1, 20, 100_000])
async def test_gzip_in_parts_is_one_body(size: int) -> None:
    body = gzip.compress(b"one", mtime=0) + gzip.compress(b"") + gzip.compress(b"two")
    assert await read_body(Pieces(body, size), "gzip", LIMIT) == (b"onetwo", False)


@pytest.mark.parametrize("size", [1, 100_000])
async def test_what_follows_the_body_is_left_out(size: int) -> None:
    for coding, body in (("gzip", gzip.compress(TEXT, mtime=0)), ("deflate", zlib.compress(TEXT))):
        assert await read_body(Pieces(body + b"\0\0rest", size), coding, LIMIT) == (TEXT, False)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_no_body_is_no_broken_body(coding: str) -> None:
    assert await read_body(Pieces(b"", 1), coding, LIMIT) == (b"", False)


@pytest.mark.parametrize(
    ("coding", "body", "says"),
    [
        ("gzip", b"plain text", "gzip encoding is broken"),
        ("deflate", b"plain text", "deflate encoding is broken"),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-1], "in the middle of its gzip encoding"),
        ("gzip", gzip.compress(TEXT, mtime=0)[:12], "in the middle of its gzip encoding"),
        ("deflate", zlib.compress(TEXT)[:-1], "in the middle of its deflate encoding"),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-5] + b"\0\0\0\0\0", "gzip encoding is broken"),
        ("gzip", gzip.compress(b"", mtime=0) * (MEMBERS + 1), "more than 64 parts"),
    ],
)
@pytest.mark.parametrize("size", [1, 100_000])
async def test_broken_codings_are_said(coding: str, body: bytes, says: str, size: int) -> None:
    with pytest.raises(EgressError, match=says) as caught:
        await read_body(Pieces(body, size), coding, LIMIT)
    assert caught.value.kind == "decode"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "deflate ", ""])
@pytest.mark.parametrize(("size", "truncated"), [(999, False), (1000, False), (1001, True)])
async def test_the_limit_is_of_the_decoded_body(coding: str, size: int, truncated: bool) -> None:
    body = b"x" * size
    encoded = {
        "gzip": gzip.compress(body, mtime=0),
        "deflate": zlib.compress(body),
        "deflate ": raw_deflate(body),
        "": body,
    }
    assert await read_body(Pieces(encoded[coding], 7), coding, 1000) == (body[:1000], truncated)


async def test_what_decodes_to_nothing_is_bounded_too() -> None:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    nothing = stream.flush(zlib.Z_FULL_FLUSH) * 2000  # empty blocks without end
    pieces = Pieces(nothing, 100)
    assert await read_body(pieces, "deflate", 1000) == (b"", True)
    assert pieces.read == 11


async def test_a_bomb_stops_at_the_cap(connect: Connect) -> None:
    stream = zlib.compressobj(9, wbits=31)
    bomb = (
        b"".join(stream.compress(bytes(10_000_000)) for _ in range(30)) + stream.flush()
    )  # 300 MB in 300 kB
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    async with serving(saying(head + bomb)) as server:
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            started = time.monotonic()
            got = await connect().send(Request("GET", server.url, {}, None, 10_000))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (got.status, got.body, got.truncated) == (200, bytes(LIMIT), True)
    assert peak - before < 20_000_000
    assert time.monotonic() - started < 5


async def test_a_broken_coding_of_an_answer_is_an_error(connect: Connect) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"
    async with serving(saying(answer)) as server:
        with pytest.raises(EgressError) as caught:
            await connect().send(Request("GET", server.url, {}, None, 5000))
    assert caught.value.kind == "decode"
