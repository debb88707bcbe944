"""Signing secrets of integrations: who sets them, where they lie, and what calls need then (promise 23)."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from strongback.accounts.caller import Caller
from strongback.errors import Failure, Unavailable
from strongback.storage.steps import Remove
from strongback.webhooks.secrets import Secrets
from strongback.webhooks.set_secret import set_secret
from tests.room_world import ALL_FOUR, IN_ALL, IN_OWN, OUT_ALL, OUT_OWN
from tests.stores import raw_rows, tables
from tests.webhooks.hook_world import ID, HookWorld, answer

pytestmark = pytest.mark.anyio

DONE = (200, {"success": True})
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OTHER = "whsec_" + base64.b64encode(b"x" * 24).decode()
BODY = '{"text": "signed"}'


async def put(
    hooks: HookWorld, secret: str | None = SECRET, *, id: str = ID, by: Caller | None = None
) -> None:
    caller = by or hooks.world.caller("ann", *ALL_FOUR)
    await set_secret(hooks.store, hooks.world.clock, hooks.secrets, caller, id, secret)


def signed(
    hooks: HookWorld, body: str = BODY, *, id: str = "msg_1", late: int = 0, secret: str = SECRET
) -> dict[str, str]:
    """The headers of a call, signed by an independent library."""
    at = hooks.world.now // 1000 - late
    moment = datetime.fromtimestamp(at, UTC)
    return {
        "webhook-id": id,
        "webhook-timestamp": str(at),
        "webhook-signature": Webhook(secret).sign(id, moment, body),
    }


def unauthorized(error: str) -> tuple[int, Any]:
    return 401, {"success": False, "error": error}


WRONG = unauthorized("The header webhook-signature does not sign this body.")


async def test_a_signed_call_is_accepted(hooks: HookWorld) -> None:
    await put(hooks)
    assert answer(await hooks.call(BODY.encode(), headers=signed(hooks))) == DONE
    assert [message["msg"] for message in await hooks.said()] == ["signed"]


async def test_an_unsigned_call_is_refused_and_recorded(hooks: HookWorld) -> None:
    assert answer(await hooks.call(BODY.encode())) == DONE
    await put(hooks)
    assert answer(await hooks.call(BODY.encode())) == unauthorized("The header webhook-id is missing.")
    assert len(await hooks.said()) == 1
    assert (await hooks.history())[-1]["errorStack"] == "The header webhook-id is missing."


@pytest.mark.parametrize("header", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_every_header_is_needed(hooks: HookWorld, header: str) -> None:
    await put(hooks)
    headers = {name: value for name, value in signed(hooks).items() if name != header}
    assert answer(await hooks.call(BODY.encode(), headers=headers)) == unauthorized(
        f"The header {header} is missing."
    )


async def test_an_altered_call_is_refused(hooks: HookWorld) -> None:
    await put(hooks)
    headers = signed(hooks)
    assert answer(await hooks.call(b'{"text": "forged"}', headers=headers)) == WRONG
    assert answer(await hooks.call(BODY.encode(), headers=headers | {"webhook-id": "msg_2"})) == WRONG
    at = str(hooks.world.now // 1000 - 1)
    assert answer(await hooks.call(BODY.encode(), headers=headers | {"webhook-timestamp": at})) == WRONG
    assert answer(await hooks.call(BODY.encode(), headers=signed(hooks, secret=OTHER))) == WRONG
    assert await hooks.said() == []


@pytest.mark.parametrize(("late", "status"), [(299, 200), (301, 401), (-299, 200), (-301, 401)])
async def test_a_call_is_good_for_300_seconds(hooks: HookWorld, late: int, status: int) -> None:
    hooks.world.now += 500
    await put(hooks)
    given = await hooks.call(BODY.encode(), headers=signed(hooks, late=late))
    assert given.status == status


async def test_a_repeated_id_gets_the_first_answer_and_another_body_is_refused(hooks: HookWorld) -> None:
    await put(hooks)
    assert answer(await hooks.call(BODY.encode(), headers=signed(hooks))) == DONE
    again = await hooks.call(BODY.encode(), headers=signed(hooks))
    assert (answer(again), again.headers) == (DONE, ((b"idempotency-replayed", b"true"),))
    body = '{"text": "other"}'
    assert (await hooks.call(body.encode(), headers=signed(hooks, body))).status == 400
    assert len(await hooks.said()) == 1


async def test_a_captured_call_can_not_be_repeated_under_another_key(hooks: HookWorld) -> None:
    await put(hooks)
    headers = signed(hooks)
    await hooks.call(BODY.encode(), headers=headers)
    given = await hooks.call(BODY.encode(), headers=headers | {"idempotency-key": "another"})
    assert given.headers == ((b"idempotency-replayed", b"true"),)
    assert len(await hooks.said()) == 1


async def test_the_signature_comes_before_the_body_is_read(hooks: HookWorld) -> None:
    await put(hooks)
    assert (await hooks.call(b"{")).status == 401
    assert (await hooks.call(b"x", headers={"content-type": "image/png"})).status == 401


async def test_a_secret_is_changed_and_taken_away(hooks: HookWorld) -> None:
    await put(hooks)
    await put(hooks, OTHER)
    assert (await hooks.call(BODY.encode(), headers=signed(hooks))).status == 401
    assert answer(await hooks.call(BODY.encode(), headers=signed(hooks, secret=OTHER))) == DONE
    await put(hooks, None)
    assert answer(await hooks.call(BODY.encode())) == DONE
    assert await hooks.store.secret(ID) is None


async def test_the_integration_keeps_its_links_and_says_who_changed_it(hooks: HookWorld) -> None:
    before = await hooks.store.links(ID)
    hooks.world.now += 5
    await put(hooks)
    assert await hooks.store.links(ID) == before
    body = await hooks.world.body("integrations", ID)
    assert body["_updatedBy"] == {"_id": "u-ann", "username": "ann"}
    assert body["_updatedAt"] == "2023-11-14T22:13:20.005Z"
    assert SECRET not in str(body)


async def test_the_database_holds_no_secret_that_can_be_read(hooks: HookWorld, tmp_path: Path) -> None:
    await put(hooks)
    (row,) = raw_rows(tmp_path, "secrets")
    assert row["integration"] == ID
    for table in tables(tmp_path):
        assert SECRET.removeprefix("whsec_") not in str(raw_rows(tmp_path, table)), table
    assert b"0123456789abcdef" not in row["sealed"]
    assert hooks.secrets.unseal(ID, row["sealed"]) == SECRET


async def test_with_the_wrong_key_no_call_passes_unverified(hooks: HookWorld, tmp_path: Path) -> None:
    await put(hooks)
    hooks.secrets = Secrets("k" * 32, tmp_path / "secret.key")
    receiver = hooks.receiver(hooks.store)
    for headers in ({}, signed(hooks)):
        with pytest.raises(Unavailable, match="STRONGBACK_SECRET_KEY"):
            await hooks.call(BODY.encode(), headers=headers, incoming=receiver)
    assert await hooks.said() == []


async def test_a_secret_goes_with_its_integration(hooks: HookWorld) -> None:
    await put(hooks)
    await hooks.world.write(Remove("integrations", ID))
    assert await hooks.store.secret(ID) is None


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("", "starts with whsec_"),
        (SECRET.removeprefix("whsec_"), "starts with whsec_"),
        ("whsec_", "24 to 64 bytes, not 0"),
        ("whsec_????", "must be base64"),
        ("whsec_" + base64.b64encode(b"x" * 23).decode(), "24 to 64 bytes, not 23"),
        ("whsec_" + base64.b64encode(b"x" * 65).decode(), "24 to 64 bytes, not 65"),
    ],
)
async def test_what_is_no_secret_is_refused(hooks: HookWorld, secret: str, text: str) -> None:
    with pytest.raises(Failure, match=text) as caught:
        await put(hooks, secret)
    assert caught.value.error == "error-invalid-secret"
    assert await hooks.store.secret(ID) is None


@pytest.mark.parametrize(
    ("name", "held", "kind", "error"),
    [
        ("ann", (), "webhook-incoming", "not_authorized"),
        ("ann", (OUT_ALL, OUT_OWN), "webhook-incoming", "error-invalid-integration"),
        ("ann", (IN_ALL, IN_OWN), "webhook-outgoing", "error-invalid-integration"),
        ("cid", (IN_OWN,), "webhook-incoming", "error-invalid-integration"),
        ("cid", (IN_ALL,), "webhook-incoming", None),
        ("ann", (IN_OWN,), "webhook-incoming", None),
        ("ann", (OUT_OWN,), "webhook-outgoing", None),
    ],
)
async def test_who_may_set_a_secret(
    hooks: HookWorld, name: str, held: tuple[str, ...], kind: str, error: str | None
) -> None:
    await hooks.hook(type=kind)
    caller = hooks.world.caller(name, *held)
    if error is None:
        await put(hooks, by=caller)
        assert await hooks.store.secret(ID) is not None
        return
    with pytest.raises(Failure) as caught:
        await put(hooks, by=caller)
    assert caught.value.error == error
    assert await hooks.store.secret(ID) is None


async def test_an_integration_that_is_not_there(hooks: HookWorld) -> None:
    with pytest.raises(Failure, match="No integration found"):
        await put(hooks, id="nothing")
