"""Rooms, accounts and hooks in memory: few reads, and never an outdated answer."""

from collections import Counter
from typing import Any

import pytest

from strongback.accounts.permissions import AccessCache
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Put, Remove
from tests.webhooks.hook_world import ENG, PERMISSIONS, TOWN, HookWorld, answer

pytestmark = pytest.mark.anyio

DONE = (200, {"success": True})


class Counting:
    """A store that counts what is asked of it, and in which something may happen just before a commit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.asked: Counter[str] = Counter()
        self.meanwhile: Any = None

    def __getattr__(self, name: str) -> Any:
        self.asked[name] += 1
        return getattr(self._store, name)

    async def commit(self, changes: Changes) -> None:
        self.asked["commit"] += 1
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile
        await self._store.commit(changes)


async def test_a_known_hook_costs_one_read_and_one_commit(hooks: HookWorld) -> None:
    store: Any = Counting(hooks.store)
    receiver = hooks.receiver(store)
    await hooks.call({"text": "1"}, incoming=receiver)
    store.asked.clear()
    assert answer(await hooks.call({"text": "2"}, incoming=receiver)) == DONE
    assert store.asked == {"revisions": 1, "commit": 1}
    store.asked.clear()
    assert answer(await hooks.call({"text": "3"}, headers={"webhook-id": "k"}, incoming=receiver)) == DONE
    assert store.asked == {"revisions": 1, "answered": 1, "commit": 1}


async def test_a_wrong_id_and_a_wrong_token_cost_the_same(hooks: HookWorld) -> None:
    store: Any = Counting(hooks.store)
    receiver = hooks.receiver(store)
    await receiver.find("hook1", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV")
    costs = []
    for id in ("hook1", "nothing"):
        store.asked.clear()
        with pytest.raises(Exception, match="Invalid integration id or token provided"):
            await receiver.find(id, "wrong")
        costs.append(dict(store.asked))
    assert costs == [{"revisions": 1}, {"revisions": 1}]


async def leave(hooks: HookWorld) -> None:
    await hooks.world.write(Remove("subscriptions", "r-eng-bot"))


async def close(hooks: HookWorld) -> None:
    await hooks.world.room("eng", "ann", "bot", ro=True)


async def vanish(hooks: HookWorld) -> None:
    await hooks.world.write(Remove("rooms", "r-eng"))


async def go(hooks: HookWorld) -> None:
    await hooks.world.write(Remove("users", "u-bot"))


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    ("meanwhile", "error"),
    [
        (leave, "error-not-allowed"),
        (close, "You can't send messages because the room is readonly."),
        (vanish, "invalid-channel"),
    ],
)
async def test_what_changes_before_the_commit_counts(
    hooks: HookWorld, meanwhile: Any, error: str, known: bool
) -> None:
    store: Any = Counting(hooks.store)
    receiver = hooks.receiver(store)
    if known:
        await hooks.call({"text": "1"}, incoming=receiver)
    store.meanwhile = meanwhile(hooks)
    expected = (400, {"success": False, "error": error})
    assert answer(await hooks.call({"text": "2"}, incoming=receiver)) == expected
    assert len(await hooks.said()) == known


async def test_an_account_that_goes_before_the_commit_posts_nothing(hooks: HookWorld) -> None:
    await hooks.hook(TOWN)
    store: Any = Counting(hooks.store)
    store.meanwhile = go(hooks)
    given = await hooks.call({"text": "x"}, incoming=hooks.receiver(store))
    assert (given.status, [m.get("t") for m in await hooks.said("r-town")]) == (401, [])


async def test_a_role_in_the_room_that_goes_counts(hooks: HookWorld) -> None:
    await hooks.world.room("eng", "bot", "ann", ro=True)  # bot owns it, and may write there
    store: Any = Counting(hooks.store)
    receiver = hooks.receiver(store)
    for _ in range(2):
        assert answer(await hooks.call({"text": "1"}, incoming=receiver)) == DONE
    stored = await hooks.store.get("subscriptions", "r-eng-bot")
    assert stored is not None
    document = stored.decode()
    document.set("roles", [])
    for meanwhile in (hooks.world.write(Put("subscriptions", document)), None):
        store.meanwhile = meanwhile
        assert (await hooks.call({"text": "2"}, incoming=receiver)).status == 400
    assert len(await hooks.said()) == 2


async def test_a_role_that_goes_while_the_room_is_looked_at_does_not_stay(hooks: HookWorld) -> None:
    await hooks.world.room("eng", "bot", "ann", ro=True)

    class Demoting(Counting):
        async def subscription(self, rid: str, user_id: str) -> Any:
            stored = await hooks.store.get("subscriptions", "r-eng-bot")
            assert stored is not None
            document = stored.decode()
            document.set("roles", [])
            await hooks.world.write(Put("subscriptions", document))
            return await hooks.store.subscription(rid, user_id)

    store: Any = Demoting(hooks.store)
    receiver = hooks.receiver(store)
    await hooks.call({"text": "1"}, incoming=receiver)
    assert (await hooks.call({"text": "2"}, incoming=receiver)).status == 400


async def test_what_was_refused_is_looked_at_again(hooks: HookWorld) -> None:
    assert answer(await hooks.call({"text": "1"})) == DONE
    await close(hooks)
    assert (await hooks.call({"text": "2"})).status == 400
    await hooks.world.room("eng", "ann", "bot")
    assert answer(await hooks.call({"text": "3"})) == DONE
    assert len(await hooks.said()) == 2


async def test_each_account_knows_its_own_rooms(hooks: HookWorld) -> None:
    await hooks.account("dan", "bot")
    await hooks.hook(ENG, id="hook2", userId="u-dan", username="dan")
    assert answer(await hooks.call({"text": "1"})) == DONE
    given = await hooks.call({"text": "2"}, id="hook2")
    assert answer(given) == (400, {"success": False, "error": "error-not-allowed"})


async def test_an_integration_that_posts_as_another_account(hooks: HookWorld) -> None:
    await hooks.account("dan", "bot")
    await hooks.world.room("eng", "ann", "bot", "dan")
    for name in ("bot", "dan", "bot"):
        await hooks.hook(userId=f"u-{name}", username=name)
        assert answer(await hooks.call({"text": name})) == DONE
    assert [message["u"]["username"] for message in await hooks.said()] == ["bot", "dan", "bot"]


async def test_roles_of_the_account_count_at_once(hooks: HookWorld) -> None:
    for roles, status in ((("bot",), 200), (("user",), 400), (("bot",), 200)):
        await hooks.account("bot", *roles)
        assert (await hooks.call({"text": "x", "alias": "CI"})).status == status


async def test_permissions_count_at_once(hooks: HookWorld) -> None:
    async def grant(*roles: str) -> None:
        for name, holders in (PERMISSIONS | {"message-impersonate": set(roles)}).items():
            await hooks.world.write(
                Put("permissions", Document(name, {"_id": name, "roles": sorted(holders)}))
            )

    await grant("bot")
    receiver = hooks.receiver(hooks.store, access=await AccessCache.load(hooks.store))
    for roles, status in ((("bot",), 200), ((), 400), (("bot", "user"), 200)):
        await grant(*roles)
        given = await hooks.call({"text": "x", "alias": "CI"}, incoming=receiver)
        assert given.status == status


async def test_the_revision_of_one_account_is_not_anothers(hooks: HookWorld) -> None:
    body = {"active": True, "roles": ["bot"]}
    accounts = [
        Document(f"u-{name}", {"_id": f"u-{name}", "username": name} | body) for name in ("bot", "dan")
    ]
    await hooks.world.write(*(Put("users", account) for account in accounts))  # one commit, one revision
    await hooks.world.room("eng", "ann", "bot", "dan")
    for name in ("dan", "bot"):
        await hooks.hook(userId=f"u-{name}", username=name)
        assert answer(await hooks.call({"text": name})) == DONE
    await hooks.account("dan", "bot", active=False)
    await hooks.hook(userId="u-dan", username="dan")
    with pytest.raises(Failure, match="You must be logged in"):
        await hooks.call({"text": "x"})
