"""Whole imports: the sample in every format, twice, damaged, in batches, and the report."""

import gzip
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import json_util

from strongback.errors import Unavailable
from strongback.importing import batches, report
from strongback.storage.changes import Changes
from tests.importing.imports import (
    SAMPLE,
    Database,
    changed,
    integration,
    refused,
    room,
    subscription,
    user,
    write_dump,
)

pytestmark = pytest.mark.anyio

COUNTS = {
    "users": 16,
    "rooms": 10,
    "subscriptions": 75,
    "messages": 400,
    "settings": 4,
    "permissions": 8,
    "roles": 11,
    "integrations": 70,
    "history": 0,
}
END = b"\xff\xff\xff\xff"


async def test_the_sample_is_taken_whole(database: Database) -> None:
    done = await database.take(SAMPLE)
    assert refused(done) == {}
    assert (done.total.taken, done.total.refused, done.unreadable, done.skipped) == (594, 0, [], [])
    assert await database.store.counts() == COUNTS
    assert await database.store.check() == []
    assert all("is shown as #" in reason for _, reason in changed(done))
    assert done.counts["integrations"].changed == 11


async def test_twice_gives_the_same_database(database: Database) -> None:
    await database.take(SAMPLE)
    before = database.everything()
    again = await database.take(SAMPLE)
    assert database.everything() == before
    assert again.total.taken == 594


def as_gzip(path: Path) -> Path:
    shutil.copytree(SAMPLE / "rocketchat", path)
    for file in path.glob("*.bson"):
        file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    return path


def as_json(path: Path, *, lines: bool) -> Path:
    path.mkdir()
    for file in (SAMPLE / "rocketchat").glob("*.bson"):
        documents = bson.decode_all(file.read_bytes())
        texts = [json_util.dumps(one, json_options=json_util.RELAXED_JSON_OPTIONS) for one in documents]
        text = "\n".join(texts) if lines else f"[{','.join(texts)}]"
        (path / f"{file.stem}.json").write_text(text, encoding="utf-8")
    return path


def as_archive(path: Path, *, packed: bool) -> Path:
    header = {"concurrent_collections": 1, "version": "0.1", "server_version": "6", "tool_version": "100"}
    data = struct.pack("<I", 0x8199E26D) + bson.encode(header)
    files = sorted((SAMPLE / "rocketchat").glob("*.bson"))
    for file in files:
        data += bson.encode(
            {"db": "rocketchat", "collection": file.stem, "metadata": "{}", "size": 0, "type": ""}
        )
    data += END
    for file in files:
        about = {"db": "rocketchat", "collection": file.stem}
        data += bson.encode({**about, "EOF": False, "CRC": bson.Int64(0)}) + file.read_bytes() + END
        data += bson.encode({**about, "EOF": True, "CRC": bson.Int64(0)}) + END
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


@pytest.mark.parametrize("form", ["gzip", "json", "lines", "archive", "packed archive"])
async def test_every_format_gives_the_same_database(database: Database, tmp_path: Path, form: str) -> None:
    path = tmp_path / "dump"
    options: dict[str, Any] = {}
    match form:
        case "gzip":
            path = as_gzip(path)
        case "json" | "lines":
            path = as_json(path, lines=form == "lines")
        case _:
            path = as_archive(path, packed=form == "packed archive")
            options = {"archive": True, "gzip": form == "packed archive"}
    done = await database.take(path, **options)
    assert refused(done) == {}
    other = await Database.open(tmp_path / "other")
    try:
        await other.take(SAMPLE)
        assert database.everything() == other.everything()
    finally:
        await other.store.close()


async def test_what_a_dump_does_not_name_stays(database: Database, tmp_path: Path) -> None:
    await database.take(SAMPLE)
    before = database.everything()
    small = write_dump(
        tmp_path / "small", rooms=[room("r9", "later")], settings=[{"_id": "Site_Url", "value": "x"}]
    )
    await database.take(small)
    after = database.everything()
    assert {name for name in before if before[name] != after[name]} == {"rooms", "settings"}
    assert set(before["rooms"]) < set(after["rooms"])
    assert (await database.body("settings", "Site_Url")) == {"_id": "Site_Url", "value": "x"}


async def test_damage_is_reported_and_the_rest_is_taken(database: Database, tmp_path: Path) -> None:
    folder = write_dump(
        tmp_path / "d", rooms=[room("r1", "one"), room("r2", "two")], users=[user("u1", "ann")]
    )
    file = folder / "rocketchat_room.bson"
    file.write_bytes(file.read_bytes() + b"\x40\x00\x00\x00\x02cut")
    done = await database.take(folder)
    assert (done.counts["rooms"].taken, done.counts["rooms"].refused) == (2, 1)
    (entry,) = done.entries
    assert (entry.id, entry.source) == (None, str(file))
    assert "byte " in entry.reason
    assert done.unreadable == []


async def test_a_file_of_which_nothing_can_be_read_is_named(database: Database, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "d", rooms=[room("r1", "one")])
    (folder / "users.bson").write_bytes(b"\xff\xff\xff\x7fnothing that anybody dumped")
    done = await database.take(folder)
    assert done.counts["rooms"].taken == 1
    assert len(done.unreadable) == 1
    assert "users.bson" in done.unreadable[0]


@pytest.mark.parametrize(
    ("id", "said"),
    [
        (7, "a number"),
        (None, "missing"),
        ("", "empty"),
        ({"a": 1}, "an object"),
        (True, "a boolean"),
        (bson.Code("r1"), "of the type Code"),
    ],
)
async def test_ids_that_can_not_be_kept(database: Database, tmp_path: Path, id: Any, said: str) -> None:
    done = await database.take(write_dump(tmp_path / "d", rooms=[{**room("", "one"), "_id": id}]))
    assert done.counts["rooms"].refused == 1
    (reason,) = refused(done).values()
    assert f"_id is {said}" in reason


async def test_object_ids_become_their_digits_everywhere(database: Database, tmp_path: Path) -> None:
    rid, uid, sid = bson.ObjectId(), bson.ObjectId(), bson.ObjectId()
    folder = write_dump(
        tmp_path / "d",
        users=[{**user("", "ann"), "_id": uid}],
        rooms=[{**room("", "one"), "_id": rid}],
        subscriptions=[{"_id": sid, "rid": rid, "u": {"_id": uid}}],
        integrations=[{**integration("", f"#{rid}"), "_id": bson.ObjectId("0" * 24)}],
    )
    assert refused(await database.take(folder)) == {}
    found = await database.store.room_by_id(str(rid), str(uid))
    assert found is not None
    assert found.subscribed
    (link,) = await database.store.links("0" * 24)
    assert (link.text, link.target) == ("#one", str(rid))


async def test_conversion_notes_and_depth_reach_the_report(database: Database, tmp_path: Path) -> None:
    deep: dict[str, Any] = {}
    for _ in range(120):
        deep = {"a": deep}
    folder = write_dump(
        tmp_path / "d", rooms=[room("r1", "one", extra=bson.Decimal128("1.5")), room("r2", "two", deep=deep)]
    )
    done = await database.take(folder)
    assert changed(done)[0][0] == "r1"
    assert "extra: a decimal" in changed(done)[0][1]
    assert "nested deeper" in refused(done)["r2"]
    assert (done.counts["rooms"].taken, done.counts["rooms"].changed) == (1, 1)


async def test_commits_are_bounded_and_follow_the_order(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    commit = database.store.commit

    async def counted(changes: Changes) -> None:
        sizes.append(len(changes.steps))
        await commit(changes)

    monkeypatch.setattr(database.store, "commit", counted)
    monkeypatch.setattr(batches, "DOCUMENTS_PER_COMMIT", 100)
    messages = [{"_id": f"m{number}", "rid": "r1", "msg": "x"} for number in range(1_050)]
    await database.take(write_dump(tmp_path / "d", messages=messages))
    assert sizes == [100] * 10 + [50]
    sizes.clear()
    big = [{"_id": f"b{number}", "rid": "r1", "msg": "x" * 700_000} for number in range(9)]
    await database.take(write_dump(tmp_path / "d", messages=big))
    assert sizes == [3, 3, 3]


async def test_one_bad_document_does_not_cost_its_batch(database: Database, tmp_path: Path) -> None:
    rooms = [room(f"r{number}", "same" if number in {3, 700} else f"n{number}") for number in range(1_500)]
    done = await database.take(write_dump(tmp_path / "d", rooms=rooms))
    assert refused(done) == {"r700": "the name same belongs to the room r3"}
    assert done.counts["rooms"].taken == 1_499


async def test_a_store_that_can_not_be_written_ends_the_import(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_changes: Changes) -> None:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(database.store, "commit", full)
    with pytest.raises(Unavailable, match="full"):
        await database.take(write_dump(tmp_path / "d", rooms=[room("r1", "one")]))


async def test_progress_ends_at_the_total(database: Database) -> None:
    seen: list[tuple[int, int, str]] = []
    await database.take(SAMPLE, progress=lambda *told: seen.append(told))
    total = sum(file.stat().st_size for file in (SAMPLE / "rocketchat").glob("*.bson"))
    assert [read for read, _, _ in seen] == sorted(read for read, _, _ in seen)
    assert seen[-1] == (total, total, "rocketchat_message")
    assert {asked for _, asked, _ in seen} == {total}


async def test_the_report_keeps_a_bounded_number_of_entries(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "MOST_ENTRIES", 5)
    lost = [subscription(f"s{number}", "nowhere", "u1") for number in range(12)]
    done = await database.take(
        write_dump(tmp_path / "d", users=[user("u1", "ann", roles="user")], subscriptions=lost)
    )
    assert len(refused(done)) == 5
    assert done.left_out == {"refused": 7}
    shown = json.loads(json.dumps(done.as_json()))
    assert shown["total"] == {"taken": 1, "changed": 1, "refused": 12}
    assert shown["entriesLeftOut"] == {"refused": 7}
    assert {entry["outcome"] for entry in shown["entries"]} == {"changed", "refused"}


async def test_collections_that_are_not_imported_are_named(database: Database, tmp_path: Path) -> None:
    folder = write_dump(tmp_path / "d", rooms=[room("r1", "one")])
    (folder / "rocketchat_uploads.bson").write_bytes(bson.encode({"_id": "f"}))
    assert (await database.take(folder)).skipped == ["rocketchat_uploads"]
