"""Making an account for oneself (spec/08)."""

import asyncio
from typing import Any

import pytest

from strongback.accounts import login
from strongback.accounts.passwords import digest, verify
from strongback.accounts.register import register
from strongback.documents.document import Document
from strongback.documents.event import Event
from strongback.documents.user import password_hash
from strongback.errors import Failure
from strongback.storage.changes import Changes
from tests.accounts.conftest import MakeWorld, World

pytestmark = pytest.mark.anyio

ANN = {"username": "ann", "name": " Ann A. ", "email": " Ann@Example.com ", "pass": "pw-ann"}


async def make(
    world: World, /, *, on_event: Any = (), settings: dict[str, Any] | None = None, **given: Any
) -> Document:
    found = (await world.store.access()).settings
    return await register(
        world.store, world.clock, {**found, **(settings or {})}, ANN | given, on_event=on_event
    )


async def refusal(
    world: World, /, *, settings: dict[str, Any] | None = None, **given: Any
) -> tuple[str | None, str]:
    with pytest.raises(Failure) as refused:
        await make(world, settings=settings, **given)
    return refused.value.error, refused.value.text


@pytest.fixture
async def empty(make_world: MakeWorld) -> World:
    """A store without an administrator."""
    return await make_world(admin_pass="")


async def test_a_registered_account_is_as_one_that_an_administrator_makes(world: World) -> None:
    made = await make(world)
    body = await world.body("users", made.id)
    stored = password_hash(Document(made.id, body))
    assert await verify(digest("pw-ann"), stored)
    del body["services"]
    assert body == {
        "_id": made.id,
        "username": "ann",
        "name": "Ann A.",
        "emails": [{"address": "ann@example.com", "verified": False}],
        "type": "user",
        "status": "offline",
        "active": True,
        "roles": ["user"],
        "settings": {},
        "createdAt": "2023-11-14T22:13:20.000Z",
        "_updatedAt": "2023-11-14T22:13:20.000Z",
    }
    (joined,) = await world.bodies("subscriptions", "user_id", made.id)
    assert (joined["rid"], "roles" in joined) == ("GENERAL", False)
    (message,) = await world.bodies("messages", "rid", "GENERAL")
    assert (message["t"], message["msg"]) == ("uj", "ann")


async def test_integrations_hear_of_it_in_the_same_commit(world: World) -> None:
    heard: list[Event] = []

    async def hear(changes: Changes, event: Event) -> None:
        assert await world.store.user_by_name("ann") is None
        heard.append(event)

    made = await make(world, on_event=(hear,))
    assert [(event.kind, event.user.id, event.at) for event in heard] == [("userCreated", made.id, world.now)]


async def test_the_first_account_is_administrator_and_owner_of_general(empty: World) -> None:
    first = await make(empty)
    second = await make(empty, username="bob", email="bob@example.com")
    assert ((await empty.body("users", first.id))["roles"], second.body["roles"]) == (
        ["user", "admin"],
        ["user"],
    )
    assert await empty.store.owners("GENERAL") == [first.id]
    admin = await empty.caller("ann")
    assert admin.may("create-user")


async def test_the_first_account_need_not_wait_for_anybody(empty: World) -> None:
    settings = {"Accounts_ManuallyApproveNewUsers": True}
    assert (await make(empty, settings=settings)).body["active"] is True
    second = await make(empty, settings=settings, username="bob", email="b@example.com", reason=" I am Bob ")
    assert (second.body["active"], second.body["reason"]) == (False, "I am Bob")
    third = await make(empty, username="cid", email="c@example.com", reason="unasked")
    assert (third.body["active"], "reason" in third.body) == (True, False)


async def test_an_administrator_who_is_not_active_is_one_all_the_same(empty: World) -> None:
    boss = Document("boss", {"_id": "boss", "username": "boss", "roles": ["admin"], "active": False})
    await empty.put("users", boss)
    assert (await make(empty)).body["roles"] == ["user"]


async def test_of_many_first_accounts_at_once_one_rules(empty: World) -> None:
    made = await asyncio.gather(
        *(make(empty, username=f"user-{n}", email=f"user-{n}@example.com") for n in range(6))
    )
    roles = [(await empty.body("users", one.id))["roles"] for one in made]
    assert sorted(map(len, roles)) == [1, 1, 1, 1, 1, 2]
    assert len(await empty.store.owners("GENERAL")) == 1


async def test_of_two_who_register_one_name_one_gets_it(world: World) -> None:
    results = await asyncio.gather(
        make(world, username="ann", email="a@example.com"),
        make(world, username="ANN", email="b@example.com"),
        return_exceptions=True,
    )
    (failure,) = [result for result in results if isinstance(result, Failure)]
    assert (failure.error, failure.text) == (None, "Username is already in use")
    results = await asyncio.gather(
        make(world, username="bob", email="Same@example.com"),
        make(world, username="cid", email="same@example.com"),
        return_exceptions=True,
    )
    (failure,) = [result for result in results if isinstance(result, Failure)]
    assert (failure.error, failure.text) == (
        "error-field-unavailable",
        "same@example.com is already in use :(",
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"username": "a b"}, (None, "The username provided is not valid")),
        ({"username": ""}, (None, "The username provided is not valid")),
        ({"username": "Admin"}, (None, "Username is already in use")),
        ({"username": "system"}, ("error-blocked-username", "system is blocked and can't be used!")),
        ({"name": "<b>"}, (None, "Name contains invalid characters")),
        ({"name": "x" * 256}, ("error-name-size-exceeded", "Name size exceeds 255 characters")),
        ({"name": " "}, ("error-the-field-is-required", "The field Name is required")),
        ({"pass": " "}, ("error-the-field-is-required", "The field Password is required")),
        ({"email": "nowhere"}, ("error-invalid-email", "Invalid email nowhere")),
        (
            {"email": "ADMIN@example.com"},
            ("error-field-unavailable", "admin@example.com is already in use :("),
        ),
    ],
)
async def test_what_is_refused(world: World, given: dict[str, Any], expected: tuple[str | None, str]) -> None:
    assert await refusal(world, **given) == expected
    assert await world.bodies("messages", "rid", "GENERAL") == []


async def test_the_settings_say_who_may_register(world: World) -> None:
    disabled = ("error-user-registration-disabled", "User registration is disabled")
    assert (
        await refusal(world, settings={"Accounts_RegistrationForm": "Disabled"}, username="admin") == disabled
    )
    secret = {"Accounts_RegistrationForm": "Secret URL", "Accounts_RegistrationForm_SecretURL": "open-sesame"}
    expected = ("error-user-registration-secret", "User registration is only allowed via Secret URL")
    assert await refusal(world, settings=secret) == expected
    assert await refusal(world, settings=secret, secret="open") == expected
    unset = secret | {"Accounts_RegistrationForm_SecretURL": ""}
    assert await refusal(world, settings=unset, secret="") == expected
    assert (await make(world, settings=secret, secret="open-sesame")).body["username"] == "ann"


async def test_who_has_registered_may_log_in(world: World) -> None:
    await make(world)
    user, _ = await login.log_in(world.store, world.clock, {"user": "ann@example.com", "password": "pw-ann"})
    assert user.body["username"] == "ann"
