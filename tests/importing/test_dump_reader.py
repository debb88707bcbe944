"""Dumps in folders and single files: what is found, read, reported and refused."""

import contextlib
import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongback.importing.dump_reader import Damage, Dump, Entry, UnreadableDump, noun_of, open_dump

SAMPLE = Path(__file__).parent.parent / "data" / "dump"
THREE = [bson.encode({"_id": str(number), "text": "x" * number}) for number in range(3)]


def entries(path: Path, **options: Any) -> list[Entry]:
    with open_dump(path, **options) as dump:
        return [entry for collection in dump.collections() for entry in collection.documents()]


def ids(found: list[Entry]) -> list[Any]:
    return [entry["_id"] for entry in found if not isinstance(entry, Damage)]


def damages(found: list[Entry]) -> list[Damage]:
    return [entry for entry in found if isinstance(entry, Damage)]


def written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("path", [SAMPLE, SAMPLE / "rocketchat"])
def test_the_sample(path: Path) -> None:
    with open_dump(path) as dump:
        found = {collection.name: collection.noun for collection in dump.collections()}
        assert found == {
            "rocketchat_integrations": "integrations",
            "rocketchat_message": "messages",
            "rocketchat_permissions": "permissions",
            "rocketchat_roles": "roles",
            "rocketchat_room": "rooms",
            "rocketchat_settings": "settings",
            "rocketchat_subscription": "subscriptions",
            "users": "users",
        }
        for collection in dump.collections():
            read = list(collection.documents())
            assert read == bson.decode_all(Path(collection.source).read_bytes(), _options())
            assert collection.bytes_read == collection.size == Path(collection.source).stat().st_size


def _options() -> Any:
    return bson.CodecOptions(datetime_conversion=bson.DatetimeConversion.DATETIME_MS)


def test_find_prefers_the_usual_name(tmp_path: Path) -> None:
    for name in ["roles", "rocketchat_roles", "permissions", "rocketchat_uploads"]:
        written(tmp_path / f"{name}.bson", b"")
    with open_dump(tmp_path) as dump:
        assert _name(dump, "roles") == "rocketchat_roles"
        assert _name(dump, "permissions") == "permissions"
        assert _name(dump, "users") is None


def _name(dump: Dump, noun: str) -> str | None:
    collection = dump.find(noun)
    return collection.name if collection else None


@pytest.mark.parametrize(
    ("name", "noun"),
    [
        ("users", "users"),
        ("rocketchat.users", "users"),
        ("meteor.rocketchat_room", "rooms"),
        ("rocketchat_integration_history", "history"),
        ("rocketchat_uploads.chunks", None),
        ("user", None),
        ("", None),
    ],
)
def test_nouns(name: str, noun: str | None) -> None:
    assert noun_of(name) == noun


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("users.bson", "users"),
        ("users.bson.gz", "users"),
        ("users.json", "users"),
        ("users.jsonl", "users"),
        ("users.json.gz", "users"),
        ("rocketchat.users.json", "users"),
        ("rocketchat_uploads.chunks.bson", "rocketchat_uploads.chunks"),
        ("a%2Fb.bson", "a/b"),
    ],
)
def test_a_single_file_is_named_after_its_collection(tmp_path: Path, file: str, name: str) -> None:
    path = written(tmp_path / file, b"")
    with open_dump(path) as dump:
        (collection,) = dump.collections()
        assert (collection.name, collection.source, list(collection.documents())) == (name, str(path), [])


def test_other_files_of_a_folder_are_ignored(tmp_path: Path) -> None:
    names = [
        "users.metadata.json",
        "users.metadata.json.gz",
        "oplog.bson",
        "prelude.json",
        "system.js.bson",
        "README",
    ]
    for name in [*names, "users.bson"]:
        written(tmp_path / name, b"")
    (tmp_path / "odd.bson").mkdir()
    with open_dump(tmp_path) as dump:
        assert [collection.name for collection in dump.collections()] == ["users"]


def test_the_database_with_rooms_is_chosen(tmp_path: Path) -> None:
    written(tmp_path / "chat" / "rocketchat_room.bson", THREE[0])
    written(tmp_path / "admin" / "system.version.bson", b"")
    written(tmp_path / "other" / "users.bson", THREE[1] + THREE[2])
    assert ids(entries(tmp_path)) == ["0"]
    assert ids(entries(tmp_path, database="other")) == ["1", "2"]
    with pytest.raises(UnreadableDump, match="does not hold the database x; it holds: chat, other"):
        open_dump(tmp_path, database="x")


def test_a_choice_between_databases_is_left_to_the_operator(tmp_path: Path) -> None:
    written(tmp_path / "one" / "rocketchat_room.bson", b"")
    written(tmp_path / "two" / "rocketchat_room.bson", b"")
    with pytest.raises(UnreadableDump, match=r"several Rocket\.Chat databases: one, two; choose one"):
        open_dump(tmp_path)


def test_a_database_that_the_folder_itself_is(tmp_path: Path) -> None:
    written(tmp_path / "chat" / "users.bson", THREE[0])
    assert ids(entries(tmp_path / "chat", database="chat")) == ["0"]
    with pytest.raises(UnreadableDump, match="it holds: none"):
        open_dump(tmp_path / "chat", database="other")


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDump, match="can not be opened: No such file"):
        open_dump(tmp_path / "nothing")
    with pytest.raises(UnreadableDump, match=r"holds no Rocket\.Chat database; databases in it: none"):
        open_dump(tmp_path)
    with pytest.raises(UnreadableDump, match="is a folder, not an archive"):
        open_dump(tmp_path, archive=True)
    with pytest.raises(UnreadableDump, match=r"ends in neither \.bson nor \.json"):
        open_dump(written(tmp_path / "notes.txt", b"hello"))
    with pytest.raises(UnreadableDump, match="is not a mongodump archive"):
        open_dump(written(tmp_path / "users.bson", THREE[0]), archive=True)


def test_one_collection_twice_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "users.bson", b"")
    written(tmp_path / "users.json", b"")
    with pytest.raises(UnreadableDump, match="are the same collection; remove one"):
        open_dump(tmp_path)


def test_a_file_that_vanished(tmp_path: Path) -> None:
    path = written(tmp_path / "users.bson", b"")
    with open_dump(path) as dump:
        path.unlink()
        with pytest.raises(UnreadableDump, match="can not be opened"):
            list(dump.collections()[0].documents())


@pytest.mark.parametrize("cut", range(sum(map(len, THREE)) + 1))
def test_a_file_cut_anywhere(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "users.bson", b"".join(THREE)[:cut])
    ends = [0, len(THREE[0]), len(THREE[0]) + len(THREE[1]), sum(map(len, THREE))]
    whole = max(number for number, end in enumerate(ends) if end <= cut)
    found = entries(path)
    assert ids(found) == [str(number) for number in range(whole)]
    assert [damage.place for damage in damages(found)] == ([] if cut in ends else [f"byte {ends[whole]}"])


@pytest.mark.parametrize("size", [-1, 0, 4, -(2**31), 2**31 - 1, 64 * 2**20 + 1])
def test_an_absurd_length_ends_the_file(tmp_path: Path, size: int) -> None:
    path = written(tmp_path / "users.bson", THREE[0] + size.to_bytes(4, "little", signed=True) + THREE[1])
    found = entries(path)
    assert ids(found) == ["0"]
    assert damages(found) == [
        Damage(
            str(path),
            f"byte {len(THREE[0])}",
            f"a document can not be {size} bytes long: the rest is not read",
        )
    ]


def test_damage_inside_a_frame_skips_that_document(tmp_path: Path) -> None:
    bad_type = THREE[1].replace(b"\x02text", b"\x60text")
    bad_text = bson.encode({"_id": "u", "text": "ab"}).replace(b"ab\0", b"a\xff\0")
    path = written(tmp_path / "users.bson", THREE[0] + bad_type + bad_text + THREE[2])
    found = entries(path)
    assert ids(found) == ["0", "2"]
    assert [damage.place for damage in damages(found)] == [
        f"byte {len(THREE[0])}",
        f"byte {len(THREE[0]) + len(bad_type)}",
    ]
    assert str(damages(found)[0]).startswith(
        f"{path}, byte {len(THREE[0])}: the document is not valid BSON: "
    )


def test_a_document_nested_too_deeply_is_damage(tmp_path: Path) -> None:
    inner = b"\x05\0\0\0\0"
    for _ in range(20_000):
        inner = (len(inner) + 8).to_bytes(4, "little") + b"\x03v\0" + inner + b"\0"
    found = entries(written(tmp_path / "users.bson", inner + THREE[0]))
    assert ids(found) == ["0"]
    assert len(damages(found)) == 1


@pytest.mark.parametrize("name", ["users.bson.gz", "users.bson"])
def test_gzip_is_found_by_its_first_bytes(tmp_path: Path, name: str) -> None:
    data = gzip.compress(THREE[0]) + gzip.compress(THREE[1]) + b"\0\0" + gzip.compress(THREE[2])
    path = written(tmp_path / name, data)
    assert ids(entries(path)) == ["0", "1", "2"]
    with open_dump(path) as dump:
        (collection,) = dump.collections()
        assert len(list(collection.documents())) == 3
        assert collection.bytes_read == collection.size == len(data)


def test_a_gzip_cut_anywhere_gives_a_prefix_and_a_report(tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(THREE), mtime=0)
    for cut in range(1, len(packed)):
        found = entries(written(tmp_path / "users.bson.gz", packed[:cut]))
        assert ids(found) == ["0", "1", "2"][: len(ids(found))]
        assert [damage.reason for damage in damages(found)] == ["the gzip stream ends early"]
    assert entries(written(tmp_path / "users.bson.gz", b"")) == []


def test_a_broken_gzip_gives_what_comes_before(tmp_path: Path) -> None:
    documents = [bson.encode({"_id": number, "x": bytes([number % 251]) * 300}) for number in range(5000)]
    packed = bytearray(gzip.compress(b"".join(documents), compresslevel=1))
    middle = len(packed) // 2
    packed[middle : middle + 40] = b"\xff" * 40
    found = entries(written(tmp_path / "users.bson.gz", bytes(packed)))
    assert ids(found)[:1000] == list(range(1000))
    assert damages(found)


def test_something_else_under_a_gzip_name(tmp_path: Path) -> None:
    (damage,) = entries(written(tmp_path / "users.bson.gz", b"hello"))
    assert isinstance(damage, Damage)
    assert "gzip stream is broken" in damage.reason


def test_a_gzip_that_unpacks_to_a_thousand_times_its_size(tmp_path: Path) -> None:
    documents = [bson.encode({"_id": number, "x": bytes(3_000_000)}) for number in range(4)]
    found = entries(written(tmp_path / "users.bson.gz", gzip.compress(b"".join(documents))))
    assert (ids(found), damages(found)) == ([0, 1, 2, 3], [])


def test_a_bomb_is_read_in_constant_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "users.bson.gz", gzip.compress(THREE[0] + bytes(50_000_000)))
    found = entries(path)
    assert (ids(found), len(damages(found))) == (["0"], 1)


FILES = st.sampled_from(["users.bson", "users.bson.gz", "users.json", "users.json.gz", "dump.archive", "x"])
HEADS = st.sampled_from([b"", b"\x6d\xe2\x99\x81", b"\x1f\x8b\x08", b"[", b"{", b"\x05\0\0\0\0", *THREE])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("any")
    yield path
    shutil.rmtree(path)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300, deadline=None)
@given(
    name=FILES, parts=st.lists(st.binary() | HEADS, max_size=5), archive=st.booleans(), packed=st.booleans()
)
def test_any_bytes(folder: Path, name: str, parts: list[bytes], archive: bool, packed: bool) -> None:
    path = written(folder / name, b"".join(parts))
    found: list[Entry] = []
    with contextlib.suppress(UnreadableDump):
        found = entries(path, archive=archive, gzip=packed)
    assert all(isinstance(entry, (dict, Damage)) for entry in found)
