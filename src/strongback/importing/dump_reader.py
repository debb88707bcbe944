"""Open what mongodump or mongoexport wrote, and iterate over its documents in constant memory."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from strongback.importing import archive as archives
from strongback.importing.archive import ArchiveReader, Namespace
from strongback.importing.bson_file import read_bson
from strongback.importing.collection_names import ACCEPTED_NAMES, noun_of, parse_file_name
from strongback.importing.entries import Damage, Document, Entry, UnreadableDump
from strongback.importing.json_file import read_json
from strongback.importing.spool import Spool
from strongback.importing.streams import STDIN, Stream, open_stream

__all__ = ["Collection", "Damage", "Document", "Dump", "Entry", "UnreadableDump", "noun_of", "open_dump"]

_Read: TypeAlias = Callable[[Stream, str], Iterator[Entry]]
Progress: TypeAlias = Callable[[int], None]


@dataclass
class Collection:
    """One collection of a dump; `documents` may be called again and starts anew."""

    name: str
    source: str
    size: int
    _path: Path = field(repr=False)
    _read: _Read = field(repr=False)
    _gzip: bool = field(default=False, repr=False)
    _stream: Stream | None = field(default=None, repr=False)

    @property
    def noun(self) -> str | None:
        """What the collection holds, such as `rooms`; None when we do not import it."""
        return noun_of(self.name)

    @property
    def bytes_read(self) -> int:
        """How much of `size` the latest iteration has read."""
        return self._stream.bytes_read if self._stream else 0

    def documents(self) -> Iterator[Entry]:
        """Yield every document, and a Damage for every part that can not be read.

        Raises UnreadableDump when the file can not be opened.
        """
        with open_stream(self._path, gzip=self._gzip) as stream:
            self._stream = stream
            yield from self._read(stream, self.source)


class Dump:
    """An open dump; close it, or use it in a `with` statement, so that its temporary files go."""

    def __init__(self, collections: list[Collection], spool: Spool | None = None) -> None:
        self._collections = sorted(collections, key=lambda collection: collection.name)
        self._spool = spool

    def collections(self) -> list[Collection]:
        """List the collections by name, those that we do not import too."""
        return list(self._collections)

    def find(self, noun: str) -> Collection | None:
        """Return the collection that holds a noun such as `rooms`; the preferred one of several."""
        named = {collection.name: collection for collection in self._collections}
        return next((named[name] for name in ACCEPTED_NAMES[noun] if name in named), None)

    def close(self) -> None:
        """Remove the temporary files."""
        if self._spool:
            self._spool.close()

    def __enter__(self) -> "Dump":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_dump(
    path: Path,
    *,
    archive: bool = False,
    gzip: bool = False,
    database: str | None = None,
    progress: Progress | None = None,
) -> Dump:
    """Open a mongodump folder or archive, a mongoexport folder, or a single file; `-` is an archive on stdin.

    An archive that can be read only once (gzip, stdin) is unpacked to temporary files here, and `progress` is
    told how many of its bytes are read. Raises UnreadableDump when nothing of it can be read.
    """
    try:
        if path != STDIN and path.is_dir():
            return Dump(_folder(path, archive=archive, gzip=gzip, database=database))
        if archive or _only_once(path) or _is_archive(path, gzip=gzip):
            return _archive(path, gzip=gzip, database=database, progress=progress)
        return Dump([_file(path, gzip=gzip)])
    except OSError as error:
        raise UnreadableDump(f"{path} can not be read: {error.strerror or error}.") from error


def _only_once(path: Path) -> bool:
    return path == STDIN or (path.exists() and not path.is_file())


def _is_archive(path: Path, *, gzip: bool) -> bool:
    with open_stream(path, gzip=gzip) as stream:
        return stream.read(len(archives.MAGIC)) == archives.MAGIC


def _file(path: Path, *, gzip: bool) -> Collection:
    parsed = parse_file_name(path.name)
    if parsed is None:
        raise UnreadableDump(f"{path} is no mongodump archive, and its name ends in neither .bson nor .json.")
    name, form = parsed
    return Collection(
        name, str(path), path.stat().st_size, path, read_bson if form == "bson" else read_json, gzip
    )


def _folder(path: Path, *, archive: bool, gzip: bool, database: str | None) -> list[Collection]:
    if archive:
        raise UnreadableDump(f"{path} is a folder, not an archive.")
    databases = {
        folder.name: files for folder in path.iterdir() if folder.is_dir() and (files := _files(folder))
    }
    here = _files(path)
    if here and database in {None, path.resolve().name}:
        files = here
    else:
        files = databases[
            _choose_database({key: _names(found) for key, found in databases.items()}, database, str(path))
        ]
    collections = [_file(file, gzip=gzip) for file in files]
    for one, other in pairwise(collections):
        if one.name == other.name:
            raise UnreadableDump(f"{one.source} and {other.source} are the same collection; remove one.")
    return collections


def _files(folder: Path) -> list[Path]:
    found = [
        (parsed[0], file)
        for file in folder.iterdir()
        if (parsed := parse_file_name(file.name)) and file.is_file()
    ]
    return [file for _name, file in sorted(found)]


def _names(files: list[Path]) -> set[str]:
    return {parsed[0] for file in files if (parsed := parse_file_name(file.name))}


def _choose_database(databases: dict[str, set[str]], asked: str | None, source: str) -> str:
    """Pick the asked database, or the only one that has Rocket.Chat's rooms, or else users."""
    listed = ", ".join(sorted(databases)) or "none"
    if asked is not None:
        if asked in databases:
            return asked
        raise UnreadableDump(f"{source} does not hold the database {asked}; it holds: {listed}.")
    for noun in ("rooms", "users"):
        matching = sorted(key for key, names in databases.items() if noun in map(noun_of, names))
        if len(matching) == 1:
            return matching[0]
        if matching:
            raise UnreadableDump(
                f"{source} holds several Rocket.Chat databases: {', '.join(matching)}; choose one."
            )
    raise UnreadableDump(f"{source} holds no Rocket.Chat database; databases in it: {listed}.")


def _archive(path: Path, *, gzip: bool, database: str | None, progress: Progress | None) -> Dump:
    source = "standard input" if path == STDIN else str(path)
    with open_stream(path, gzip=gzip) as stream:
        reader = ArchiveReader(stream, source)
        namespaces = list(dict.fromkeys(reader.prelude()))
        names: dict[str, set[str]] = {}
        for namespace in namespaces:
            names.setdefault(namespace.database, set()).add(namespace.collection)
        chosen = _choose_database(names, database, source)
        namespaces = [namespace for namespace in namespaces if namespace.database == chosen]
        if not stream.packed and not _only_once(path):
            return Dump([_in_place(path, namespace) for namespace in namespaces])
        return _unpack(reader, path, namespaces, progress)


def _in_place(path: Path, namespace: Namespace) -> Collection:
    def read(stream: Stream, source: str) -> Iterator[Entry]:
        return archives.read_collection(stream, source, namespace)

    return Collection(namespace.collection, str(path), path.stat().st_size, path, read)


def _unpack(
    reader: ArchiveReader, path: Path, namespaces: list[Namespace], progress: Progress | None
) -> Dump:
    """Keep the collections that we import; another one is read again from the file, or lost with a pipe."""
    spool = Spool()
    try:
        spool.fill(reader, [item for item in namespaces if noun_of(item.collection)], progress)
        return Dump([_unpacked(spool, path, item, reader.source) for item in namespaces], spool)
    except BaseException:
        spool.close()
        raise


def _unpacked(spool: Spool, path: Path, namespace: Namespace, source: str) -> Collection:
    file = spool.files.get(namespace)
    if file is None:
        return _lost(namespace, source) if _only_once(path) else _in_place(path, namespace)

    def read(stream: Stream, source: str) -> Iterator[Entry]:
        yield from read_bson(stream, source)
        if namespace in spool.damage:
            yield spool.damage[namespace]

    return Collection(
        namespace.collection, f"{source} [{namespace.collection}]", file.stat().st_size, file, read
    )


def _lost(namespace: Namespace, source: str) -> Collection:
    def read(_stream: Stream, source: str) -> Iterator[Entry]:
        yield Damage(
            source, namespace.collection, "not kept while reading; save the archive to a file to read it"
        )

    return Collection(namespace.collection, source, 0, Path(os.devnull), read)
