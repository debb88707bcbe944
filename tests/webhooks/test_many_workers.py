"""Several nodes deliver from one database: together everything, and nothing twice."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from strongback import app
from strongback.clock import system_clock
from strongback.documents.document import Document
from strongback.settings import Settings
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.deliveries import Claims, Wanted
from strongback.storage.steps import PutDeliveries, PutEvent, PutIntegration, Target
from strongback.testing.receiver import Receiver
from tests.faults.world import until
from tests.stores import database_url

pytestmark = [pytest.mark.anyio, pytest.mark.once]

EVENTS = 150


@asynccontextmanager
async def node(folder: Path, taken: Counter[Store]) -> AsyncIterator[Store]:
    """A node that delivers, and counts what it claims."""
    settings = Settings(database=database_url(folder, "postgres"), dev=True, secret_key="11" * 32)
    store = await app.open_store(settings, writing=True)
    claim = store.claim

    async def counted(worker: str, now: int, lease: int, wanted: Wanted) -> Claims:
        found = await claim(worker, now, lease, wanted)
        taken[store] += len(found.taken)
        return found

    store.claim = counted  # type: ignore[method-assign]
    services = await app.prepare(store, settings)
    try:
        async with app.running(services):
            yield store
    finally:
        await store.close()


async def listen(store: Store, *urls: str) -> list[Target]:
    """Make an integration for each URL; answers whom an event is told to."""
    for n, url in enumerate(urls):
        body = {"_id": f"i{n}", "type": "webhook-outgoing", "enabled": True, "urls": [url], "channel": []}
        await store.commit(Changes(steps=[PutIntegration(Document(f"i{n}", body), [])]))
    return [Target(f"i{n}", url, url) for n, url in enumerate(urls)]


async def test_three_nodes_deliver_everything_once(tmp_path: Path) -> None:
    taken: Counter[Store] = Counter()
    with Receiver(origins=3) as receiver:
        receiver.answer(delay=0.01)
        async with AsyncExitStack() as stack:
            nodes = [await stack.enter_async_context(node(tmp_path, taken)) for _ in range(3)]
            targets = await listen(nodes[0], *receiver.urls)
            for n in range(EVENTS):
                now = system_clock()
                happened = PutEvent(f"e{n}", "sendMessage", None, None, "u", 0, f'{{"text":"{n}"}}', now)
                owed = PutDeliveries(f"e{n}", targets, now, 10_000)
                await nodes[n % 3].commit(Changes(steps=[happened, owed]))

            async def all_ended() -> bool:
                return await nodes[0].open_deliveries() == 0

            await until(all_ended, 60)
            found = [await nodes[0].deliveries(target.integration_id, None, 0, 0) for target in targets]
        assert {(one.state, one.attempts) for page in found for one in page.deliveries} == {("delivered", 1)}
        ids = Counter(request.header("webhook-id") for request in receiver.requests)
        assert ids == Counter(f"msg_e{n}_{number}" for n in range(EVENTS) for number in range(3))
    assert taken.total() == 3 * EVENTS
    assert len(taken) > 1
