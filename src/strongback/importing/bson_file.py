"""Read the documents of a `.bson` file, which is one document after the other."""

from collections.abc import Iterator
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion

from strongback.importing.entries import MAX_DOCUMENT_BYTES, Damage, Document, Entry
from strongback.importing.streams import Stream

MIN_DOCUMENT_BYTES = 5
_OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    document_class=dict, datetime_conversion=DatetimeConversion.DATETIME_MS
)


def read_bson(stream: Stream, source: str) -> Iterator[Entry]:
    """Yield every document; damage inside one skips that one, a lost frame ends the file."""
    position = 0
    while head := stream.read(4):
        place = f"byte {position}"
        size = int.from_bytes(head, "little", signed=True)
        if len(head) < 4:
            yield Damage(source, place, stream.failure or "the file ends inside a document")
            return
        if not is_document_size(size):
            yield Damage(source, place, f"a document can not be {size} bytes long: the rest is not read")
            return
        body = stream.read(size - 4)
        if len(body) < size - 4:
            reason = f"the file ends inside a document, {len(body) + 4} of {size} bytes are there"
            yield Damage(source, place, stream.failure or reason)
            return
        yield decode(head + body, source, place)
        position += size
    if stream.failure:
        yield Damage(source, f"byte {position}", stream.failure)


def is_document_size(size: int) -> bool:
    """Tell whether a document may be that long; nothing longer is ever allocated."""
    return MIN_DOCUMENT_BYTES <= size <= MAX_DOCUMENT_BYTES


def decode(frame: bytes, source: str, place: str) -> Entry:
    """Decode one document, or say what is wrong with it."""
    try:
        document: Document = bson.decode(frame, _OPTIONS)
    except Exception as error:  # a decoder fed with arbitrary bytes: whatever it raises is damage
        return Damage(source, place, f"the document is not valid BSON: {error}")
    return document
