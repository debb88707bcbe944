"""Passwords as a Rocket.Chat database holds them."""

import hashlib

import bcrypt
import pytest

from strongback.accounts.passwords import NOBODY, ROUNDS, digest_of, hash_password, verify

pytestmark = pytest.mark.anyio

# echo -n secret | sha256sum
SECRET = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"


def test_a_password_is_known_by_its_hexadecimal_sha_256() -> None:
    assert digest_of("secret") == SECRET
    assert digest_of({"digest": SECRET, "algorithm": "sha-256"}) == SECRET


@pytest.mark.parametrize(
    "given",
    [
        None,
        7,
        ["secret"],
        {"digest": SECRET},
        {"digest": SECRET, "algorithm": "md5"},
        {"digest": "secret", "algorithm": "sha-256"},
        {"digest": 7, "algorithm": "sha-256"},
        {"digest": SECRET + "\n", "algorithm": "sha-256"},
    ],
)
def test_anything_else_is_no_password(given: object) -> None:
    assert digest_of(given) is None


async def test_the_stored_form_is_bcrypt_over_the_hexadecimal_sha_256() -> None:
    stored = await hash_password("secret")
    assert stored.startswith("$2b$10$")
    assert bcrypt.checkpw(SECRET.encode(), stored.encode())


async def test_an_imported_hash_with_the_prefix_2a_fits() -> None:
    hashed = bcrypt.hashpw(SECRET.encode(), bcrypt.gensalt(4, prefix=b"2a")).decode()
    assert await verify(SECRET, hashed)
    assert not await verify(hashlib.sha256(b"other").hexdigest(), hashed)


@pytest.mark.parametrize("stored", [None, "", "no hash", "$2b$10$short"])
async def test_nothing_fits_where_no_hash_is_stored(stored: str | None) -> None:
    assert not await verify(SECRET, stored)


async def test_the_password_compared_for_nobody_lets_nobody_in() -> None:
    digest = digest_of("nobody")
    assert digest is not None
    assert not await verify(digest, None)


def test_what_nobody_has_takes_as_long_to_compare_as_what_somebody_has() -> None:
    assert NOBODY.startswith(b"$2b$%d$" % ROUNDS)
    assert bcrypt.checkpw(b"anything", NOBODY) is False
