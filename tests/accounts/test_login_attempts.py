"""Whoever fails to log in too often has to wait."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from strongback.accounts import login
from strongback.accounts.login_attempts import LoginAttempts, Memory
from strongback.accounts.setting_defaults import SETTINGS
from strongback.storage.postgres.store import PostgresStore
from tests.accounts.conftest import World
from tests.stores import open_store

pytestmark = pytest.mark.anyio

PREFIX = "Block_Multiple_Failed_Logins_"
MINUTE = 60_000
UNAUTHORIZED = "Unauthorized"
BLOCKED = "error-login-blocked-for-user"


def changed(**values: Any) -> dict[str, Any]:
    return {**SETTINGS, **{f"{PREFIX}{name}": value for name, value in values.items()}}


@pytest.fixture(params=["memory", "postgres"])
async def attempts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LoginAttempts]:
    """Attempts that this process remembers, and such as all nodes count together."""
    if request.param == "memory":
        yield LoginAttempts()
        return
    store = await open_store(tmp_path, "postgres")
    assert isinstance(store, PostgresStore)
    yield LoginAttempts(store)
    await store.close()


async def test_the_tenth_failure_of_an_account_blocks_it_for_five_minutes(attempts: LoginAttempts) -> None:
    for number in range(10):
        assert await attempts.blocked(SETTINGS, "ann", f"10.0.0.{number}", 1_000) is None
        assert await attempts.failed(SETTINGS, "ann", f"10.0.0.{number}", 1_000) is None
    assert await attempts.blocked(SETTINGS, "ann", "10.0.0.99", 1_000) == "user"
    assert await attempts.blocked(SETTINGS, "bob", "10.0.0.99", 1_000) is None
    assert await attempts.blocked(SETTINGS, "ann", "10.0.0.99", 1_000 + 5 * MINUTE - 1) == "user"
    assert await attempts.blocked(SETTINGS, "ann", "10.0.0.99", 1_000 + 5 * MINUTE) is None
    assert await attempts.failed(SETTINGS, "ann", "10.0.0.99", 1_000 + 5 * MINUTE) is None
    assert await attempts.blocked(SETTINGS, "ann", "10.0.0.99", 1_000 + 5 * MINUTE) == "user"


async def test_the_fiftieth_failure_from_an_address_blocks_it(attempts: LoginAttempts) -> None:
    for number in range(50):
        assert await attempts.blocked(SETTINGS, "eve", "10.0.0.1", 1_000) is None
        assert await attempts.failed(SETTINGS, f"user-{number}", "10.0.0.1", 1_000) is None
    assert await attempts.blocked(SETTINGS, "eve", "10.0.0.1", 1_000) == "ip"
    assert await attempts.blocked(SETTINGS, "eve", "10.0.0.2", 1_000) is None


async def test_a_success_forgets_the_failures(attempts: LoginAttempts) -> None:
    for _ in range(9):
        await attempts.failed(SETTINGS, "ann", "10.0.0.1", 1_000)
    await attempts.succeeded("ann", "10.0.0.1")
    await attempts.failed(SETTINGS, "ann", "10.0.0.1", 1_000)
    assert await attempts.blocked(SETTINGS, "ann", "10.0.0.1", 1_000) is None
    assert await attempts.blocked(changed(Attempts_Until_Block_by_User=1), "ann", "10.0.0.1", 1_000) == "user"


async def test_of_failures_at_once_the_first_alone_are_told_so(attempts: LoginAttempts) -> None:
    settings = changed(Attempts_Until_Block_by_User=3)
    guesses = (attempts.failed(settings, "ann", f"10.0.0.{number}", 1_000) for number in range(12))
    assert sorted(map(str, await asyncio.gather(*guesses))) == ["None"] * 3 + ["user"] * 9


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "user"),
        ({"Enabled": False}, None),
        ({"By_User": False}, None),
        ({"Attempts_Until_Block_by_User": 4}, None),
        ({"Time_To_Unblock_By_User_In_Minutes": 0}, None),
        ({"Ip_Whitelist": "10.0.0.9, 10.0.0.1"}, None),
        ({"Attempts_Until_Block_By_Ip": 3, "By_User": False}, "ip"),
        ({"Attempts_Until_Block_By_Ip": 3, "By_User": False, "By_Ip": False}, None),
    ],
)
async def test_the_settings_say_how_often_and_for_how_long(
    attempts: LoginAttempts, change: dict[str, Any], expected: str | None
) -> None:
    settings = changed(**({"Attempts_Until_Block_by_User": 3} | change))
    for _ in range(3):
        await attempts.failed(settings, "ann", "10.0.0.1", 1_000)
    assert await attempts.blocked(settings, "ann", "10.0.0.1", 1_000) == expected


async def test_failures_are_forgotten_after_a_day(attempts: LoginAttempts) -> None:
    settings = changed(Time_To_Unblock_By_User_In_Minutes=3 * 24 * 60)
    for _ in range(10):
        await attempts.failed(settings, "ann", "10.0.0.1", 1_000)
    day = 24 * 60 * MINUTE
    assert await attempts.blocked(settings, "ann", "10.0.0.1", 1_001 + day) == "user"
    assert await attempts.failed(settings, "ann", "10.0.0.1", 1_001 + day) is None
    assert await attempts.blocked(settings, "ann", "10.0.0.1", 1_001 + day) is None


async def test_the_memory_is_bounded() -> None:
    memory = Memory(most=4)
    attempts = LoginAttempts(memory)
    for number in range(20):
        await attempts.failed(SETTINGS, f"user-{number}", f"10.0.0.{number}", 1_000)
    assert len(memory) == 4
    settings = changed(Attempts_Until_Block_by_User=1)
    found = [await attempts.blocked(settings, f"user-{number}", "10.1.1.1", 1_000) for number in (17, 18, 19)]
    assert found == [None, "user", "user"]


def watch(attempts: LoginAttempts, **values: Any) -> login.Watch:
    return login.Watch(attempts, changed(**values), "10.0.0.1")


async def reason(world: World, body: dict[str, Any], guard: login.Watch) -> str | int | None:
    try:
        await login.log_in(world.store, world.clock, body, guard)
    except login.LoginFailure as failure:
        return failure.reason
    return None


async def test_a_blocked_account_is_blocked_with_the_right_password_too(
    world: World, attempts: LoginAttempts
) -> None:
    await world.user("ann")
    guard = watch(attempts, Attempts_Until_Block_by_User=2)
    right, wrong = {"user": "ann", "password": "pw-ann"}, {"user": "ANN@example.com", "password": "no"}
    assert [await reason(world, wrong, guard) for _ in range(3)] == [UNAUTHORIZED, UNAUTHORIZED, BLOCKED]
    assert await reason(world, right, guard) == BLOCKED
    world.now += 5 * MINUTE
    assert await reason(world, right, guard) is None
    assert await reason(world, wrong, guard) == UNAUTHORIZED


async def test_a_name_that_nobody_has_is_blocked_alike(world: World, attempts: LoginAttempts) -> None:
    guard = watch(attempts, Attempts_Until_Block_by_User=1)
    body = {"user": "nobody", "password": "no"}
    assert [await reason(world, body, guard) for _ in range(2)] == [UNAUTHORIZED, BLOCKED]


async def test_many_guesses_at_once_are_no_way_around(world: World, attempts: LoginAttempts) -> None:
    await world.user("ann")
    guard = watch(attempts, Attempts_Until_Block_by_User=2)
    bodies = [{"user": "ann", "password": f"guess-{number}"} for number in range(12)]
    found = await asyncio.gather(*(reason(world, body, guard) for body in bodies))
    assert found.count(UNAUTHORIZED) == 2
    assert found.count(BLOCKED) == 10
    assert await reason(world, {"user": "ann", "password": "pw-ann"}, guard) == BLOCKED


async def test_a_right_guess_behind_many_wrong_ones_is_answered_like_them(world: World) -> None:
    await world.user("ann")
    guard = watch(LoginAttempts(), Attempts_Until_Block_by_User=2)
    bodies = [{"user": "ann", "password": f"guess-{number}"} for number in range(12)]
    bodies.append({"user": "ann", "password": "pw-ann"})
    found = await asyncio.gather(*(reason(world, body, guard) for body in bodies))
    assert found[-1] == BLOCKED
    assert found.count(UNAUTHORIZED) == 2


async def test_what_is_no_guess_does_not_count(world: World, attempts: LoginAttempts) -> None:
    await world.user("ann", active=False)
    guard = watch(attempts, Attempts_Until_Block_by_User=1, Attempts_Until_Block_By_Ip=1)
    right = {"user": "ann", "password": "pw-ann"}
    assert await reason(world, right, guard) == "error-user-is-not-activated"
    assert await reason(world, {"user": "ann"}, guard) == 400
    assert await reason(world, {"resume": "x"}, guard) == 403
    assert await reason(world, right, guard) == "error-user-is-not-activated"
