"""Whoever fails to log in too often has to wait."""

import asyncio
from typing import Any

import pytest

from strongback.accounts import login
from strongback.accounts.login_attempts import LoginAttempts
from strongback.accounts.setting_defaults import SETTINGS
from tests.accounts.conftest import World

PREFIX = "Block_Multiple_Failed_Logins_"
MINUTE = 60_000
UNAUTHORIZED = "Unauthorized"
BLOCKED = "error-login-blocked-for-user"


def changed(**values: Any) -> dict[str, Any]:
    return {**SETTINGS, **{f"{PREFIX}{name}": value for name, value in values.items()}}


def test_the_tenth_failure_of_an_account_blocks_it_for_five_minutes() -> None:
    attempts = LoginAttempts()
    for number in range(10):
        assert attempts.blocked(SETTINGS, "ann", f"10.0.0.{number}", 1_000) is None
        attempts.failed("ann", f"10.0.0.{number}", 1_000)
    assert attempts.blocked(SETTINGS, "ann", "10.0.0.99", 1_000) == "user"
    assert attempts.blocked(SETTINGS, "bob", "10.0.0.99", 1_000) is None
    assert attempts.blocked(SETTINGS, "ann", "10.0.0.99", 1_000 + 5 * MINUTE - 1) == "user"
    assert attempts.blocked(SETTINGS, "ann", "10.0.0.99", 1_000 + 5 * MINUTE) is None
    attempts.failed("ann", "10.0.0.99", 1_000 + 5 * MINUTE)
    assert attempts.blocked(SETTINGS, "ann", "10.0.0.99", 1_000 + 5 * MINUTE) == "user"


def test_the_fiftieth_failure_from_an_address_blocks_it() -> None:
    attempts = LoginAttempts()
    for number in range(50):
        assert attempts.blocked(SETTINGS, "eve", "10.0.0.1", 1_000) is None
        attempts.failed(f"user-{number}", "10.0.0.1", 1_000)
    assert attempts.blocked(SETTINGS, "eve", "10.0.0.1", 1_000) == "ip"
    assert attempts.blocked(SETTINGS, "eve", "10.0.0.2", 1_000) is None


def test_a_success_forgets_the_failures() -> None:
    attempts = LoginAttempts()
    for _ in range(9):
        attempts.failed("ann", "10.0.0.1", 1_000)
    attempts.succeeded("ann", "10.0.0.1")
    attempts.failed("ann", "10.0.0.1", 1_000)
    assert attempts.blocked(SETTINGS, "ann", "10.0.0.1", 1_000) is None
    assert len(attempts) == 2


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
def test_the_settings_say_how_often_and_for_how_long(change: dict[str, Any], expected: str | None) -> None:
    settings = changed(**({"Attempts_Until_Block_by_User": 3} | change))
    attempts = LoginAttempts()
    for _ in range(3):
        attempts.failed("ann", "10.0.0.1", 1_000)
    assert attempts.blocked(settings, "ann", "10.0.0.1", 1_000) == expected


def test_failures_are_forgotten_after_a_day_and_the_memory_is_bounded() -> None:
    attempts = LoginAttempts(most=4)
    for _ in range(10):
        attempts.failed("ann", "10.0.0.1", 1_000)
    attempts.failed("ann", "10.0.0.1", 1_001 + 24 * 60 * MINUTE)
    assert attempts.blocked(SETTINGS, "ann", "10.0.0.1", 1_001 + 24 * 60 * MINUTE) is None
    for number in range(20):
        attempts.failed(f"user-{number}", f"10.0.0.{number}", 1_000)
    assert len(attempts) == 4


def watch(attempts: LoginAttempts, **values: Any) -> login.Watch:
    return login.Watch(attempts, changed(**values), "10.0.0.1")


async def reason(world: World, body: dict[str, Any], guard: login.Watch) -> str | int | None:
    try:
        await login.log_in(world.store, world.clock, body, guard)
    except login.LoginFailure as failure:
        return failure.reason
    return None


@pytest.mark.anyio
async def test_a_blocked_account_is_blocked_with_the_right_password_too(world: World) -> None:
    await world.user("ann")
    guard = watch(LoginAttempts(), Attempts_Until_Block_by_User=2)
    right, wrong = {"user": "ann", "password": "pw-ann"}, {"user": "ANN@example.com", "password": "no"}
    assert [await reason(world, wrong, guard) for _ in range(3)] == [UNAUTHORIZED, UNAUTHORIZED, BLOCKED]
    assert await reason(world, right, guard) == BLOCKED
    world.now += 5 * MINUTE
    assert await reason(world, right, guard) is None
    assert await reason(world, wrong, guard) == UNAUTHORIZED


@pytest.mark.anyio
async def test_a_name_that_nobody_has_is_blocked_alike(world: World) -> None:
    guard = watch(LoginAttempts(), Attempts_Until_Block_by_User=1)
    body = {"user": "nobody", "password": "no"}
    assert [await reason(world, body, guard) for _ in range(2)] == [UNAUTHORIZED, BLOCKED]


@pytest.mark.anyio
async def test_many_guesses_at_once_are_no_way_around(world: World) -> None:
    await world.user("ann")
    guard = watch(LoginAttempts(), Attempts_Until_Block_by_User=2)
    bodies = [{"user": "ann", "password": f"guess-{number}"} for number in range(12)]
    bodies.append({"user": "ann", "password": "pw-ann"})
    found = await asyncio.gather(*(reason(world, body, guard) for body in bodies))
    assert found[-1] == BLOCKED
    assert found.count(UNAUTHORIZED) == 2  # all others are answered as the right one is


@pytest.mark.anyio
async def test_what_is_no_guess_does_not_count(world: World) -> None:
    await world.user("ann", active=False)
    guard = watch(LoginAttempts(), Attempts_Until_Block_by_User=1, Attempts_Until_Block_By_Ip=1)
    right = {"user": "ann", "password": "pw-ann"}
    assert await reason(world, right, guard) == "error-user-is-not-activated"
    assert await reason(world, {"user": "ann"}, guard) == 400
    assert await reason(world, {"resume": "x"}, guard) == 403
    assert await reason(world, right, guard) == "error-user-is-not-activated"
