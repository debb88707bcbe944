"""The parts of a server in this process, on clocks that a test moves; they can crash and start again."""

import asyncio
import contextlib
import json
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from strongback import app
from strongback.egress.client import Client
from strongback.http.services import Services
from strongback.settings import Settings
from strongback.storage.contract import Store
from strongback.storage.deliveries import Delivery, StoredEvent
from strongback.webhooks.attempt import attempt
from strongback.webhooks.dispatcher import Dispatcher, Slot
from strongback.webhooks.outgoing import Parts
from strongback.webhooks.replies import Replies
from tests.faults.oracle import Oracle

NOW = 1_790_000_000_000  # 2026-09-21T13:46:40.000Z
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
OPEN = ("pending", "sending")
GROUP = "faults"


class World:
    """A server without a port. `now` is the time of day, `steady` goes on whatever becomes of that."""

    def __init__(self, folder: Path, egress: Client | None = None) -> None:
        self.now = NOW
        self.steady = 0
        self.random: Callable[[], float] = lambda: 0.5
        self.oracle = Oracle()
        self.started: list[str] = []
        """The deliveries whose attempts have begun, in this order."""
        self.group = ""
        self.store: Store
        self.services: Services
        self.dispatcher: Dispatcher
        self._egress = egress
        self._settings = Settings(
            database=f"sqlite:///{folder / 'world.db'}",
            dev=True,
            admin_pass="pw-admin",
            admin_email="a@example.com",
        )
        self._client: httpx.AsyncClient
        self._headers: dict[str, str] = {}
        self._running: asyncio.Task[None]
        self._attempts: set[asyncio.Task[Any]] = set()
        self._parts: Parts
        self._crashed = False

    def copy(self, folder: Path, egress: Client) -> "World":
        """A world that goes on where this one has stopped."""
        twin = World(folder, egress)
        shutil.copytree(self.database.parent, folder, dirs_exist_ok=True)
        twin.group, twin._headers = self.group, self._headers
        return twin

    @property
    def database(self) -> Path:
        """The file of the database."""
        path = self._settings.database_path
        assert path is not None
        return path

    async def start(self) -> None:
        """Open the database and begin to deliver; at the first time, log in and make the group."""
        self._crashed = False
        self.store = await app.open_store(self._settings, writing=True)
        self.services = services = await app.prepare(self.store, self._settings, self.clock)
        replies = Replies(self.store, self.clock, services.access, services.on_event)
        self._parts = Parts(
            self.store,
            self.clock,
            self._egress or services.egress,
            services.scripts,
            services.secrets,
            replies,
            random=self._random,
        )
        self.dispatcher = Dispatcher(self.store, self.clock, self._attempt, lambda: self.steady)
        self.store.on_deliveries(self.dispatcher.wake)
        self._running = asyncio.create_task(self.dispatcher.run())
        transport = httpx.ASGITransport(app.build(services))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://world/api/v1/")
        if not self._headers:
            await self._settle()

    async def stop(self) -> None:
        """Stop as a server does that is told to."""
        await self.stop_delivering()
        await self._close()

    async def stop_delivering(self) -> None:
        """Stop the dispatcher, and nothing else."""
        await self.dispatcher.stop(1)
        await self._running

    async def crash(self) -> None:
        """Stop without a good-bye: whatever is not on the disk is gone."""
        self._crashed = True
        doomed = {self._running, *self._attempts}
        for task in doomed:
            task.cancel()
        await asyncio.wait(doomed)
        await self._close()

    def clock(self) -> int:
        """The time of day."""
        return self.now

    def advance(self, milliseconds: int) -> None:
        """Let time pass."""
        self.steady += milliseconds
        self.jump(milliseconds)

    def jump(self, milliseconds: int) -> None:
        """Set the clock, forward or back."""
        self.now += milliseconds
        self.dispatcher.wake()

    async def post(self, path: str, **body: Any) -> httpx.Response:
        """Call the API as the administrator, whatever is answered."""
        return await self._client.post(path, json=body, headers=self._headers)

    async def put(self, path: str, **body: Any) -> httpx.Response:
        """Change something through the API as the administrator, whatever is answered."""
        return await self._client.put(path, json=body, headers=self._headers)

    async def get(self, path: str, **params: Any) -> Any:
        """Ask the API as the administrator."""
        answer = await self._client.get(path, params=params, headers=self._headers)
        return answer.raise_for_status().json()

    async def hook(self, url: str, **members: Any) -> str:
        """Make an outgoing integration of the group that calls a URL; answers its id."""
        made = await self.post("integrations.create", **outgoing(url, **members))
        id: str = made.raise_for_status().json()["integration"]["_id"]
        return id

    async def say(self, text: str) -> int:
        """Post to the group; answers the status, and notes a 200."""
        answer = await self.post("chat.postMessage", channel=f"#{GROUP}", text=text)
        if answer.status_code == 200:
            self.oracle.accept(text)
        return answer.status_code

    async def deliveries(self, id: str) -> list[Delivery]:
        """All deliveries of an integration, the newest first."""
        return list((await self.store.deliveries(id, None, 0, 0)).deliveries)

    async def text(self, delivery: Delivery) -> str:
        """The text of the message that a delivery tells of."""
        event = await self.store.event(delivery.event_id)
        assert event is not None
        return str(json.loads(event.body)["text"])

    async def delivery(self, id: str) -> Delivery:
        """The only delivery of an integration."""
        (only,) = await self.deliveries(id)
        return only

    async def states(self, id: str) -> Counter[str]:
        """How many deliveries of an integration are in which state."""
        return Counter(one.state for one in await self.deliveries(id))

    async def ended(self, *ids: str) -> Counter[str]:
        """Wait until all deliveries of the integrations have reached their end; answers how many reached which."""
        found: Counter[str] = Counter()

        async def all_have() -> bool:
            found.clear()
            for id in ids:
                found.update(await self.states(id))
            return not any(found[state] for state in OPEN)

        await until(all_have)
        return found

    async def waiting(self, id: str, attempts: int) -> Delivery:
        """Wait until the only delivery of an integration waits, with a reason, after so many attempts."""

        async def waits() -> bool:
            one = await self.delivery(id)
            return one.state == "pending" and one.attempts == attempts and one.reason is not None

        await until(waits)
        return await self.delivery(id)

    async def _attempt(self, delivery: Delivery, event: StoredEvent, slot: Slot) -> None:
        task = asyncio.current_task()
        if task is None or self._crashed:
            return
        self.started.append(delivery.id)
        self._attempts.add(task)
        task.add_done_callback(self._attempts.discard)
        await attempt(self._parts, delivery, event, slot)

    def _random(self) -> float:
        return self.random()

    async def _settle(self) -> None:
        login = await self.post("login", user="admin", password="pw-admin")
        data = login.raise_for_status().json()["data"]
        self._headers = {"X-User-Id": data["userId"], "X-Auth-Token": data["authToken"]}
        (await self.post("settings/API_Enable_Rate_Limiter", value=False)).raise_for_status()
        made = await self.post("groups.create", name=GROUP)
        self.group = made.raise_for_status().json()["group"]["_id"]

    async def _close(self) -> None:
        await self._client.aclose()
        await self.services.scripts.close()
        await self.services.compiler.close()
        await self.services.egress.close()
        await self.store.close()


@asynccontextmanager
async def running(folder: Path, egress: Client | None = None) -> AsyncIterator[World]:
    """A world that runs until the context ends."""
    world = World(folder, egress)
    await world.start()
    try:
        yield world
    finally:
        await world.stop()


def outgoing(url: str, **members: Any) -> dict[str, Any]:
    """The body that makes or changes an outgoing integration of the group."""
    return {
        "type": "webhook-outgoing",
        "name": "out",
        "enabled": True,
        "username": "admin",
        "channel": f"#{GROUP}",
        "event": "sendMessage",
        "urls": [url],
        "scriptEnabled": "script" in members,
    } | members


async def until(condition: Callable[[], Awaitable[bool] | bool], seconds: float = 20) -> None:
    """Wait until a condition holds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not (found if isinstance(found := condition(), bool) else await found):
                await asyncio.sleep(0.002)
            return
    raise TimeoutError(f"waited {seconds:g} s in vain")
