"""Changing an account (spec/08)."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from strongback.accounts import login, update_user
from strongback.accounts.tokens import generate
from strongback.accounts.users import OnUser
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Put
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio

NOT_ALLOWED = "error-action-not-allowed"


async def update(
    world: World, user: Document, /, by: str = "admin", on_rename: Sequence[OnUser] = (), **given: Any
) -> dict[str, Any]:
    """The stored account after a change; it is what was answered."""
    caller = await world.caller(by)
    made = await update_user.update(world.store, world.clock, caller, user.id, given, on_rename=on_rename)
    stored = await world.store.get("users", user.id)
    assert stored is not None
    assert stored.decode().body == made.body
    return made.body


async def refusal(world: World, user: Document, /, by: str = "admin", **given: Any) -> tuple[str | None, str]:
    stored = await world.store.get("users", user.id)
    with pytest.raises(Failure) as refused:
        await update(world, user, by, **given)
    after = await world.store.get("users", user.id)
    assert after is not None
    assert stored is not None
    before, now = stored.decode().body, after.decode().body
    for one in (before, now):
        for name in ("lastLogin", "_updatedAt"):
            one.pop(name, None)
    assert before == now
    return refused.value.error, refused.value.text


async def test_every_member_that_is_given_changes_and_no_other(world: World) -> None:
    ann = await world.user("ann", bio="old", nickname="Annie")
    world.now += 1_000
    body = await update(
        world,
        ann,
        name=" Ann Bee ",
        username="bee",
        email="Bee@example.com",
        bio="new",
        nickname="",
        statusText=f"  {'x' * 200}",
        roles=["bot", "user", "bot"],
        requirePasswordChange=True,
        verified=True,
        customFields={"team": "red"},
        joinDefaultChannels=True,
        sendWelcomeEmail=True,
    )
    del body["services"]
    assert body == {
        "_id": ann.id,
        "username": "bee",
        "name": "Ann Bee",
        "emails": [{"address": "Bee@example.com", "verified": True}],
        "type": "user",
        "status": "offline",
        "active": True,
        "roles": ["bot", "user"],
        "settings": {},
        "bio": "new",
        "statusText": "x" * 120,
        "requirePasswordChange": True,
        "customFields": {"team": "red"},
        "createdAt": "2023-11-14T22:13:20.000Z",
        "_updatedAt": "2023-11-14T22:13:21.000Z",
    }


async def test_nothing_given_changes_nothing(world: World) -> None:
    ann = await world.user("ann", bio="old")
    before = await world.body("users", ann.id)
    assert await update(world, ann, bio=None, roles=None, email=None, active=None) == before


async def test_another_address_is_not_verified_and_the_same_one_stays_so(world: World) -> None:
    ann = await world.user("ann", verified=True)
    assert (await update(world, ann, email="ANN@example.com"))["emails"][0]["verified"] is True
    assert (await update(world, ann, email="other@example.com"))["emails"] == [
        {"address": "other@example.com", "verified": False}
    ]
    assert (await update(world, ann, verified=True))["emails"][0]["verified"] is True
    assert (await world.store.user_by_email("ann@example.com")) is None


async def test_a_username_in_other_letters_is_ones_own(world: World) -> None:
    ann = await world.user("ann")
    assert (await update(world, ann, username="Ann"))["username"] == "Ann"


async def test_a_password_ends_every_token(world: World) -> None:
    ann = await world.user("ann")
    caller = await world.caller("ann")
    await generate(world.store, world.clock, caller, "bot", bypass_two_factor=False)
    await update(world, ann, password=" new-pw ")
    assert await world.store.tokens(ann.id) == []
    await login.log_in(world.store, world.clock, {"user": "ann", "password": "new-pw"})
    with pytest.raises(login.LoginFailure):
        await login.log_in(world.store, world.clock, {"user": "ann", "password": "pw-ann"})


async def test_a_password_may_stay_without_being_changed_again(world: World) -> None:
    ann = await world.user("ann", requirePasswordChange=True)
    user = Document(ann.id, await world.body("users", ann.id) | {"requirePasswordChangeReason": "leaked"})
    await world.put("users", user)
    body = await update(world, ann, requirePasswordChange=False)
    assert (body["requirePasswordChange"], "requirePasswordChangeReason" in body) == (False, False)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"name": "<b>"}, None, "Name contains invalid characters"),
        ({"name": "x" * 256}, "error-name-size-exceeded", "Name size exceeds 255 characters"),
        ({"name": " "}, "error-the-field-is-required", "The field Name is required"),
        ({"username": " "}, "error-the-field-is-required", "The field Username is required"),
        ({"username": "a b"}, "error-input-is-not-a-valid-field", "a b is not a valid username"),
        ({"username": "all"}, "error-blocked-username", "all is blocked and can't be used!"),
        ({"username": "ADMIN"}, "error-blocked-username", "ADMIN is blocked and can't be used!"),
        ({"username": "Rocket.Cat"}, "error-field-unavailable", "Rocket.Cat is already in use :("),
        ({"email": "Admin@example.com"}, "error-field-unavailable", "Admin@example.com is already in use :("),
        ({"email": "nowhere"}, "error-invalid-email", "Invalid email nowhere"),
        ({"bio": "x" * 261}, "error-bio-size-exceeded", "Bio size exceeds 260 characters"),
        ({"nickname": "x" * 121}, "error-nickname-size-exceeded", "Nickname size exceeds 120 characters"),
        ({"roles": ["nobody"]}, NOT_ALLOWED, "The field Roles consist invalid role id"),
    ],
)
async def test_what_is_refused(world: World, given: dict[str, Any], error: str | None, text: str) -> None:
    ann = await world.user("ann")
    assert await refusal(world, ann, statusText="unseen", **given) == (error, text)


async def test_changing_another_needs_the_permission(world: World) -> None:
    ann = await world.user("ann")
    await world.user("bob")
    assert await refusal(world, ann, "bob", bio="x") == (NOT_ALLOWED, "Editing user is not allowed")
    with pytest.raises(Failure) as refused:
        await update(world, Document("nobody", {}), bio="x")
    assert (refused.value.error, refused.value.text) == (None, "User not found")


async def test_ones_own_account_within_the_settings(world: World) -> None:
    ann = await world.user("ann")
    assert (await update(world, ann, "ann", name="Ann B", statusText="hi", username="anna"))[
        "name"
    ] == "Ann B"
    assert await refusal(world, ann, "anna", verified=True) == (
        NOT_ALLOWED,
        "Editing email verification is not allowed",
    )
    assert await refusal(world, ann, "anna", password="pw") == (
        NOT_ALLOWED,
        "Edit user password is not allowed",
    )
    assert await refusal(world, ann, "anna", roles=["bot"]) == (NOT_ALLOWED, "Assign roles is not allowed")
    assert await refusal(world, ann, "anna", active=False) == ("error-not-allowed", "Not allowed")
    assert (await update(world, ann, "anna", roles=["user"]))["roles"] == ["user"]


@pytest.mark.parametrize(
    ("setting", "given", "text"),
    [
        ("Accounts_AllowUsernameChange", {"username": "other"}, "Edit username is not allowed"),
        ("Accounts_AllowUserStatusMessageChange", {"statusText": "hi"}, "Edit user status is not allowed"),
        ("Accounts_AllowRealNameChange", {"name": "Other"}, "Edit user real name is not allowed"),
        ("Accounts_AllowEmailChange", {"email": "other@example.com"}, "Edit user email is not allowed"),
        ("Accounts_AllowPasswordChange", {"password": "other"}, "Edit user password is not allowed"),
        ("Accounts_AllowUserProfileChange", {"bio": "hi"}, "Edit user profile is not allowed"),
    ],
)
async def test_the_settings_keep_people_from_changing_themselves(
    world: World, setting: str, given: dict[str, Any], text: str
) -> None:
    ann = await world.user("ann")
    await world.setting(setting, value=False)
    assert await refusal(world, ann, "ann", **given) == (NOT_ALLOWED, text)
    admin = Document((await world.caller()).id, {})
    if "bio" not in given:
        assert await refusal(world, admin, **given) == (NOT_ALLOWED, text)
        same: dict[str, Any] = {"username": "ann", "name": "Ann", "email": "ann@example.com"}
        await update(world, ann, "ann", **{name: same[name] for name in given if name in same})
    await update(world, ann, **given)


async def test_an_administrator_is_made_only_by_who_may_assign_that(world: World) -> None:
    ann = await world.user("ann")
    await world.user("bob")
    for permission in ("edit-other-user-info", "assign-roles"):
        await world.grant(permission, "user")
    assert await refusal(world, ann, "bob", roles=["user", "admin"]) == (
        NOT_ALLOWED,
        "Assigning admin is not allowed",
    )
    assert (await update(world, ann, "bob", roles=["user", "bot"]))["roles"] == ["user", "bot"]


async def test_the_last_administrator_stays_one(world: World) -> None:
    admin = Document((await world.caller()).id, {})
    expected = (NOT_ALLOWED, "Leaving the app without an active admin is not allowed")
    assert await refusal(world, admin, roles=["user"]) == expected
    assert await refusal(world, admin, active=False) == expected
    await world.user("gone", roles=["admin"], active=False)
    assert await refusal(world, admin, roles=["user"]) == expected
    ann = await world.user("ann", roles=["admin"])
    assert (await update(world, ann, roles=["user"]))["roles"] == ["user"]


async def test_of_two_administrators_who_demote_each_other_one_stays(world: World) -> None:
    ann = await world.user("ann", roles=["admin"])
    admin = await world.caller()
    by_ann = await world.caller("ann")
    results = await asyncio.gather(
        update_user.update(world.store, world.clock, admin, ann.id, {"roles": ["user"]}),
        update_user.update(world.store, world.clock, by_ann, admin.id, {"active": False}),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Document", "Failure"]


async def test_of_two_who_take_one_name_one_gets_it(world: World) -> None:
    ann, bob, admin = await world.user("ann"), await world.user("bob"), await world.caller()
    results = await asyncio.gather(
        update_user.update(world.store, world.clock, admin, ann.id, {"username": "Cid"}),
        update_user.update(world.store, world.clock, admin, bob.id, {"username": "cid"}),
        return_exceptions=True,
    )
    (failure,) = [result for result in results if isinstance(result, Failure)]
    assert failure.error == "error-field-unavailable"


async def test_changes_of_different_members_at_once_all_count(world: World) -> None:
    ann, admin = await world.user("ann"), await world.caller()
    given: list[dict[str, Any]] = [{"bio": "a"}, {"nickname": "b"}, {"roles": ["bot"]}, {"email": "x@y.zz"}]
    await asyncio.gather(*(update_user.update(world.store, world.clock, admin, ann.id, one) for one in given))
    body = await world.body("users", ann.id)
    assert (body["bio"], body["nickname"], body["roles"]) == ("a", "b", ["bot"])
    assert body["emails"][0]["address"] == "x@y.zz"


async def test_deactivating_is_part_of_the_same_commit(world: World) -> None:
    ann = await world.user("ann")
    await world.caller("ann")
    body = await update(world, ann, active=False, bio="gone")
    assert (body["active"], body["bio"], await world.store.tokens(ann.id)) == (False, "gone", [])


async def test_a_hook_is_told_of_another_username_only(world: World) -> None:
    ann = await world.user("ann")
    told: list[str] = []

    async def hook(store: Store, user: Document, changes: Changes, now: int) -> None:
        told.append(user.body["username"])
        changes.steps.append(Put("history", Document("h", {"_id": "h", "now": now})))

    await update(world, ann, on_rename=[hook], name="Other", username="ann")
    assert told == []
    await update(world, ann, on_rename=[hook], username="anna")
    assert told == ["anna"]
    assert (await world.body("history", "h"))["now"] == world.now
