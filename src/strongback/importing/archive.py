"""Read a mongodump archive: a prelude lists the collections, blocks of their documents follow, interleaved.

    archive = magic, header, collection..., terminator, block...
    block   = namespace header, document..., terminator

All but the magic number and the terminators are BSON. A namespace header with `EOF` true ends its collection.
Its checksum is not compared: a CRC-64 in Python would cost more than everything else together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from strongback.importing.bson_file import decode, is_document_size
from strongback.importing.entries import Damage, Entry, UnreadableDump
from strongback.importing.streams import Stream

MAGIC = (0x8199E26D).to_bytes(4, "little")
_TERMINATOR = b"\xff\xff\xff\xff"


class Namespace(NamedTuple):
    """A database and one of its collections."""

    database: str
    collection: str


class EndOfCollection(NamedTuple):
    """No more documents of the collection will come."""

    namespace: Namespace


class Frame(NamedTuple):
    """The undecoded bytes of one document."""

    namespace: Namespace
    position: int
    data: bytes


Event: TypeAlias = Frame | EndOfCollection | Damage


@dataclass
class ArchiveReader:
    """A pass over an archive; the stream stands at its first byte."""

    stream: Stream
    source: str
    position: int = 0

    def prelude(self) -> list[Namespace]:
        """Read which collections the archive holds. Raises UnreadableDump when it is none."""
        if self._take(4) != MAGIC:
            raise UnreadableDump(f"{self.source} is not a mongodump archive.")
        header, *collections = self._prelude_documents()
        if "version" not in header:
            raise UnreadableDump(f"{self.source} has no archive header.")
        return [
            Namespace(item["db"], item["collection"])
            for item in collections
            if isinstance(item.get("db"), str)
            and isinstance(item.get("collection"), str)
            and item.get("type") != "view"
        ]

    def events(self, wanted: frozenset[Namespace]) -> Iterator[Event]:
        """Yield what the blocks hold of the wanted collections; other documents are not kept in memory."""
        while head := self._take(4):
            place = self._place
            header = self._document(head)
            if isinstance(header, Damage):
                yield header
                return
            namespace = Namespace(str(header.get("db")), str(header.get("collection")))
            if namespace in wanted and header.get("EOF") is True:
                yield EndOfCollection(namespace)
            for event in self._block(namespace, keep=namespace in wanted):
                yield event
                if isinstance(event, Damage):
                    return
            if not isinstance(header.get("collection"), str):
                yield Damage(self.source, place, "a block does not say to which collection it belongs")
        if self.stream.failure:
            yield self._damage(self.stream.failure)

    def _block(self, namespace: Namespace, *, keep: bool) -> Iterator[Frame | Damage]:
        while (head := self._take(4)) != _TERMINATOR:
            position = self.position - 4
            size = int.from_bytes(head, "little", signed=True)
            if len(head) < 4:
                yield self._damage(self.stream.failure or "the archive ends inside a block")
                return
            if not is_document_size(size):
                yield self._damage(f"a document can not be {size} bytes long: the rest is not read")
                return
            body = self._take(size - 4) if keep else b""
            there = len(body) if keep else self._skip(size - 4)
            if there < size - 4:
                yield self._damage(self.stream.failure or "the archive ends inside a document")
                return
            if keep:
                yield Frame(namespace, position, head + body)

    def _prelude_documents(self) -> list[dict[str, Any]]:
        documents: list[dict[str, Any]] = []
        while (head := self._take(4)) != _TERMINATOR:
            document = self._document(head)
            if isinstance(document, Damage):
                raise UnreadableDump(f"{document}, so its list of collections can not be read.")
            documents.append(document)
        return documents or [{}]

    def _document(self, head: bytes) -> Entry:
        size = int.from_bytes(head, "little", signed=True)
        place = self._place
        if len(head) < 4 or not is_document_size(size):
            return self._damage(self.stream.failure or "the structure of the archive is lost here")
        body = self._take(size - 4)
        if len(body) < size - 4:
            return self._damage(self.stream.failure or "the archive ends inside a header")
        return decode(head + body, self.source, place)

    def _take(self, count: int) -> bytes:
        data = self.stream.read(count)
        self.position += len(data)
        return data

    def _skip(self, count: int) -> int:
        there = self.stream.skip(count)
        self.position += there
        return there

    @property
    def _place(self) -> str:
        return f"byte {max(0, self.position - 4)}"

    def _damage(self, reason: str) -> Damage:
        return Damage(self.source, self._place, reason)


def read_collection(stream: Stream, source: str, namespace: Namespace) -> Iterator[Entry]:
    """Yield the documents of one collection in a pass over the archive that stops at the collection's end."""
    archive = ArchiveReader(stream, source)
    archive.prelude()
    for event in archive.events(frozenset({namespace})):
        if isinstance(event, EndOfCollection):
            return
        yield decode(event.data, source, f"byte {event.position}") if isinstance(event, Frame) else event
        if isinstance(event, Damage):
            return
    yield Damage(source, "at its end", f"the archive ends before the collection {namespace.collection} does")
