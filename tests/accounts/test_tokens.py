"""Personal access tokens (spec/01 section 3, spec/08)."""

import asyncio

import pytest

from strongback.accounts import login, tokens
from strongback.accounts.caller import Caller
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.steps import Put
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio


async def generate(world: World, caller: Caller, name: str, *, bypass: bool = False) -> str:
    return await tokens.generate(world.store, world.clock, caller, name, bypass_two_factor=bypass)


async def test_a_token_authenticates_and_is_stored_as_a_hash(world: World) -> None:
    caller = await world.caller()
    text = await generate(world, caller, "bot", bypass=True)
    found = await login.authenticate(world.store, world.cache, caller.id, text)
    assert found is not None
    stored = next(token for token in await world.store.tokens(caller.id) if token.name == "bot")
    assert stored.body == {
        "hashedToken": tokens.hash_token(text),
        "type": "personalAccessToken",
        "createdAt": "2023-11-14T22:13:20.000Z",
        "lastTokenPart": text[-6:],
        "name": "bot",
        "bypassTwoFactor": True,
    }


async def test_the_list_shows_no_hash_and_no_login(world: World) -> None:
    caller = await world.caller()
    text = await generate(world, caller, "bot")
    assert await tokens.listing(world.store, caller) == [
        {
            "name": "bot",
            "createdAt": "2023-11-14T22:13:20.000Z",
            "lastTokenPart": text[-6:],
            "bypassTwoFactor": False,
        }
    ]


async def test_a_name_is_given_once(world: World) -> None:
    caller = await world.caller()
    results = await asyncio.gather(
        generate(world, caller, "bot"), generate(world, caller, "bot"), return_exceptions=True
    )
    (failure,) = [result for result in results if isinstance(result, Failure)]
    assert (failure.error, failure.text) == (
        "error-token-already-exists",
        "A token with this name already exists",
    )


async def test_the_cap_on_login_tokens_spares_personal_ones(world: World) -> None:
    caller = await world.caller()
    text = await generate(world, caller, "old")
    for _ in range(55):
        world.now += 1
        await world.caller()
    assert await login.authenticate(world.store, world.cache, caller.id, text) is not None


async def test_regenerating_ends_the_old_text_and_keeps_the_rest(world: World) -> None:
    caller = await world.caller()
    old = await generate(world, caller, "bot", bypass=True)
    new = await tokens.regenerate(world.store, world.clock, caller, "bot")
    assert await login.authenticate(world.store, world.cache, caller.id, old) is None
    assert await login.authenticate(world.store, world.cache, caller.id, new) is not None
    (shown,) = await tokens.listing(world.store, caller)
    assert (shown["bypassTwoFactor"], shown["lastTokenPart"]) == (True, new[-6:])


async def test_regenerating_twice_at_once_leaves_one_token(world: World) -> None:
    caller = await world.caller()
    await generate(world, caller, "bot")
    await asyncio.gather(
        *(tokens.regenerate(world.store, world.clock, caller, "bot") for _ in range(2)),
        return_exceptions=True,
    )
    assert len(await tokens.listing(world.store, caller)) == 1


async def test_a_removed_token_is_nobody(world: World) -> None:
    caller = await world.caller()
    text = await generate(world, caller, "bot")
    await tokens.remove(world.store, caller, "bot")
    assert await login.authenticate(world.store, world.cache, caller.id, text) is None
    assert await tokens.listing(world.store, caller) == []


async def test_an_unknown_name_is_refused(world: World) -> None:
    caller = await world.caller()
    expected = ("error-token-does-not-exists", "Token does not exist")
    with pytest.raises(Failure) as refused:
        await tokens.remove(world.store, caller, "nothing")
    assert (refused.value.error, refused.value.text) == expected
    with pytest.raises(Failure) as refused:
        await tokens.regenerate(world.store, world.clock, caller, "nothing")
    assert (refused.value.error, refused.value.text) == expected


async def test_all_need_the_permission(world: World) -> None:
    nobody = Document("create-personal-access-tokens", {"_id": "create-personal-access-tokens", "roles": []})
    await world.store.commit(Changes([], [Put("permissions", nobody)]))
    caller = await world.caller()
    for attempt in (
        generate(world, caller, "bot"),
        tokens.regenerate(world.store, world.clock, caller, "bot"),
        tokens.remove(world.store, caller, "bot"),
        tokens.listing(world.store, caller),
    ):
        with pytest.raises(Failure) as refused:
            await attempt
        assert (refused.value.error, refused.value.text) == ("not-authorized", "Not Authorized")
