"""The second factor in front of a few routes (spec/01 section 9)."""

import hashlib
from typing import Any

import pytest

from strongback.accounts import login, two_factor
from strongback.accounts.caller import Caller
from strongback.accounts.tokens import generate
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.steps import Put
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio

DIGEST = hashlib.sha256(b"pw-admin").hexdigest()
AGE = 1_800_000


async def refusal(world: World, caller: Caller, code: str | None, method: str | None = "password") -> Failure:
    with pytest.raises(Failure) as refused:
        await two_factor.check(world.store, world.clock, caller, code, method)
    return refused.value


async def setting(world: World, id: str, value: Any) -> None:
    await world.store.commit(Changes([], [Put("settings", Document(id, {"_id": id, "value": value}))]))


async def test_an_account_is_asked_half_an_hour_after_it_was_created(world: World) -> None:
    caller = await world.caller()
    world.now += AGE - 1
    await two_factor.check(world.store, world.clock, caller, None, None)
    world.now += 1
    failure = await refusal(world, caller, None, None)
    assert (failure.error, failure.message) == ("totp-required", "TOTP Required [totp-required]")
    assert isinstance(failure.details, dict)
    assert (failure.details["method"], failure.details["codeGenerated"]) == ("password", False)


async def test_a_fresh_login_alone_is_not_enough(world: World) -> None:
    world.now += AGE
    assert (await refusal(world, await world.caller(), None)).error == "totp-required"


async def test_the_digest_of_the_password_passes_and_nothing_else(world: World) -> None:
    world.now += AGE
    caller = await world.caller()
    for code in ("pw-admin", "0" * 64, "123456", DIGEST + "\n"):
        assert (await refusal(world, caller, code)).error == "totp-invalid"
    await two_factor.check(world.store, world.clock, caller, DIGEST, "password")


async def test_a_token_made_to_bypass_passes_and_another_does_not(world: World) -> None:
    caller = await world.caller()
    for name, bypass in (("free", True), ("bound", False)):
        text = await generate(world.store, world.clock, caller, name, bypass_two_factor=bypass)
        found = await login.authenticate(world.store, world.cache, caller.id, text)
        assert found is not None
        world.now += AGE
        if bypass:
            await two_factor.check(world.store, world.clock, found, None, None)
        else:
            assert (await refusal(world, found, None)).error == "totp-required"


@pytest.mark.parametrize("name", ["Enabled", "Enforce_Password_Fallback"])
async def test_the_settings_turn_it_off(world: World, name: str) -> None:
    world.now += AGE
    await setting(world, f"Accounts_TwoFactorAuthentication_{name}", value=False)
    await two_factor.check(world.store, world.clock, await world.caller(), None, None)


async def test_the_settings_change_how_long_an_account_is_spared(world: World) -> None:
    world.now += 10_000
    await setting(world, "Accounts_TwoFactorAuthentication_RememberFor", 10)
    assert (await refusal(world, await world.caller(), None)).error == "totp-required"


async def test_an_account_without_a_password_has_no_second_factor(world: World) -> None:
    world.now += AGE
    await two_factor.check(world.store, world.clock, await world.caller("rocket.cat"), None, None)
