"""Letting accounts in, and keeping them out (spec/08)."""

import asyncio

import pytest

from strongback.accounts import active_status, login, tokens
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Put
from tests.accounts.conftest import World
from tests.accounts.test_user_deletion import group

pytestmark = pytest.mark.anyio


async def set_active(
    world: World, user: Document, *, active: bool, agreed: bool = False, by: str = "admin"
) -> None:
    caller = await world.caller(by)
    await active_status.set_active(world.store, world.clock, caller, user.id, active=active, agreed=agreed)


async def test_who_is_deactivated_loses_every_token_and_stays_a_member(world: World) -> None:
    ann = await world.user("ann")
    caller = await world.caller("ann")
    await tokens.generate(world.store, world.clock, caller, "bot", bypass_two_factor=True)
    await set_active(world, ann, active=False)
    assert (await world.body("users", ann.id))["active"] is False
    assert await world.store.tokens(ann.id) == []
    assert len(await world.bodies("subscriptions", "user_id", ann.id)) == 1
    with pytest.raises(login.LoginFailure):
        await login.log_in(world.store, world.clock, {"user": "ann", "password": "pw-ann"})


async def test_who_is_activated_may_log_in_and_needs_no_reason_any_more(world: World) -> None:
    ann = await world.user("ann", active=False)
    await world.put("users", Document(ann.id, await world.body("users", ann.id) | {"reason": "let me in"}))
    world.now += 1_000
    await set_active(world, ann, active=True)
    body = await world.body("users", ann.id)
    assert (body["active"], "reason" in body, body["_updatedAt"]) == (True, False, "2023-11-14T22:13:21.000Z")
    await login.log_in(world.store, world.clock, {"user": "ann", "password": "pw-ann"})


async def test_a_sole_owner_is_deactivated_only_with_consent(world: World) -> None:
    ann, bob = await world.user("ann"), await world.user("bob")
    await group(world, "alone", (ann, "owner"))
    await group(world, "shared", (ann, "owner"), (bob, ""))
    with pytest.raises(Failure) as refused:
        await set_active(world, ann, active=False)
    assert refused.value.error == "user-last-owner"
    assert refused.value.details == {
        "shouldBeRemoved": ["name-of-alone"],
        "shouldChangeOwner": ["name-of-shared"],
    }
    assert (await world.body("users", ann.id))["active"] is True
    await set_active(world, ann, active=False, agreed=True)
    assert await world.store.get("rooms", "alone") is None
    assert set(await world.store.owners("shared")) == {ann.id, bob.id}


async def test_rooms_that_go_are_told_to_the_hooks(world: World) -> None:
    ann = await world.user("ann")
    await group(world, "alone", (ann, "owner"))

    async def hook(store: Store, room: Document, changes: Changes, now: int) -> None:
        changes.steps.append(Put("history", Document("h", {"_id": "h", "room": room.id})))

    caller = await world.caller()
    await active_status.set_active(
        world.store, world.clock, caller, ann.id, active=False, agreed=True, room_hooks=(hook,)
    )
    assert (await world.body("history", "h"))["room"] == "alone"


async def test_the_last_active_administrator_stays_active(world: World) -> None:
    admin = Document((await world.caller()).id, {})
    with pytest.raises(Failure) as refused:
        await set_active(world, admin, active=False)
    assert (refused.value.error, refused.value.text) == (
        "error-action-not-allowed",
        "Leaving the app without an active admin is not allowed",
    )
    ann = await world.user("ann", roles=["admin"])
    await set_active(world, ann, active=False)
    with pytest.raises(Failure, match="without an active admin"):
        await set_active(world, admin, active=False)


async def test_of_two_administrators_who_deactivate_each_other_one_stays(world: World) -> None:
    ann = await world.user("ann", roles=["admin"])
    admin, by_ann = await world.caller(), await world.caller("ann")
    results = await asyncio.gather(
        *(
            active_status.set_active(world.store, world.clock, caller, id, active=False, agreed=False)
            for caller, id in ((admin, ann.id), (by_ann, admin.id))
        ),
        return_exceptions=True,
    )
    assert [type(result) for result in results if result is not None] == [Failure]


async def test_nobody_slips_in_while_being_deactivated(world: World) -> None:
    ann = await world.user("ann")
    for _ in range(5):
        caller = await world.caller("ann")
        await asyncio.gather(
            set_active(world, ann, active=False),
            login.log_in(world.store, world.clock, {"user": "ann", "password": "pw-ann"}),
            tokens.generate(world.store, world.clock, caller, "bot", bypass_two_factor=True),
            tokens.issue_login_token(world.store, world.clock, ann.id),
            return_exceptions=True,
        )
        assert await world.store.tokens(ann.id) == []
        await set_active(world, ann, active=True)


@pytest.mark.parametrize("permission", ["edit-other-user-active-status", "manage-moderation-actions"])
async def test_one_of_two_permissions_will_do(world: World, permission: str) -> None:
    ann = await world.user("ann")
    await world.user("bob", roles=["bot"])
    with pytest.raises(Failure) as refused:
        await set_active(world, ann, active=False, by="bob")
    assert (refused.value.status, refused.value.text) == (403, "unauthorized")
    await world.grant(permission, "bot")
    await set_active(world, ann, active=False, by="bob")
    assert (await world.body("users", ann.id))["active"] is False


async def test_nobody_is_not_found(world: World) -> None:
    with pytest.raises(Failure) as refused:
        await set_active(world, Document("nobody", {}), active=True)
    assert (refused.value.error, refused.value.text) == (None, "User not found")
