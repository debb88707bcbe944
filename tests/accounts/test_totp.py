"""Accounts that were imported with time-based codes (spec/01 sections 4 and 9)."""

from typing import Any

import pytest

from strongback.accounts import login, totp, two_factor
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.steps import Put
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890", as in RFC 6238
LOGIN = {"user": "ann", "password": "pw-ann"}


def user(**service: Any) -> Document:
    return Document("u", {"_id": "u", "services": {"totp": service}})


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_of_the_rfc_fit(seconds: int, code: str) -> None:
    ann = user(enabled=True, secret=SECRET)
    assert totp.fits(ann, code, seconds * 1000)
    assert totp.fits(ann, code, (seconds + 30) * 1000)
    assert not totp.fits(ann, code, (seconds + 90) * 1000)
    assert not totp.fits(ann, code[::-1], seconds * 1000)


@pytest.mark.parametrize(
    "service",
    [
        {},
        {"enabled": True, "secret": ""},
        {"enabled": True},
        {"enabled": True, "secret": "1"},
        {"secret": "é"},
    ],
)
def test_without_a_usable_secret_no_code_fits(service: dict[str, Any]) -> None:
    assert not totp.fits(user(**service), "000000", 59_000)
    assert not totp.fits(user(**service), "", 59_000)


async def refused_login(world: World, **more: Any) -> tuple[str | int, str, object]:
    with pytest.raises(login.LoginFailure) as refused:
        await login.log_in(world.store, world.clock, LOGIN | more)
    return refused.value.reason, refused.value.text, refused.value.details


async def with_codes(world: World) -> Document:
    made = await world.user("ann")
    body = await world.body("users", made.id)
    body["services"]["totp"] = {"enabled": True, "secret": SECRET}
    await world.store.commit(Changes([], [Put("users", Document(made.id, body))]))
    world.now = 1_234_567_890_000
    return made


async def test_a_login_needs_the_code(world: World) -> None:
    ann = await with_codes(world)
    details = {"method": "totp", "codeGenerated": False, "availableMethods": ["totp"]}
    assert await refused_login(world) == ("totp-required", "TOTP Required", details)
    assert await refused_login(world, code="000000") == ("totp-invalid", "TOTP Invalid", details)
    assert await refused_login(world, code=5924) == ("totp-required", "TOTP Required", details)
    assert await refused_login(world, password="wrong", code="005924") == (
        "Unauthorized",
        "Unauthorized",
        None,
    )
    found, _ = await login.log_in(world.store, world.clock, LOGIN | {"code": "005924"})
    assert found.id == ann.id


async def test_the_code_and_not_the_password_is_the_second_factor(world: World) -> None:
    await with_codes(world)
    world.now = 20_000_000_000_000
    caller = await world.caller("ann")
    for code, error in ((None, "totp-required"), ("000000", "totp-invalid")):
        with pytest.raises(Failure) as refused:
            await two_factor.check(world.store, world.clock, caller, code, None)
        assert refused.value.error == error
    await two_factor.check(world.store, world.clock, caller, "353130", "totp")
