"""Integrations of a dump: what their channels are bound to, old shapes, and their history."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from strongback.storage.selections import IntegrationScope
from strongback.storage.steps import Link
from tests.importing.imports import Database, changed, integration, refused, room, user, write_dump

pytestmark = pytest.mark.anyio

USERS = [user("u1", "ann"), user("u2", "bob")]
ROOMS = [room("r1", "one"), room("r2", "two", t="c"), room("two", "three"), room("dm", None, t="d")]


def dump(folder: Path, *integrations: Any, **more: Any) -> Path:
    return write_dump(folder, **({"users": USERS, "rooms": ROOMS, "integrations": integrations} | more))


@pytest.mark.parametrize(
    ("channel", "links"),
    [
        (["#one"], [("#one", "room", "r1")]),
        (["#r1"], [("#one", "room", "r1")]),
        (["#two"], [("#three", "room", "two")]),  # an id goes before a name
        (["#dm"], [("#dm", "room", "dm")]),
        (["@ann", "@u2"], [("@ann", "user", "u1"), ("@bob", "user", "u2")]),
        (
            ["all_private_groups", "#one"],
            [("all_private_groups", "scope", "all_private_groups"), ("#one", "room", "r1")],
        ),
        (["#gone", "@gone", "#"], [("#gone", "room", None), ("@gone", "user", None), ("#", "room", None)]),
        (["@ANN", "#ONE"], [("@ANN", "user", None), ("#ONE", "room", None)]),
        (
            ["one", "ALL_PUBLIC_CHANNELS", ""],
            [("one", "room", None), ("ALL_PUBLIC_CHANNELS", "room", None), ("", "room", None)],
        ),
        ("#one", [("#one", "room", "r1")]),
        (" #one , @bob ,,", [("#one", "room", "r1"), ("@bob", "user", "u2")]),
        ("", []),
        (None, []),
        ({"a": 1}, []),
        ([], []),
        (["#one", 7, None], [("#one", "room", "r1")]),
    ],
)
async def test_channels(
    database: Database, tmp_path: Path, channel: Any, links: list[tuple[str, str, str | None]]
) -> None:
    done = await database.take(dump(tmp_path / "d", integration("i1", channel)))
    assert refused(done) == {}
    assert await database.store.links("i1") == [Link(*link) for link in links]
    texts = [text for text, _, _ in links]
    assert (await database.body("integrations", "i1"))["channel"] == texts
    reported = [reason for id, reason in changed(done) if id == "i1"]
    assert bool(reported) == (channel != texts or any(target is None for _, _, target in links))


async def test_a_dangling_name_is_kept_reported_and_never_bound_by_a_later_room(
    database: Database, tmp_path: Path
) -> None:
    done = await database.take(dump(tmp_path / "d", integration("i1", ["#later"])))
    assert changed(done) == [("i1", "channel #later names nothing that exists: kept, but bound to nothing")]
    assert (done.counts["integrations"].taken, done.counts["integrations"].refused) == (1, 0)
    await database.take(write_dump(tmp_path / "d", rooms=[room("r9", "later")]))
    assert await database.store.links("i1") == [Link("#later", "room", None)]


async def test_a_rename_in_the_dump_reaches_integrations_that_it_does_not_hold(
    database: Database, tmp_path: Path
) -> None:
    await database.take(
        dump(tmp_path / "d", integration("i1", ["#one", "@ann", "#two"]), integration("i2", ["#r2"]))
    )
    await database.take(write_dump(tmp_path / "d", rooms=[room("r1", "uno")], users=[user("u1", "anna")]))
    assert (await database.body("integrations", "i1"))["channel"] == ["#uno", "@anna", "#three"]
    assert await database.store.links("i1") == [
        Link("#uno", "room", "r1"),
        Link("@anna", "user", "u1"),
        Link("#three", "room", "two"),
    ]
    everything = await database.store.select(IntegrationScope((("room", "r1"),), ((None, None),)))
    assert [row.id for row in everything] == ["i1"]


@pytest.mark.parametrize("type", [None, "webhook", 1, ""])
async def test_other_types_are_refused(database: Database, tmp_path: Path, type: Any) -> None:
    done = await database.take(dump(tmp_path / "d", integration("i1", ["#one"], type=type)))
    assert refused(done) == {"i1": "its type is neither webhook-incoming nor webhook-outgoing"}


async def test_an_old_integration_is_completed(database: Database, tmp_path: Path) -> None:
    old = {
        "_id": "i1",
        "type": "webhook-outgoing",
        "username": "bob",
        "channel": "#one",
        "urls": "http://a/",
        "odd": 1,
    }
    done = await database.take(dump(tmp_path / "d", old))
    body = await database.body("integrations", "i1")
    assert body == old | {
        "enabled": False,
        "scriptEnabled": False,
        "name": "",
        "userId": "u2",
        "_imported": True,
        "urls": ["http://a/"],
        "channel": ["#one"],
    }
    assert len(changed(done)) == 6
    found = await database.store.integration_by_url("http://a/")
    assert found is not None


@pytest.mark.parametrize(
    ("words", "kept"),
    [(["!gif"], ["!gif"]), ("!gif", ["!gif"]), (["!gif", 7], ["!gif"]), (7, []), (None, None)],
)
async def test_trigger_words_are_a_list(
    database: Database, tmp_path: Path, words: Any, kept: list[str] | None
) -> None:
    done = await database.take(dump(tmp_path / "d", integration("i1", ["#one"], triggerWords=words)))
    assert (await database.body("integrations", "i1"))["triggerWords"] == kept
    assert bool(changed(done)) == (words != kept)


async def test_the_account_that_posts(database: Database, tmp_path: Path) -> None:
    done = await database.take(
        dump(
            tmp_path / "d",
            integration("i1", ["#one"], username=None),
            integration("i2", ["#one"], username="gone", userId="gone"),
            integration("i3", ["#one"], username=None, userId=None),
        )
    )
    assert (await database.body("integrations", "i1"))["username"] == "ann"
    assert changed(done)[1:] == [
        ("i2", "the account that posts does not exist"),
        ("i3", "the account that posts does not exist"),
    ]


async def test_unknown_members_and_dates_survive(database: Database, tmp_path: Path) -> None:
    when = datetime(2024, 1, 2, tzinfo=UTC)
    await database.take(
        dump(tmp_path / "d", integration("i1", ["#one"], _createdAt=when, odd={"a": [when, None, 1.5]}))
    )
    document = await database.document("integrations", "i1")
    assert document.body["odd"] == {"a": ["2024-01-02T00:00:00.000Z", None, 1.5]}
    assert set(document.dates) == {("_createdAt",), ("odd", "a", 0)}


async def test_history(database: Database, tmp_path: Path) -> None:
    done = await database.take(
        dump(
            tmp_path / "d",
            integration("i1", ["#one"]),
            history=[
                {"_id": "h1", "integration": {"_id": "i1", "name": "as it was"}, "step": "x"},
                {"_id": "h2", "integration": "i1"},
                {"_id": "h3"},
                {"_id": "h4", "integration": {"name": "no id"}},
            ],
        )
    )
    assert set(refused(done)) == {"h3", "h4"}
    assert (await database.body("history", "h1"))["integration"] == {"_id": "i1", "name": "as it was"}
    assert (await database.body("history", "h2"))["integration"] == {"_id": "i1"}
