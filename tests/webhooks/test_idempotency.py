"""The same call twice posts once: keys of callers, for 24 hours, per integration."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from strongback.storage.changes import Changes
from tests.webhooks.hook_world import ID, TOKEN, HookWorld, answer, hook_world

pytestmark = pytest.mark.anyio

DONE = (200, {"success": True})
REPLAYED = ((b"idempotency-replayed", b"true"),)
DAY_MS = 86_400_000
OTHER_BODY = "This idempotency key was used in the last 24 hours for a call with another body"
KEY = {"idempotency-key": "delivery-1"}


@pytest.mark.parametrize("name", ["idempotency-key", "webhook-id"])
async def test_the_second_call_gets_the_answer_to_the_first(hooks: HookWorld, name: str) -> None:
    first = await hooks.call({"text": "x"}, headers={name: "k"})
    second = await hooks.call({"text": "x"}, headers={name: "k"})
    assert (answer(first), first.headers) == (DONE, ())
    assert (answer(second), second.headers) == (DONE, REPLAYED)
    assert len(await hooks.said()) == len(await hooks.history()) == 1


async def test_both_headers_name_the_same_keys_and_the_first_of_them_counts(hooks: HookWorld) -> None:
    await hooks.call({"text": "x"}, headers={"idempotency-key": "a", "webhook-id": "b"})
    for headers, posted in (
        ({"webhook-id": "a"}, 1),
        ({"webhook-id": "b"}, 2),
        ({"idempotency-key": "b"}, 2),
    ):
        assert answer(await hooks.call({"text": "x"}, headers=headers)) == DONE
        assert len(await hooks.said()) == posted


async def test_without_a_key_every_call_posts(hooks: HookWorld) -> None:
    for _ in range(2):
        assert answer(await hooks.call({"text": "x"})) == DONE
    assert len(await hooks.said()) == 2


@pytest.mark.parametrize(
    ("body", "query"),
    [({"text": "y"}, b""), (b'{"text":  "x"}', b""), (None, b""), ({"text": "x"}, b"a=1")],
)
async def test_a_key_with_another_body_is_refused(hooks: HookWorld, body: Any, query: bytes) -> None:
    await hooks.call({"text": "x"}, headers=KEY)
    given = await hooks.call(body, headers=KEY, query=query)
    assert answer(given) == (400, {"success": False, "error": OTHER_BODY})
    assert len(await hooks.said()) == 1
    assert answer(await hooks.call({"text": "x"}, headers=KEY)) == DONE


async def test_a_key_counts_for_one_integration(hooks: HookWorld) -> None:
    await hooks.hook(id="hook2", token=TOKEN)
    for id in (ID, "hook2"):
        given = await hooks.call({"text": "x"}, headers=KEY, id=id)
        assert (answer(given), given.headers) == (DONE, ())
    assert len(await hooks.said()) == 2


@pytest.mark.parametrize(("later", "posted"), [(DAY_MS - 1, 1), (DAY_MS, 1), (DAY_MS + 1, 2)])
async def test_a_key_counts_for_24_hours(hooks: HookWorld, later: int, posted: int) -> None:
    hooks.world.now -= 1
    await hooks.call({"text": "x"}, headers=KEY)
    hooks.world.now += later - 1
    assert answer(await hooks.call({"text": "x"}, headers=KEY)) == DONE
    assert len(await hooks.said()) == posted


async def test_after_24_hours_the_key_may_stand_for_another_body(hooks: HookWorld) -> None:
    await hooks.call({"text": "x"}, headers=KEY)
    hooks.world.now += DAY_MS
    assert answer(await hooks.call({"text": "y"}, headers=KEY)) == DONE
    assert answer(await hooks.call({"text": "x"}, headers=KEY)) == (
        400,
        {"success": False, "error": OTHER_BODY},
    )


@pytest.mark.parametrize(("length", "status"), [(0, 400), (1, 200), (255, 200), (256, 400)])
@pytest.mark.parametrize("name", ["idempotency-key", "webhook-id"])
async def test_keys_are_bounded(hooks: HookWorld, name: str, length: int, status: int) -> None:
    given = await hooks.call({"text": "x"}, headers={name: "k" * length})
    assert given.status == status
    if status == 400:
        assert answer(given)[1]["error"] == f"The header {name} must have 1 to 255 characters"
    assert len(await hooks.said()) == (status == 200)


async def test_what_may_work_later_is_tried_again(hooks: HookWorld) -> None:
    await hooks.script({"error": "not now"})
    assert (await hooks.call({"text": "x"}, headers=KEY)).status == 400
    hooks.scripts.result = {"content": {"text": "now"}, "response": {"n": 1}}
    assert answer(await hooks.call({"text": "x"}, headers=KEY)) == (200, {"n": 1, "success": True})
    again = await hooks.call({"text": "x"}, headers=KEY)
    assert (answer(again), again.headers) == ((200, {"n": 1, "success": True}), REPLAYED)
    assert len(hooks.scripts.asked) == 2
    assert len(await hooks.said()) == 1


async def test_what_posts_nothing_is_remembered_too(hooks: HookWorld) -> None:
    await hooks.script(None)
    for headers in ((), REPLAYED):
        given = await hooks.call({"text": "x"}, headers=KEY)
        assert (answer(given), given.headers) == (DONE, headers)
    assert len(hooks.scripts.asked) == 1


async def test_the_first_answer_holds_whatever_has_changed(hooks: HookWorld) -> None:
    await hooks.call({"text": "x"}, headers=KEY)
    await hooks.world.room("eng", "ann", "bot", ro=True)
    assert (await hooks.call({"text": "x"})).status == 400
    assert answer(await hooks.call({"text": "x"}, headers=KEY)) == DONE


@pytest.mark.parametrize("scripted", [False, True])
async def test_of_32_at_once_one_posts(hooks: HookWorld, scripted: bool) -> None:
    if scripted:
        await hooks.script({"content": {"text": "x"}, "response": {"n": 1}})
        hooks.scripts.meanwhile = lambda: asyncio.sleep(0)
    given = await asyncio.gather(*(hooks.call({"text": "x"}, headers=KEY) for _ in range(32)))
    expected = (200, {"n": 1, "success": True}) if scripted else DONE
    assert [answer(one) for one in given] == [expected] * 32
    assert sorted(one.headers for one in given) == [(), *[REPLAYED] * 31]
    assert len(await hooks.said()) == len(await hooks.history()) == 1


async def test_of_two_bodies_at_once_one_posts(hooks: HookWorld) -> None:
    given = await asyncio.gather(*(hooks.call({"text": f"{n % 2}"}, headers=KEY) for n in range(16)))
    (message,) = await hooks.said()
    for n, one in enumerate(given):
        same = f"{n % 2}" == message["msg"]
        assert answer(one) == (DONE if same else (400, {"success": False, "error": OTHER_BODY}))


class Racing:
    """A store in which another call with the same key comes first, just before a commit."""

    def __init__(self, hooks: HookWorld, first: Any) -> None:
        self._hooks, self._first = hooks, first

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hooks.store, name)

    async def commit(self, changes: Changes) -> None:
        first, self._first = self._first, None
        if first is not None:
            await self._hooks.call(first, headers=KEY)
        await self._hooks.store.commit(changes)


@pytest.mark.parametrize(
    ("first", "expected"),
    [({"text": "x"}, DONE), ({"text": "y"}, (400, {"success": False, "error": OTHER_BODY}))],
)
async def test_who_loses_the_race_gets_the_winners_answer(
    hooks: HookWorld, first: Any, expected: Any
) -> None:
    store: Any = Racing(hooks, first)
    assert answer(await hooks.call({"text": "x"}, headers=KEY, incoming=hooks.receiver(store))) == expected
    assert len(await hooks.said()) == 1


async def test_keys_outlive_the_process(tmp_path: Path) -> None:
    async with hook_world(tmp_path) as hooks:
        await hooks.call({"text": "x"}, headers=KEY)
    async with hook_world(tmp_path) as hooks:
        hooks.world.now += 1000
        given = await hooks.call({"text": "x"}, headers=KEY)
        assert (answer(given), given.headers) == (DONE, REPLAYED)
        assert len(await hooks.said()) == 1
