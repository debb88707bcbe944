"""Users of a dump: tokens and hashes, old shapes, and usernames that clash."""

import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from strongback.importing import batches
from tests.importing.imports import SAMPLE, Database, changed, refused, user, write_dump

pytestmark = pytest.mark.anyio

WHEN = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


def hashed(token: str) -> str:
    return base64.b64encode(hashlib.sha256(token.encode()).digest()).decode()


def with_tokens(*hashes: str) -> dict[str, Any]:
    entries = [{"when": WHEN, "hashedToken": one} for one in hashes]
    return {"services": {"password": {"bcrypt": "$2b$04$x"}, "resume": {"loginTokens": entries}}}


async def test_tokens_and_hashes_of_the_sample_work(database: Database) -> None:
    await database.take(SAMPLE)
    login = await database.store.authenticate("NBTm56xe8Rh5cF47X", hashed("tok-admin-7"))
    assert login is not None
    assert (login.username, set(login.roles)) == ("admin", {"admin"})
    assert await database.store.authenticate("aDXvkP7wrTZTs7rCC", hashed("tok-nadia-7")) is None  # inactive
    stored = await database.store.get("users", "NBTm56xe8Rh5cF47X")
    assert stored is not None
    assert "services" not in stored.text
    assert "bcrypt" in (stored.hidden or "")
    assert "hashedToken" not in (stored.hidden or "") + stored.text


async def test_tokens_go_to_their_own_place(database: Database, tmp_path: Path) -> None:
    personal = {"type": "personalAccessToken", "hashedToken": "h2", "createdAt": WHEN, "name": "ci"}
    more = with_tokens("h1")
    more["services"]["resume"]["loginTokens"] += [personal, {"token": "raw"}, "junk", {"hashedToken": ""}]
    done = await database.take(write_dump(tmp_path / "d", users=[user("u1", "ann", **more, createdAt=WHEN)]))
    one, two = await database.store.tokens("u1")
    assert (one.hash, one.body["when"], one.dates) == ("h1", "2024-01-02T03:04:05.000Z", (("when",),))
    assert (two.hash, two.name, two.created) == ("h2", "ci", 1_704_164_645_000)
    assert changed(done) == [("u1", "3 login tokens without a hash were left out")]
    document = await database.document("users", "u1")
    assert document.body["services"] == {"password": {"bcrypt": "$2b$04$x"}}
    assert document.dates == (("createdAt",),)


async def test_the_dumps_tokens_replace_all_others(database: Database, tmp_path: Path) -> None:
    await database.take(write_dump(tmp_path / "d", users=[user("u1", "ann", **with_tokens("a", "b"))]))
    await database.take(write_dump(tmp_path / "d", users=[user("u1", "ann", **with_tokens("b", "c"))]))
    assert [token.hash for token in await database.store.tokens("u1")] == ["b", "c"]
    await database.take(write_dump(tmp_path / "d", users=[user("u1", "ann")]))
    assert await database.store.tokens("u1") == []


@pytest.mark.parametrize("username", [None, "", 7, ["ann"], {"a": 1}])
async def test_users_without_a_usable_username(database: Database, tmp_path: Path, username: Any) -> None:
    done = await database.take(
        write_dump(tmp_path / "d", users=[{**user("u1", None), "username": username}, user("u2", "bob")])
    )
    assert "username" in refused(done)["u1"]
    assert done.counts["users"].taken == 1


@pytest.mark.parametrize(
    ("given", "roles"),
    [
        ({"roles": "admin"}, ["admin"]),
        ({"roles": ["user", 7]}, ["user"]),
        ({"roles": None}, []),
        ({"roles": {"__global_roles__": ["admin", "user"]}}, ["admin", "user"]),
        ({"roles": {"r1": ["owner"]}}, []),
    ],
)
async def test_old_shapes_of_roles(database: Database, tmp_path: Path, given: Any, roles: list[str]) -> None:
    done = await database.take(write_dump(tmp_path / "d", users=[user("u1", "ann", **given)]))
    assert (await database.body("users", "u1"))["roles"] == roles
    assert done.counts["users"].changed == 1


async def test_old_users(database: Database, tmp_path: Path) -> None:
    bare = {"_id": "u1", "username": "ann", "odd": {"deep": [1, WHEN]}}
    odd = user("u2", "bob", emails="bob@example.com", services="none")
    done = await database.take(write_dump(tmp_path / "d", users=[bare, odd]))
    assert refused(done) == {}
    shown = {"odd": {"deep": [1, "2024-01-02T03:04:05.000Z"]}, "roles": []}
    assert await database.body("users", "u1") == bare | shown
    assert (await database.document("users", "u1")).dates == (("odd", "deep", 1),)
    assert "emails" not in await database.body("users", "u2")


async def test_a_username_that_another_user_has(database: Database, tmp_path: Path) -> None:
    await database.take(write_dump(tmp_path / "d", users=[user("here", "admin", roles=["admin"])]))
    before = database.everything()
    done = await database.take(
        write_dump(
            tmp_path / "d",
            users=[user("u1", "admin", **with_tokens("h")), user("u2", "bob"), user("u3", "bob")],
        )
    )
    assert refused(done) == {
        "u1": "the username admin belongs to the user here",
        "u3": "the username bob belongs to the user u2",
    }
    assert set(before["users"]) < set(database.everything()["users"])
    assert await database.store.tokens("u1") == []


async def test_case_alone_makes_another_username(database: Database, tmp_path: Path) -> None:
    assert (
        refused(await database.take(write_dump(tmp_path / "d", users=[user("u1", "Ann"), user("u2", "ann")])))
        == {}
    )


@pytest.mark.parametrize("order", [1, 39, 7])
async def test_names_that_moved_from_one_to_the_next(database: Database, tmp_path: Path, order: int) -> None:
    old = [user(f"u{number}", f"n{number}", **with_tokens(f"h{number}")) for number in range(40)]
    new = [user(f"u{number}", f"n{number + 1}", **with_tokens(f"h{number}")) for number in range(40)]
    await database.take(write_dump(tmp_path / "d", users=old))
    done = await database.take(
        write_dump(tmp_path / "d", users=sorted(new, key=lambda one: int(one["_id"][1:]) * order % 40))
    )
    assert refused(done) == {}
    assert [(await database.body("users", one["_id"]))["username"] for one in new] == [
        one["username"] for one in new
    ]


async def test_names_that_were_swapped(database: Database, tmp_path: Path) -> None:
    def users(*names: str) -> Path:
        return write_dump(
            tmp_path / "d",
            users=[user(f"u{n}", name, **with_tokens(f"h{n}")) for n, name in enumerate(names)],
        )

    await database.take(users("a", "b", "c", "d", "e"))
    done = await database.take(users("b", "a", "d", "e", "c"))
    assert refused(done) == {}
    assert done.counts["users"].taken == 5
    fresh = await Database.open(tmp_path / "fresh")
    try:
        await fresh.take(users("b", "a", "d", "e", "c"))
        assert fresh.everything() == database.everything()
    finally:
        await fresh.store.close()


async def test_only_so_many_wait_for_a_name(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MOST_HELD", 3)
    same = [user(f"u{number}", "ann") for number in range(9)]
    done = await database.take(write_dump(tmp_path / "d", users=same))
    assert len(refused(done)) == 8
    assert done.counts["users"].taken == 1
