"""Files of mongoexport: lines, pretty-printed, arrays, and what is wrong with them."""

import gzip
import json
from pathlib import Path

import pytest

from strongback.importing.dump_reader import Damage, Entry, open_dump


def entries(path: Path, data: bytes) -> list[Entry]:
    path.write_bytes(data)
    with open_dump(path) as dump:
        (collection,) = dump.collections()
        return list(collection.documents())


def ids(found: list[Entry]) -> list[object]:
    return [entry["_id"] for entry in found if not isinstance(entry, Damage)]


def places(found: list[Entry]) -> list[str]:
    return [entry.place for entry in found if isinstance(entry, Damage)]


@pytest.mark.parametrize(
    "data",
    [
        b'{"_id":1}\n{"_id":2}\n',
        b'{"_id":1}\r\n\r\n{"_id":2}',
        b'\xef\xbb\xbf{"_id":1}\n{"_id":2}\n',
        b'\n\n{"_id":1}\n\n{"_id":2}\n\n',
        b'{\n\t"_id": 1,\n\t"x": {\n\t\t"y": []\n\t}\n}\n{\n\t"_id": 2\n}\n',
        b'[{"_id":1},{"_id":2}]\n',
        b'[{"_id":1},\n{"_id":2}]',
        b'\xef\xbb\xbf[\n{"_id":1}\n,\n{"_id":2}\n]\n',
        b'  [{\n\t"_id": 1\n},\n{\n\t"_id": 2\n}]',
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_two_documents(tmp_path: Path, data: bytes, packed: bool) -> None:
    path = tmp_path / ("users.json.gz" if packed else "users.json")
    assert entries(path, gzip.compress(data) if packed else data) == [{**entry} for entry in _two(data)]


def _two(data: bytes) -> list[dict[str, object]]:
    first: dict[str, object] = {"_id": 1, "x": {"y": []}} if b'"x"' in data else {"_id": 1}
    return [first, {"_id": 2}]


@pytest.mark.parametrize("data", [b"", b"\n", b"[]", b" [ ] ", b"\xef\xbb\xbf"])
def test_an_empty_collection(tmp_path: Path, data: bytes) -> None:
    assert entries(tmp_path / "users.json", data) == []


def test_an_empty_document_is_a_document(tmp_path: Path) -> None:
    assert entries(tmp_path / "users.json", b"{}\n{}") == [{}, {}]
    assert entries(tmp_path / "users.json", b"[{},{}]") == [{}, {}]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"_id":9', "broken JSON"),
        (b"nonsense", "broken JSON"),
        (b"[1]", "this is no document"),
        (b'"text"', "this is no document"),
        (b'{"$oid":"507f1f77bcf86cd799439011"}', "this is no document"),
        (b'{"_id":"\xff"}', "invalid UTF-8"),
        (b'{"_id":{"$oid":"zz"}}', "broken extended JSON"),
        (b'{"_id":{"$date":"yesterday"}}', "broken extended JSON"),
        (b'{"_id":' + b"9" * 5000 + b"}", "broken extended JSON"),
        (b'{"_id":' + b"[" * 200_000, "nested too deeply"),
    ],
)
def test_a_broken_line_is_passed_over(tmp_path: Path, broken: bytes, reason: str) -> None:
    found = entries(tmp_path / "users.json", b'{"_id":1}\n' + broken + b'\n{"_id":2}\n')
    assert (ids(found), places(found)) == ([1, 2], ["line 2"])
    assert isinstance(found[1], Damage)
    assert found[1].reason.startswith(reason)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b'{"_id":nine}', "broken JSON"),
        (b'{"_id":"}",}', "broken JSON"),
        (b'{"$oid":"507f1f77bcf86cd799439011"}', "this is no document"),
        (b'{"_id":"\xff"}', "invalid UTF-8"),
        (b'{"_id":{"$oid":"zz"}}', "broken extended JSON"),
    ],
)
def test_a_broken_element_is_passed_over(tmp_path: Path, broken: bytes, reason: str) -> None:
    found = entries(tmp_path / "users.json", b'[{"_id":1},' + broken + b',{"_id":2}]')
    assert (ids(found), places(found)) == ([1, 2], ["element 2"])
    assert isinstance(found[1], Damage)
    assert found[1].reason.startswith(reason)


@pytest.mark.parametrize("rest", [b"", b",", b',{"_id":2', b",7]", b',"a"]', b',{"_id":"2}]'])
def test_an_array_that_breaks_off(tmp_path: Path, rest: bytes) -> None:
    found = entries(tmp_path / "users.json", b'[{"_id":1}' + rest)
    assert ids(found) == [1]
    assert len(places(found)) == 1


def test_an_array_cut_anywhere(tmp_path: Path) -> None:
    data = '[{"_id":1,"t":"é}{"},{"_id":2,"t":"\\"]"}]'.encode()
    for cut in range(1, len(data)):
        found = entries(tmp_path / "users.json", data[:cut])
        assert ids(found) == [1, 2][: len(ids(found))]
        assert len(places(found)) == 1


def test_an_array_longer_than_the_window(tmp_path: Path) -> None:
    documents = [{"_id": number, "t": '}é\\"{' * (number % 700)} for number in range(3000)]
    documents.insert(7, {"_id": -1, "t": "x" * 3_000_000})
    text = json.dumps(documents, ensure_ascii=False)
    assert len(text) > 5_000_000
    assert entries(tmp_path / "users.json", text.encode()) == documents


def test_a_gzip_that_breaks_off(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"_id":1}\n' * 10_000)
    found = entries(tmp_path / "users.json.gz", packed[:-9])
    assert ids(found) == [1] * len(ids(found))
    assert found[-1] == Damage(str(tmp_path / "users.json.gz"), "at its end", "the gzip stream ends early")


def test_utf_16_is_named(tmp_path: Path) -> None:
    (damage,) = entries(tmp_path / "users.json", '{"_id":1}'.encode("utf-16"))
    assert isinstance(damage, Damage)
    assert "UTF-16" in damage.reason


def test_a_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strongback.importing.json_file.MAX_DOCUMENT_BYTES", 100)
    data = b'{"_id":1}\n{"_id":"' + b"x" * 600_000 + b'"}\n{"_id":2}\n'
    found = entries(tmp_path / "users.json", data)
    assert (ids(found), places(found)) == ([1, 2], ["line 2"])
