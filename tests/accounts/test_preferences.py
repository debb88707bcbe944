"""What accounts prefer (spec/08)."""

import asyncio

import pytest

from strongback.accounts import me, preferences
from strongback.documents.document import Document
from strongback.errors import Failure
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio


async def test_what_is_given_is_set_and_the_rest_stays(world: World) -> None:
    ann = await world.user("ann")
    caller = await world.caller("ann")
    assert preferences.shown(ann) == {}
    world.now += 1_000
    await preferences.save(world.store, world.clock, caller, None, {"useEmojis": False, "language": "de"})
    made = await preferences.save(world.store, world.clock, caller, ann.id, {"highlights": ["ship"]})
    chosen = {"useEmojis": False, "highlights": ["ship"]}
    assert preferences.shown(made) == {**chosen, "language": "de"}
    body = await world.body("users", ann.id)
    assert (body["settings"], body["language"]) == ({"preferences": chosen}, "de")
    assert body["_updatedAt"] == "2023-11-14T22:13:21.000Z"
    described = me.describe(Document(ann.id, body), caller.access)["settings"]["preferences"]
    assert (described["useEmojis"], described["sendOnEnter"]) == (False, "normal")


async def test_anothers_need_the_permission(world: World) -> None:
    ann = await world.user("ann")
    await world.user("bob")
    with pytest.raises(Failure) as refused:
        await preferences.save(world.store, world.clock, await world.caller("bob"), ann.id, {})
    assert (refused.value.error, refused.value.text) == (
        "error-action-not-allowed",
        "Editing user is not allowed",
    )
    admin = await world.caller()
    made = await preferences.save(world.store, world.clock, admin, ann.id, {"hideRoles": True})
    assert (made.id, preferences.shown(made)) == (ann.id, {"hideRoles": True})
    with pytest.raises(Failure) as refused:
        await preferences.save(world.store, world.clock, admin, "nobody", {})
    assert refused.value.error == "error-invalid-user"


async def test_choices_at_once_all_count(world: World) -> None:
    ann = await world.user("ann")
    caller = await world.caller("ann")
    names = ("useEmojis", "hideRoles", "unreadAlert", "autoImageLoad")
    await asyncio.gather(
        *(preferences.save(world.store, world.clock, caller, None, {name: True}) for name in names)
    )
    body = await world.body("users", ann.id)
    assert body["settings"]["preferences"] == dict.fromkeys(names, True)
