"""Archives of `mongodump --archive`, written here by hand from the description of the format."""

import gzip
import io
import os
import struct
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import bson
import pytest

from strongback.importing.dump_reader import Damage, Entry, UnreadableDump, open_dump

END = struct.pack("<i", -1)
Part = tuple[str, str, list[dict[str, Any]] | None]
"""A block: database, collection and documents; None ends the collection."""

BLOCKS: list[Part] = [
    ("chat", "users", [{"_id": "u1"}, {"_id": "u2"}]),
    ("chat", "rocketchat_room", [{"_id": "r1", "name": "x" * 1000}]),
    ("chat", "rocketchat_uploads.chunks", [{"_id": "c1"}]),
    ("chat", "users", [{"_id": "u3"}]),
    ("chat", "users", None),
    ("admin", "users", [{"_id": "secret"}]),
    ("admin", "users", None),
    ("chat", "rocketchat_room", [{"_id": "r2"}]),
    ("chat", "rocketchat_room", None),
    ("chat", "rocketchat_uploads.chunks", None),
    ("chat", "rocketchat_settings", None),
]
NAMES = {
    "users": ["u1", "u2", "u3"],
    "rocketchat_room": ["r1", "r2"],
    "rocketchat_uploads.chunks": ["c1"],
    "rocketchat_settings": [],
}


def archive_bytes(blocks: list[Part]) -> bytes:
    header = {
        "concurrent_collections": 4,
        "version": "0.1",
        "server_version": "6.0.1",
        "tool_version": "100.9.4",
    }
    out = [struct.pack("<I", 0x8199E26D), bson.encode(header)]
    for database, collection in dict.fromkeys((block[0], block[1]) for block in blocks):
        entry = {"db": database, "collection": collection, "metadata": "{}", "size": 0, "type": "collection"}
        out.append(bson.encode(entry))
    out.append(
        bson.encode({"db": "chat", "collection": "a_view", "metadata": "{}", "size": 0, "type": "view"})
    )
    out.append(END)
    for database, collection, documents in blocks:
        head = {"db": database, "collection": collection, "EOF": documents is None, "CRC": bson.Int64(0)}
        out += [bson.encode(head), *map(bson.encode, documents or []), END]
    return b"".join(out)


def read(path: Path, **options: Any) -> dict[str, list[Entry]]:
    with open_dump(path, **options) as dump:
        return {collection.name: list(collection.documents()) for collection in dump.collections()}


def ids(found: dict[str, list[Entry]]) -> dict[str, list[Any]]:
    return {
        name: [entry["_id"] for entry in entries if not isinstance(entry, Damage)]
        for name, entries in found.items()
    }


def damaged(found: dict[str, list[Entry]]) -> set[str]:
    return {name for name, entries in found.items() if any(isinstance(entry, Damage) for entry in entries)}


@pytest.fixture(autouse=True)
def spool_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "spool"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("name", ["dump.archive", "rocketchat.gz", "users.bson", "noname"])
@pytest.mark.parametrize("packed", [False, True])
def test_interleaved_collections_are_sorted_out(tmp_path: Path, name: str, packed: bool) -> None:
    if name.endswith(".gz") and not packed:
        pytest.skip("a name that would be a lie")
    data = archive_bytes(BLOCKS)
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if packed else data)
    found = read(path)
    assert ids(found) == NAMES
    assert damaged(found) == set()
    assert read(path, archive=True, gzip=packed) == found


def test_temporary_files_go_with_the_dump(tmp_path: Path, spool_folder: Path) -> None:
    path = tmp_path / "dump.gz"
    path.write_bytes(gzip.compress(archive_bytes(BLOCKS)))
    calls: list[int] = []
    with open_dump(path, progress=calls.append) as dump:
        assert len(list(spool_folder.iterdir())) == 1
        users = dump.find("users")
        assert users is not None
        assert users.source == f"{path} [users]"
        assert list(users.documents()) == list(users.documents())
        assert users.bytes_read == users.size > 0
    assert list(spool_folder.iterdir()) == []
    assert calls[-1] == path.stat().st_size


def test_a_plain_archive_is_not_unpacked(tmp_path: Path, spool_folder: Path) -> None:
    path = tmp_path / "dump.archive"
    path.write_bytes(archive_bytes(BLOCKS))
    with open_dump(path):
        assert list(spool_folder.iterdir()) == []


def test_another_database(tmp_path: Path) -> None:
    path = tmp_path / "dump.archive"
    path.write_bytes(archive_bytes(BLOCKS))
    assert ids(read(path, database="admin")) == {"users": ["secret"]}
    with pytest.raises(UnreadableDump, match="does not hold the database x; it holds: admin, chat"):
        open_dump(path, database="x")


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    data = archive_bytes(BLOCKS)
    source = io.TextIOWrapper(io.BytesIO(gzip.compress(data) if packed else data))
    monkeypatch.setattr(sys, "stdin", source)
    found = read(Path("-"))
    assert ids(found) == {**NAMES, "rocketchat_uploads.chunks": []}
    assert damaged(found) == {"rocketchat_uploads.chunks"}


def test_a_named_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(archive_bytes(BLOCKS),))
    writer.start()
    found = read(pipe)
    writer.join()
    assert ids(found)["users"] == ["u1", "u2", "u3"]


@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_cut_anywhere(tmp_path: Path, packed: bool) -> None:
    data = archive_bytes(BLOCKS[:2] + BLOCKS[3:5] + BLOCKS[7:9])
    path = tmp_path / "dump.archive"
    wanted = {"users": ["u1", "u2", "u3"], "rocketchat_room": ["r1", "r2"]}
    for cut in range(0, len(data) - 4, 1 if not packed else 7):
        path.write_bytes(gzip.compress(data[:cut]) if packed else data[:cut])
        try:
            found = read(path, archive=True)
        except UnreadableDump:
            assert cut < data.index(END) + 4
            continue
        for name, entries in ids(found).items():
            assert entries == wanted[name][: len(entries)]
            assert name in damaged(found) or entries == wanted[name]


def test_a_lost_structure_keeps_what_comes_before(tmp_path: Path) -> None:
    data = archive_bytes(BLOCKS)
    at = data.index(bson.encode({"_id": "r2"}))
    path = tmp_path / "dump.archive"
    path.write_bytes(data[:at] + b"\xff\xff\xff\x7f" + data[at + 4 :])
    found = read(path)
    assert ids(found)["users"] == ["u1", "u2", "u3"]
    assert ids(found)["rocketchat_room"] == ["r1"]
    assert damaged(found) == {"rocketchat_room", "rocketchat_uploads.chunks", "rocketchat_settings"}


def test_a_broken_document_is_skipped(tmp_path: Path) -> None:
    broken = bson.encode({"_id": "u2"}).replace(b"\x02_id", b"\x60_id")
    data = archive_bytes(BLOCKS).replace(bson.encode({"_id": "u2"}), broken)
    path = tmp_path / "dump.archive"
    path.write_bytes(data)
    found = read(path)
    assert ids(found)["users"] == ["u1", "u3"]
    assert found["users"][1] == Damage(str(path), f"byte {data.index(broken)}", found["users"][1].reason)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a mongodump archive"),
        (b"\x6d\xe2\x99\x81", "list of collections can not be read"),
        (b"\x6d\xe2\x99\x81" + END, "has no archive header"),
        (b"\x6d\xe2\x99\x81" + bson.encode({"a": 1}) + END, "has no archive header"),
        (b"\x6d\xe2\x99\x81" + bson.encode({"version": "0.1"}) + END, "no Rocket.Chat database"),
    ],
)
def test_refusals(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "dump.archive"
    path.write_bytes(data)
    with pytest.raises(UnreadableDump, match=message):
        open_dump(path, archive=True)
