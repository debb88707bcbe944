"""Login, resume, logout and the headers of a request (spec/01 sections 3 and 4)."""

import hashlib
from typing import Any

import pytest

from strongback.accounts import login, passwords
from strongback.accounts.tokens import hash_token, issue_login_token
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import RoomKey
from strongback.storage.steps import Put, Remove
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio


async def refusal(world: World, body: dict[str, Any]) -> tuple[str | int, str]:
    """Why a login body is refused."""
    with pytest.raises(login.LoginFailure) as refused:
        await login.log_in(world.store, world.clock, body)
    return refused.value.reason, refused.value.text


def test_a_token_is_stored_as_base64_of_its_sha_256() -> None:
    # printf token | openssl dgst -sha256 -binary | base64
    assert hash_token("token") == "PEaenWxYddN6Q/NT1PiOYfz4EsZu7jRXRlpAsNpBU+A="


@pytest.mark.parametrize(
    "body",
    [
        {"user": "ann", "password": "pw-ann"},
        {"user": "ANN", "password": "pw-ann"},
        {"username": "ann", "password": "pw-ann"},
        {"user": "Ann@Example.com", "password": "pw-ann"},
        {"email": "ann@example.com", "password": "pw-ann"},
        {"user": 7, "username": "ann", "password": "pw-ann"},
        {"user": "ann", "username": "nobody", "email": "nobody@example.com", "password": "pw-ann"},
        {
            "user": "ann",
            "password": {"digest": hashlib.sha256(b"pw-ann").hexdigest(), "algorithm": "sha-256"},
        },
    ],
)
async def test_every_form_of_password_login(world: World, body: dict[str, Any]) -> None:
    ann = await world.user("ann")
    user, token = await login.log_in(world.store, world.clock, body)
    assert user.id == ann.id
    assert len(token) == 43
    caller = await login.authenticate(world.store, world.cache, ann.id, token)
    assert caller is not None
    assert (caller.id, caller.username, caller.roles) == (ann.id, "ann", frozenset({"user"}))


async def test_an_unknown_account_and_a_wrong_password_get_one_answer(world: World) -> None:
    await world.user("ann")
    unauthorized = ("Unauthorized", "Unauthorized")
    assert await refusal(world, {"user": "ann", "password": "wrong"}) == unauthorized
    assert await refusal(world, {"user": "nobody", "password": "pw-ann"}) == unauthorized
    assert await refusal(world, {"user": "no@example.com", "password": "pw-ann"}) == unauthorized
    assert await refusal(world, {"user": "rocket.cat", "password": ""}) == unauthorized


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"user": "ann"},
        {"user": "ann", "password": None},
        {"user": "ann", "password": 5},
        {"password": "pw-ann"},
        {"user": 5, "password": "pw-ann"},
        {"user": {"$ne": None}, "password": "pw-ann"},
        {"user": "ann", "password": {"digest": {"$ne": 1}, "algorithm": "sha-256"}},
        {"resume": 5},
        {"resume": {"$ne": ""}},
    ],
)
async def test_a_body_without_meaning_is_no_match(world: World, body: dict[str, Any]) -> None:
    assert await refusal(world, body) == (400, "Match failed")


async def test_a_deactivated_account_learns_so_only_with_its_password(world: World) -> None:
    await world.user("ann", active=False)
    not_activated = ("error-user-is-not-activated", "User is not activated")
    assert await refusal(world, {"user": "ann", "password": "pw-ann"}) == not_activated
    assert await refusal(world, {"user": "ann", "password": "wrong"}) == ("Unauthorized", "Unauthorized")


async def test_resume_answers_the_same_token(world: World) -> None:
    await world.user("ann")
    _, token = await login.log_in(world.store, world.clock, {"user": "ann", "password": "pw-ann"})
    user, resumed = await login.log_in(world.store, world.clock, {"resume": token})
    assert (user.body["username"], resumed) == ("ann", token)


async def test_an_unknown_token_cannot_be_resumed(world: World) -> None:
    logged_out = (403, "You've been logged out by the server. Please log in again.")
    assert await refusal(world, {"resume": "x" * 43}) == logged_out


async def test_logout_ends_the_presented_token_only(world: World) -> None:
    await world.user("ann")
    first, second = await world.caller("ann"), await world.caller("ann")
    await login.log_out(world.store, first)
    assert [token.hash for token in await world.store.tokens(first.id)] == [second.token_hash]


async def test_a_token_fits_its_own_user_only(world: World) -> None:
    ann, bob = await world.user("ann"), await world.user("bob")
    _, token = await login.log_in(world.store, world.clock, {"user": "ann", "password": "pw-ann"})
    assert await login.authenticate(world.store, world.cache, bob.id, token) is None
    assert await login.authenticate(world.store, world.cache, ann.id, token + "x") is None
    assert await login.authenticate(world.store, world.cache, ann.id, hash_token(token)) is None
    assert await login.authenticate(world.store, world.cache, "", token) is None


async def test_a_room_is_handed_on_with_the_caller(world: World) -> None:
    ann = await world.user("ann")
    _, token = await login.log_in(world.store, world.clock, {"user": "ann", "password": "pw-ann"})
    general = await world.store.room_by_name("general", ann.id)
    assert general is not None
    for key, room in ((RoomKey("name", "general"), general), (RoomKey("id", "none"), None)):
        caller = await login.authenticate(world.store, world.cache, ann.id, token, key)
        assert caller is not None
        assert caller.read == (key, room, None)
        assert await login.authenticate(world.store, world.cache, ann.id, token + "x", key) is None
    assert (await world.caller("ann")).read is None


async def test_fifty_login_tokens_stay_and_the_oldest_goes(world: World) -> None:
    await world.user("ann")
    callers = []
    for _ in range(51):
        world.now += 1
        callers.append(await world.caller("ann"))
    kept = {token.hash for token in await world.store.tokens(callers[0].id)}
    assert kept == {caller.token_hash for caller in callers[1:]}


async def test_a_deactivated_user_is_nobody(world: World) -> None:
    ann = await world.user("ann")
    _, token = await login.log_in(world.store, world.clock, {"user": "ann", "password": "pw-ann"})
    document = Document(ann.id, await world.body("users", ann.id) | {"active": False})
    await world.store.commit(Changes([], [Put("users", document)]))
    assert await login.authenticate(world.store, world.cache, ann.id, token) is None


async def test_a_removed_user_is_nobody(world: World) -> None:
    ann = await world.user("ann")
    _, token = await login.log_in(world.store, world.clock, {"user": "ann", "password": "pw-ann"})
    await world.store.commit(Changes([], [Remove("users", ann.id)]))
    assert await login.authenticate(world.store, world.cache, ann.id, token) is None


async def test_a_login_is_remembered_and_a_resumed_one_too(world: World) -> None:
    ann = await world.user("ann")
    assert "lastLogin" not in await world.body("users", ann.id)
    world.now += 1_000
    user, token = await login.log_in(world.store, world.clock, {"user": "ann", "password": "pw-ann"})
    body = await world.body("users", ann.id)
    assert (body["lastLogin"], user.body["lastLogin"]) == ("2023-11-14T22:13:21.000Z",) * 2
    world.now += 1_000
    await login.log_in(world.store, world.clock, {"resume": token})
    assert (await world.body("users", ann.id))["lastLogin"] == "2023-11-14T22:13:22.000Z"
    stored = await world.store.get("users", ann.id)
    assert stored is not None
    assert ("lastLogin",) in stored.decode().dates
    assert "bcrypt" in (stored.hidden or "")


@pytest.mark.parametrize(
    ("change", "expected"), [("active", "error-user-is-not-activated"), ("services", "Unauthorized")]
)
async def test_who_is_deactivated_or_gets_another_password_meanwhile_stays_outside(
    world: World, monkeypatch: pytest.MonkeyPatch, change: str, expected: str
) -> None:
    ann, bob = await world.user("ann"), await world.user("bob")
    changed = {"active": False, "services": (await world.body("users", bob.id))["services"]}

    async def verify(*given: Any) -> bool:
        fits = await passwords.verify(*given)
        user = Document(ann.id, await world.body("users", ann.id) | {change: changed[change]})
        await world.store.commit(Changes([], [Put("users", user)]))
        return fits

    monkeypatch.setattr(login, "verify", verify)
    assert (await refusal(world, {"user": "ann", "password": "pw-ann"}))[0] == expected
    assert await world.store.tokens(ann.id) == []


async def test_an_account_that_is_not_active_gets_no_token(world: World) -> None:
    ann = await world.user("ann", active=False)
    with pytest.raises(Failure) as refused:
        await issue_login_token(world.store, world.clock, ann.id)
    assert refused.value.error == "error-user-is-not-activated"
