"""Creating accounts (spec/08)."""

import asyncio
from typing import Any

import pytest

from strongback.accounts import users
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.steps import Put, Remove
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio

ANN = {"username": "ann", "name": "Ann", "email": "ann@example.com", "password": "pw-ann"}


async def create(world: World, given: dict[str, Any], by: str = "admin") -> Document:
    return await users.create(world.store, world.clock, await world.caller(by), given)


async def setting(world: World, id: str, value: Any) -> None:
    await world.store.commit(Changes([], [Put("settings", Document(id, {"_id": id, "value": value}))]))


async def test_a_new_account_has_what_the_protocol_promises(world: World) -> None:
    made = await create(world, ANN | {"bio": "hi", "statusText": "ignored", "sendWelcomeEmail": False})
    body = await world.body("users", made.id)
    assert len(made.id) == 17
    hashed = body.pop("services")["password"]["bcrypt"]
    assert hashed.startswith("$2b$10$")
    assert body == {
        "_id": made.id,
        "username": "ann",
        "name": "Ann",
        "type": "user",
        "status": "offline",
        "active": True,
        "roles": ["user"],
        "settings": {},
        "emails": [{"address": "ann@example.com", "verified": False}],
        "bio": "hi",
        "createdAt": "2023-11-14T22:13:20.000Z",
        "_updatedAt": "2023-11-14T22:13:20.000Z",
    }
    stored = await world.store.get("users", made.id)
    assert stored is not None
    assert "bcrypt" not in stored.text


async def test_a_new_account_joins_general_and_a_message_says_so(world: World) -> None:
    made = await create(world, ANN)
    (joined,) = await world.bodies("subscriptions", "user_id", made.id)
    assert (joined["rid"], joined["t"], joined["name"]) == ("GENERAL", "c", "general")
    assert joined["u"] == {"_id": made.id, "username": "ann", "name": "Ann"}
    assert joined["open"] is True
    assert "roles" not in joined
    (message,) = await world.bodies("messages", "rid", "GENERAL")
    assert (message["t"], message["msg"], message["u"]["_id"]) == ("uj", "ann", made.id)


async def test_joining_can_be_declined(world: World) -> None:
    made = await create(world, ANN | {"joinDefaultChannels": False})
    assert await world.bodies("subscriptions", "user_id", made.id) == []
    assert await world.bodies("messages", "rid", "GENERAL") == []


async def test_no_default_room_no_subscription(world: World) -> None:
    await world.store.commit(Changes([], [Remove("rooms", "GENERAL")]))
    made = await create(world, ANN)
    assert await world.bodies("subscriptions", "user_id", made.id) == []


async def test_roles_and_verification_are_as_sent_and_an_empty_list_is_the_default(world: World) -> None:
    bot = await create(world, ANN | {"roles": ["bot", "app"], "verified": True})
    assert bot.body["roles"] == ["bot", "app"]
    assert bot.body["emails"] == [{"address": "ann@example.com", "verified": True}]
    await setting(world, "Accounts_Registration_Users_Default_Roles", "user, guest")
    bob = await create(world, ANN | {"username": "bob", "email": "bob@example.com", "roles": []})
    assert bob.body["roles"] == ["user", "guest"]


async def test_accounts_wait_for_approval_where_the_setting_says_so(world: World) -> None:
    await setting(world, "Accounts_ManuallyApproveNewUsers", value=True)
    assert (await create(world, ANN)).body["active"] is False


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"name": "<b>"}, None, "Name contains invalid characters"),
        ({"name": "x" * 256}, "error-name-size-exceeded", "Name size exceeds 255 characters"),
        ({"roles": ["nobody"]}, "error-action-not-allowed", "The field Roles consist invalid role id"),
        ({"name": ""}, "error-the-field-is-required", "The field Name is required"),
        ({"name": " "}, "error-the-field-is-required", "The field Name is required"),
        ({"username": ""}, "error-the-field-is-required", "The field Username is required"),
        ({"password": ""}, "error-the-field-is-required", "The field Password is required"),
        ({"username": "a b"}, "error-input-is-not-a-valid-field", "a b is not a valid username"),
        ({"username": "ann\n"}, None, None),
        ({"username": "äöü"}, "error-input-is-not-a-valid-field", "äöü is not a valid username"),
        ({"username": "x" * 300}, "error-input-is-not-a-valid-field", f"{'x' * 300} is not a valid username"),
        ({"username": "Admin"}, "error-blocked-username", "Admin is blocked and can't be used!"),
        ({"username": "all"}, "error-blocked-username", "all is blocked and can't be used!"),
        ({"username": "HERE"}, "error-blocked-username", "HERE is blocked and can't be used!"),
        ({"username": "ROCKET.cat"}, "error-field-unavailable", "ROCKET.cat is already in use :("),
        ({"email": "Admin@Example.com"}, "error-field-unavailable", "Admin@Example.com is already in use :("),
        ({"email": "nowhere"}, "error-invalid-email", "Invalid email nowhere"),
        ({"email": "a b@example.com"}, "error-invalid-email", "Invalid email a b@example.com"),
    ],
)
async def test_what_is_refused(
    world: World, change: dict[str, Any], error: str | None, text: str | None
) -> None:
    if text is None:  # spaces around a username go
        assert (await create(world, ANN | change)).body["username"] == "ann"
        return
    with pytest.raises(Failure) as refused:
        await create(world, ANN | change)
    assert (refused.value.error, refused.value.text) == (error, text)


async def test_creating_needs_the_permission_and_the_name_is_looked_at_before(world: World) -> None:
    await world.user("bob")
    with pytest.raises(Failure) as refused:
        await create(world, ANN | {"roles": ["nobody"]}, by="bob")
    assert (refused.value.error, refused.value.text) == (
        "error-action-not-allowed",
        "Adding user is not allowed",
    )
    with pytest.raises(Failure, match="Name contains invalid characters"):
        await create(world, ANN | {"name": "<"}, by="bob")


async def test_an_administrator_is_made_only_by_who_may_assign_that(world: World) -> None:
    creating = Document("create-user", {"_id": "create-user", "roles": ["admin", "user"]})
    await world.store.commit(Changes([], [Put("permissions", creating)]))
    await world.user("bob")
    with pytest.raises(Failure) as refused:
        await create(world, ANN | {"roles": ["admin"]}, by="bob")
    assert (refused.value.error, refused.value.text) == (
        "error-action-not-allowed",
        "Assigning admin is not allowed",
    )


async def test_of_two_at_once_with_one_name_one_wins(world: World) -> None:
    caller = await world.caller()

    async def attempt(username: str, email: str) -> str | None:
        try:
            await users.create(world.store, world.clock, caller, ANN | {"username": username, "email": email})
        except Failure as failure:
            return failure.error
        return None

    names = await asyncio.gather(attempt("ann", "a@example.com"), attempt("ANN", "b@example.com"))
    assert sorted(map(str, names)) == ["None", "error-field-unavailable"]
    mails = await asyncio.gather(attempt("bea", "Same@example.com"), attempt("cid", "same@example.com"))
    assert sorted(map(str, mails)) == ["None", "error-field-unavailable"]


async def test_a_name_that_two_imported_accounts_have_in_other_case_is_taken(world: World) -> None:
    for id, username in (("1", "Dora"), ("2", "dORA")):
        body = {"_id": id, "username": username, "active": True, "roles": []}
        await world.store.commit(Changes([], [Put("users", Document(id, body))]))
    with pytest.raises(Failure) as refused:
        await create(world, ANN | {"username": "dora"})
    assert (refused.value.error, refused.value.text) == (
        "error-field-unavailable",
        "dora is already in use :(",
    )


@pytest.mark.parametrize("pattern", ["(a+)+$", "[", "(*LIMIT_MATCH=4000000000)(a+)+$"])
async def test_a_costly_or_broken_pattern_lets_nobody_in_and_returns(world: World, pattern: str) -> None:
    await setting(world, "UTF8_User_Names_Validation", pattern)
    with pytest.raises(Failure) as refused:
        await create(world, ANN | {"username": "a" * 250 + "!"})
    assert refused.value.error == "error-input-is-not-a-valid-field"


async def test_who_sees_what_of_an_account(world: World) -> None:
    ann = await create(world, ANN)
    await world.user("bob")
    admin, bob = await world.caller("admin"), await world.caller("bob")
    assert "services" not in users.shown(ann, admin)
    assert {"emails", "roles", "createdAt", "_updatedAt", "settings"} <= users.shown(ann, admin).keys()
    assert users.shown(ann, bob).keys() == {"_id", "username", "name", "type", "status", "active"}
