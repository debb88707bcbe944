"""Who is there, as stored state (spec/08)."""

from typing import Any

import pytest

from strongback.accounts import presence
from strongback.documents.document import Document
from strongback.errors import Failure
from tests.accounts.conftest import NOW, World

pytestmark = pytest.mark.anyio


async def set_status(world: World, user: Document, message: str | None, status: str | None) -> dict[str, Any]:
    await presence.set_status(world.store, world.clock, await world.caller(), user.id, message, status)
    return await world.body("users", user.id)


async def test_a_presence_is_also_what_the_account_returns_to(world: World) -> None:
    ann = await world.user("ann")
    world.now += 1_000
    body = await set_status(world, ann, None, "busy")
    assert (body["status"], body["statusDefault"], "statusText" in body) == ("busy", "busy", False)
    assert body["_updatedAt"] == "2023-11-14T22:13:21.000Z"
    assert "statusConnection" not in body


async def test_the_sentence_beside_it_is_trimmed_and_may_be_taken_back(world: World) -> None:
    ann = await world.user("ann")
    body = await set_status(world, ann, f"  {'x' * 121} ", None)
    assert (body["statusText"], body["status"]) == ("x" * 120, "offline")
    assert (await set_status(world, ann, "", "online"))["statusText"] == ""


async def test_what_is_no_presence_changes_nothing(world: World) -> None:
    ann = await world.user("ann")
    with pytest.raises(Failure) as refused:
        await set_status(world, ann, "unseen", "asleep")
    assert (refused.value.error, refused.value.text) == (
        "error-invalid-status",
        "Valid status types include online, away, offline, and busy.",
    )
    assert "statusText" not in await world.body("users", ann.id)


async def test_the_settings_may_forbid_to_hide(world: World) -> None:
    ann = await world.user("ann")
    await set_status(world, ann, None, "offline")
    await world.setting("Accounts_AllowInvisibleStatusOption", value=False)
    with pytest.raises(Failure) as refused:
        await set_status(world, ann, None, "offline")
    assert (refused.value.error, refused.value.text) == (
        "error-status-not-allowed",
        "Invisible status is disabled",
    )


async def test_lists_of_who_is_there(world: World) -> None:
    people = [await world.user(name, statusText="ignored") for name in ("zoe", "ann", "bob")]
    for person, status in zip(people, ("away", "online", "offline"), strict=True):
        await set_status(world, person, None, status)
    found = await presence.reachable(world.store)
    assert [(one["username"], one["status"]) for one in found] == [("ann", "online"), ("zoe", "away")]
    assert found[0].keys() == {"_id", "name", "username", "status"}
    ids = [people[2].id, people[0].id, "nobody", people[0].id]
    assert [one["username"] for one in await presence.of(world.store, ids)] == ["zoe"]


async def test_whoever_changed_since_a_moment_but_oneself(world: World) -> None:
    ann, bob = await world.user("ann"), await world.user("bob")
    world.now = NOW + 5_000
    await set_status(world, bob, None, "busy")
    admin = await world.caller()
    assert [one["username"] for one in await presence.since(world.store, admin, NOW + 5_000)] == ["bob"]
    assert await presence.since(world.store, admin, NOW + 5_001) == []
    by_bob = await world.caller("bob")
    assert await presence.since(world.store, by_bob, NOW + 5_000) == []
    everybody = {one["_id"] for one in await presence.since(world.store, by_bob, NOW)}
    assert everybody == {ann.id, admin.id, "rocket.cat"}
