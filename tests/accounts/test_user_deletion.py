"""Deleting accounts, with all that hangs on them (spec/08)."""

import asyncio
from collections.abc import Sequence

import pytest

from strongback.accounts import user_deletion
from strongback.accounts.tokens import generate
from strongback.accounts.users import OnUser
from strongback.documents.document import Document
from strongback.documents.message import system_message
from strongback.documents.room import new_room
from strongback.documents.subscription import new_subscription
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Put, Remove, Step
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio


async def delete(world: World, user: Document, *, agreed: bool = False, hooks: Sequence[OnUser] = ()) -> None:
    await user_deletion.delete(
        world.store, world.clock, await world.caller(), user, agreed=agreed, hooks=hooks
    )


async def group(world: World, id: str, *members: tuple[Document, str]) -> None:
    """A private group; each member with a role, or with none where it is empty. The first joined first."""
    room = new_room(id, "p", f"name-of-{id}", None, world.now)
    steps: list[Step] = [Put("rooms", room)]
    for number, (user, role) in enumerate(members):
        roles = (role,) if role else ()
        joined = new_subscription(f"{id}-{user.id}", room.body, user.body, world.now + number, roles=roles)
        steps += [
            Put("subscriptions", joined),
            Put("messages", system_message(f"m-{id}-{number}", "uj", id, "x", user.body, world.now)),
        ]
    await world.store.commit(Changes([], steps))


async def conversation(world: World, id: str, *people: Document) -> None:
    """A conversation with a message of each."""
    body = {"_id": id, "t": "d", "uids": [one.id for one in people]}
    body["usernames"] = [one.body["username"] for one in people]
    steps: list[Step] = [Put("rooms", Document(id, body))]
    for one in people:
        joined = new_subscription(f"{id}-{one.id}", body | {"name": "x"}, one.body, world.now)
        message = Document(f"m-{id}-{one.id}", {"_id": f"m-{id}-{one.id}", "rid": id, "u": {"_id": one.id}})
        steps += [Put("subscriptions", joined), Put("messages", message)]
    await world.store.commit(Changes([], steps))


async def test_messages_memberships_and_tokens_go_and_others_stay(world: World) -> None:
    ann, bob = await world.user("ann"), await world.user("bob")
    await group(world, "g", (bob, "owner"), (ann, "moderator"))
    token = await generate(
        world.store, world.clock, await world.caller("ann"), "bot", bypass_two_factor=False
    )
    assert len(token) == 43
    await delete(world, ann)
    assert await world.store.get("users", ann.id) is None
    assert await world.store.tokens(ann.id) == []
    assert await world.bodies("subscriptions", "user_id", ann.id) == []
    assert await world.bodies("messages", "user_id", ann.id) == []
    assert [message["_id"] for message in await world.bodies("messages", "rid", "g")] == ["m-g-0"]
    assert [entry["u"]["_id"] for entry in await world.bodies("subscriptions", "rid", "g")] == [bob.id]


async def test_a_sole_owner_is_kept_and_the_rooms_are_named(world: World) -> None:
    ann, bob = await world.user("ann"), await world.user("bob")
    await group(world, "alone", (ann, "owner"))
    await group(world, "shared", (ann, "owner"), (bob, ""))
    with pytest.raises(Failure) as refused:
        await delete(world, ann)
    assert refused.value.error == "user-last-owner"
    assert refused.value.details == {
        "shouldBeRemoved": ["name-of-alone"],
        "shouldChangeOwner": ["name-of-shared"],
    }
    assert await world.store.get("users", ann.id) is not None


async def test_with_consent_empty_rooms_go_and_the_oldest_member_inherits(world: World) -> None:
    ann, bob, cid = await world.user("ann"), await world.user("bob"), await world.user("cid")
    await group(world, "alone", (ann, "owner"))
    await group(world, "shared", (ann, "owner"), (cid, "moderator"), (bob, ""))
    await delete(world, ann, agreed=True)
    assert await world.store.get("rooms", "alone") is None
    assert await world.bodies("messages", "rid", "alone") == []
    assert await world.bodies("subscriptions", "rid", "alone") == []
    members = await world.bodies("subscriptions", "rid", "shared")
    assert {entry["u"]["_id"]: entry.get("roles", []) for entry in members} == {
        cid.id: ["moderator", "owner"],
        bob.id: [],
    }
    assert await world.store.owners("shared") == [cid.id]


async def test_one_owner_of_two_may_go(world: World) -> None:
    ann, bob = await world.user("ann"), await world.user("bob")
    await group(world, "g", (ann, "owner"), (bob, "owner"))
    await delete(world, ann)
    assert await world.store.owners("g") == [bob.id]


async def test_when_both_owners_go_at_once_one_of_them_is_kept(world: World) -> None:
    ann, bob, cid = await world.user("ann"), await world.user("bob"), await world.user("cid")
    await group(world, "g", (ann, "owner"), (bob, "owner"), (cid, ""))
    results = await asyncio.gather(delete(world, ann), delete(world, bob), return_exceptions=True)
    (failure,) = [result for result in results if result is not None]
    assert isinstance(failure, Failure)
    assert failure.error == "user-last-owner"
    assert len(await world.store.owners("g")) == 1


async def test_rocket_cat_and_the_last_administrator_stay(world: World) -> None:
    for username, text in (
        ("rocket.cat", "Deleting the rocket.cat user is not allowed"),
        ("admin", "Leaving the app without admins is not allowed"),
    ):
        stored = await world.store.user_by_name(username)
        assert stored is not None
        with pytest.raises(Failure) as refused:
            await delete(world, stored.decode())
        assert (refused.value.error, refused.value.text) == ("error-action-not-allowed", text)
        assert await world.store.user_by_name(username) is not None


async def test_an_inactive_administrator_does_not_count(world: World) -> None:
    await world.user("ann", roles=["admin"], active=False)
    admin = await world.store.user_by_name("admin")
    assert admin is not None
    with pytest.raises(Failure, match="Leaving the app without admins is not allowed"):
        await delete(world, admin.decode())
    await world.user("bob", roles=["admin"])
    await delete(world, admin.decode())


async def test_of_two_administrators_who_delete_each_other_one_stays(world: World) -> None:
    ann = await world.user("ann", roles=["admin"])
    admin = await world.caller()
    stored = await world.store.get("users", admin.id)
    assert stored is not None
    by_ann = await world.caller("ann")
    results = await asyncio.gather(
        user_deletion.delete(world.store, world.clock, admin, ann, agreed=False, hooks=()),
        user_deletion.delete(world.store, world.clock, by_ann, stored.decode(), agreed=False, hooks=()),
        return_exceptions=True,
    )
    assert [type(result) for result in results if result is not None] == [Failure]


async def test_deleting_needs_the_permission(world: World) -> None:
    ann = await world.user("ann")
    with pytest.raises(Failure) as refused:
        await user_deletion.delete(
            world.store, world.clock, await world.caller("ann"), ann, agreed=False, hooks=()
        )
    assert refused.value.status == 403


async def test_hooks_write_in_the_same_commit(world: World) -> None:
    ann = await world.user("ann")

    async def forget(store: Store, user: Document, changes: Changes, now: int) -> None:
        assert await store.get("users", user.id) is not None
        changes.steps.append(Put("history", Document("h", {"_id": "h", "user": user.id, "now": now})))

    async def fail(store: Store, user: Document, changes: Changes, now: int) -> None:
        raise Failure("no")

    with pytest.raises(Failure, match="no"):
        await delete(world, ann, hooks=[forget, fail])
    assert await world.store.get("history", "h") is None
    await delete(world, ann, hooks=[forget])
    assert await world.body("history", "h") == {"_id": "h", "user": ann.id, "now": world.now}


async def test_a_user_who_is_gone_is_unknown(world: World) -> None:
    ann = await world.user("ann")
    await world.store.commit(Changes([], [Remove("users", ann.id)]))
    with pytest.raises(Failure) as refused:
        await delete(world, ann)
    assert refused.value.error == "error-invalid-user"


async def test_conversations_of_two_go_and_others_go_on_without_the_account(world: World) -> None:
    ann, bob, cid = await world.user("ann"), await world.user("bob"), await world.user("cid")
    await conversation(world, "two", ann, bob)
    await conversation(world, "three", ann, bob, cid)
    await conversation(world, "others", bob, cid)
    await delete(world, ann)
    assert await world.store.get("rooms", "two") is None
    assert await world.bodies("subscriptions", "rid", "two") == []
    assert await world.bodies("messages", "rid", "two") == []
    three = await world.body("rooms", "three")
    assert (three["uids"], three["usernames"]) == ([bob.id, cid.id], ["bob", "cid"])
    assert (await world.body("rooms", "others"))["uids"] == [bob.id, cid.id]


async def test_an_active_member_inherits_before_an_older_one_who_is_not(world: World) -> None:
    ann, bob, cid = await world.user("ann"), await world.user("bob", active=False), await world.user("cid")
    await group(world, "shared", (ann, "owner"), (bob, "moderator"), (cid, ""))
    await delete(world, ann, agreed=True)
    assert await world.store.owners("shared") == [cid.id]
