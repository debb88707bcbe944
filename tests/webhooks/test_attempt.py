"""An attempt that goes wrong in the server itself: the delivery does not stay `sending`."""

from pathlib import Path
from typing import Any, cast

import pytest

from strongback.documents.document import Document
from strongback.egress.client import Client
from strongback.errors import Unavailable
from strongback.scripts.pool import Pool
from strongback.storage.deliveries import Wanted
from strongback.storage.steps import PutDeliveries, PutEvent, PutIntegration, Target
from strongback.webhooks.attempt import BUSY_WAIT_MS, INTERNAL, NOT_NOW, attempt
from strongback.webhooks.dispatcher import Slot
from strongback.webhooks.outgoing import Parts
from strongback.webhooks.replies import Replies
from strongback.webhooks.secrets import Secrets
from tests.room_world import room_world

pytestmark = pytest.mark.anyio


class Broken:
    """A door out with a fault that nobody has thought of."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def send(self, request: object) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "state", "reason", "wait"),
    [
        (ValueError("a fault"), "failed", INTERNAL, 0),
        (Unavailable("the key is gone"), "pending", NOT_NOW, BUSY_WAIT_MS),
    ],
)
async def test_a_fault_of_the_server(
    tmp_path: Path, error: Exception, state: str, reason: str, wait: int
) -> None:
    async with room_world(tmp_path) as world:
        url = "https://hooks.example/"
        body = {"_id": "i1", "type": "webhook-outgoing", "enabled": True, "channel": [], "urls": [url]}
        target = Target("i1", url, "https://hooks.example:443")
        await world.write(PutIntegration(Document("i1", body), []))
        await world.write(PutEvent("e", "sendMessage", None, None, "u", 0, "{}", world.now))
        await world.write(PutDeliveries("e", [target], world.now, 9))
        claims = await world.store.claim("w", world.now, world.now + 60, Wanted(1, 1, {}))
        [(delivery, event)] = claims.taken
        parts = Parts(
            world.store,
            world.clock,
            cast("Client", Broken(error)),
            Pool(),
            Secrets("", tmp_path / "secret.key"),
            cast("Replies", None),
        )
        freed: list[bool | None] = []
        await attempt(parts, delivery, event, Slot(freed.append, lambda: True))
        settled = await world.store.delivery("e.0")
        assert settled is not None
        assert (settled.state, settled.reason, settled.next_at) == (state, reason, world.now + wait)
        assert freed == [None]
        assert (await world.store.queue("i1")).open == (state == "pending")
