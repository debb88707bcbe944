"""What people change of their own account (spec/08)."""

import hashlib
from typing import Any

import pytest

from strongback.accounts import login, own_info
from strongback.accounts.caller import Caller
from strongback.accounts.tokens import generate
from strongback.documents.document import Document
from strongback.errors import Failure
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio

CURRENT = hashlib.sha256(b"pw-ann").hexdigest()


@pytest.fixture
async def ann(world: World) -> Caller:
    """Ann, who is logged in; her password is `pw-ann`."""
    await world.user("ann")
    return await world.caller("ann")


async def update(
    world: World, caller: Caller, /, custom_fields: dict[str, Any] | None = None, **given: Any
) -> Document:
    return await own_info.update_own(world.store, world.clock, caller, given, custom_fields)


async def refusal(world: World, caller: Caller, /, **given: Any) -> tuple[str | None, str]:
    with pytest.raises(Failure) as refused:
        await update(world, caller, **given)
    return refused.value.error, refused.value.text


async def test_everything_at_once(world: World, ann: Caller) -> None:
    world.now += 1_000
    made = await update(
        world,
        ann,
        {"team": "red"},
        name="Ann Bee",
        username="bee",
        nickname="B",
        bio="hi",
        statusText="away for lunch",
        statusType="away",
        email="bee@example.com",
        currentPassword=CURRENT,
    )
    body = await world.body("users", ann.id)
    assert body == made.body
    expected = {
        "name": "Ann Bee",
        "username": "bee",
        "nickname": "B",
        "bio": "hi",
        "statusText": "away for lunch",
        "status": "away",
        "statusDefault": "away",
        "emails": [{"address": "bee@example.com", "verified": False}],
        "customFields": {"team": "red"},
        "_updatedAt": "2023-11-14T22:13:21.000Z",
    }
    assert {name: body[name] for name in expected} == expected


@pytest.mark.parametrize("given", [{"email": "new@example.com"}, {"newPassword": "new"}])
async def test_an_address_or_a_password_needs_the_current_password(
    world: World, ann: Caller, given: dict[str, Any]
) -> None:
    assert await refusal(world, ann, **given) == ("totp-required", "TOTP Required")
    wrong = hashlib.sha256(b"guess").hexdigest()
    assert await refusal(world, ann, currentPassword=wrong, **given) == ("totp-invalid", "TOTP Invalid")
    assert await refusal(world, ann, currentPassword="pw-ann", **given) == ("totp-invalid", "TOTP Invalid")
    await update(world, ann, currentPassword=CURRENT, **given)
    assert (await update(world, ann, bio="free of it")).body["bio"] == "free of it"


async def test_a_new_password_ends_the_other_logins_and_spares_ones_own(world: World, ann: Caller) -> None:
    other = await world.caller("ann")
    await generate(world.store, world.clock, ann, "bot", bypass_two_factor=False)
    user = Document(ann.id, await world.body("users", ann.id) | {"requirePasswordChange": True})
    await world.put("users", user)
    await update(world, ann, newPassword="new-pw", currentPassword=CURRENT)
    left = await world.store.tokens(ann.id)
    assert {token.name for token in left} == {None, "bot"}
    assert [token.hash for token in left if token.name is None] == [ann.token_hash]
    assert other.token_hash != ann.token_hash
    assert "requirePasswordChange" not in await world.body("users", ann.id)
    await login.log_in(world.store, world.clock, {"user": "ann", "password": "new-pw"})


async def test_the_old_password_is_no_new_one(world: World, ann: Caller) -> None:
    assert await refusal(world, ann, newPassword="pw-ann", currentPassword=CURRENT) == (
        "error-password-same-as-current",
        "Entered password same as current password",
    )


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"name": "<b>"}, None, "Name contains invalid characters"),
        ({"name": "x" * 256}, "error-name-size-exceeded", "Name size exceeds 255 characters"),
        ({"username": "admin.istrator "}, None, ""),
        ({"username": "rocket.cat"}, "error-field-unavailable", "rocket.cat is already in use :("),
        ({"username": "a b"}, "error-input-is-not-a-valid-field", "a b is not a valid username"),
        (
            {"statusType": "asleep"},
            "error-invalid-status",
            "Valid status types include online, away, offline, and busy.",
        ),
        ({"bio": "x" * 261}, "error-bio-size-exceeded", "Bio size exceeds 260 characters"),
    ],
)
async def test_what_is_refused(
    world: World, ann: Caller, given: dict[str, Any], error: str | None, text: str
) -> None:
    if not text:
        assert (await update(world, ann, **given)).body["username"] == "admin.istrator"
        return
    assert await refusal(world, ann, nickname="unseen", **given) == (error, text)
    assert "nickname" not in await world.body("users", ann.id)


async def test_the_settings_decide(world: World) -> None:
    await world.user("ann")
    await world.setting("Accounts_AllowPasswordChange", value=False)
    caller = await world.caller("ann")
    assert await refusal(world, caller, newPassword="new", currentPassword=CURRENT) == (
        "error-action-not-allowed",
        "Edit user password is not allowed",
    )
    await world.setting("Accounts_AllowUserProfileChange", value=False)
    assert await refusal(world, await world.caller("ann"), bio="x") == ("error-not-allowed", "Not allowed")


async def test_an_account_without_a_password_is_asked_for_none(world: World) -> None:
    await world.put("users", Document("u", {"_id": "u", "username": "imported", "active": True, "roles": []}))
    caller = await world.caller("imported")
    assert (await update(world, caller, email="i@example.com")).body["emails"][0][
        "address"
    ] == "i@example.com"
