"""Finding a free username."""

from typing import Any

import pytest

from strongback.accounts import username_choice
from strongback.accounts.setting_defaults import SETTINGS
from strongback.documents.document import Document
from strongback.errors import Failure
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio


async def suggest(world: World, /, pattern: str = "[0-9a-zA-Z-_.]+", **body: Any) -> str:
    settings = {**SETTINGS, "UTF8_User_Names_Validation": pattern}
    return await username_choice.suggest(world.store, settings, Document("u", body))


@pytest.mark.parametrize(
    ("username", "free"),
    [
        ("ann", True),
        ("admin", False),
        ("ADMIN", False),
        ("system", False),
        ("all", False),
        ("a b", False),
        ("", False),
        ("Rocket.Cat", False),
    ],
)
async def test_what_is_free(world: World, username: str, free: bool) -> None:
    assert await username_choice.check(world.store, await world.caller(), username) is free


async def test_where_nobody_may_change_a_username_none_is_looked_up(world: World) -> None:
    await world.setting("Accounts_AllowUsernameChange", value=False)
    with pytest.raises(Failure) as refused:
        await username_choice.check(world.store, await world.caller(), "ann")
    assert (refused.value.error, refused.value.text) == ("error-not-allowed", "Not allowed")


async def test_the_name_is_suggested_then_parts_of_it_then_a_number(world: World) -> None:
    person: dict[str, Any] = {
        "name": "Ádám  Van-der Bee",
        "emails": [{"address": "Adam+x@example.com"}, {"no": 1}],
    }
    for expected in (
        "adam.van.der.bee",
        "abee",
        "adamb",
        "adam.x",
        "adam.van.der.bee-1",
        "adam.van.der.bee-2",
    ):
        assert await suggest(world, **person) == expected
        await world.put("users", Document(expected, {"_id": expected, "username": expected.upper()}))


async def test_an_account_without_a_name_gets_a_number(world: World) -> None:
    assert await suggest(world, name="李") == "user-1"  # `user` itself is blocked
    assert await suggest(world, emails="none") == "user-1"


async def test_nothing_is_suggested_that_the_settings_refuse(world: World) -> None:
    with pytest.raises(Failure, match="There is no username to suggest"):
        await suggest(world, "[A-Z]+", name="Ann")
