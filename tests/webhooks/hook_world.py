"""Hooks on a real store: an integration that `bot` posts through into the group `eng`, made by Ann."""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from strongback.accounts.permissions import AccessCache
from strongback.accounts.setting_defaults import SETTINGS
from strongback.documents.document import Document
from strongback.http import hook_body
from strongback.scripts.contract import FetchCall, Run, Script, ScriptError, no_fetch
from strongback.scripts.pool import Pool
from strongback.storage.changes import OnEvent
from strongback.storage.contract import Access, Store
from strongback.storage.selections import Timeline
from strongback.storage.steps import Link, Put, PutIntegration
from strongback.webhooks.incoming import HookAnswer, Incoming
from strongback.webhooks.incoming_script import HookCall
from strongback.webhooks.secrets import KEY_FILE, Secrets
from tests.room_world import ALL_FOUR, RoomWorld, room_world

TOKEN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
ID = "hook1"
ENG, TOWN = Link("#eng", "room", "r-eng"), Link("#town", "room", "r-town")
PERMISSIONS = {
    "view-joined-room": {"user", "bot"},
    "view-c-room": {"user", "bot"},
    "view-p-room": {"user", "bot"},
    "view-d-room": {"user", "bot"},
    "create-d": {"user", "bot"},
    "message-impersonate": {"bot"},
    "post-readonly": {"owner"},
    **{name: {"admin"} for name in ALL_FOUR},
}


class Scripts:
    """Stands for the workers: gives what a test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.result: Any = None
        self.asked: list[tuple[Script, str, Any]] = []
        self.meanwhile: Callable[[], Any] | None = None

    async def run(self, script: Script, method: str, argument: Any, fetch: FetchCall) -> Run:
        """Give the result, or raise it."""
        self.asked.append((script, method, json.loads(json.dumps(argument))))
        if self.meanwhile is not None:
            await self.meanwhile()
        if isinstance(self.result, ScriptError):
            raise self.result
        return self.result if isinstance(self.result, Run) else Run(self.result, console=("ran",))


class HookWorld:
    """The store, the hook under test, and shorthands of what tests ask."""

    def __init__(self, world: RoomWorld, folder: Path, *, on_event: Sequence[OnEvent] = ()) -> None:
        self.world = world
        self.scripts = Scripts()
        self.secrets = Secrets("", folder / KEY_FILE)
        self.on_event = on_event
        self.incoming = self.receiver(world.store)

    def receiver(self, store: Store, *, disabled: str = "", access: AccessCache | None = None) -> Incoming:
        """What receives calls, on this store."""
        roles = {name: frozenset(holders) for name, holders in PERMISSIONS.items()}
        return Incoming(
            store,
            self.world.clock,
            access or AccessCache(store, Access(10**9, roles, {}, SETTINGS)),
            read=hook_body.read,
            secrets=self.secrets,
            scripts=cast("Pool", self.scripts),
            fetch=no_fetch,
            on_event=self.on_event,
            scripts_disabled=disabled,
        )

    @property
    def store(self) -> Store:
        """The store itself."""
        return self.world.store

    async def account(self, name: str, *roles: str, **members: Any) -> None:
        """Put an account."""
        body = {
            "_id": f"u-{name}",
            "username": name,
            "name": name.title(),
            "active": True,
            "roles": list(roles),
        }
        await self.world.write(Put("users", Document(f"u-{name}", body | members)))

    async def hook(self, *links: Link, id: str = ID, bound: bool = True, **members: Any) -> None:
        """Put the integration, bound to `eng` unless told otherwise."""
        given = (links or (ENG,)) if bound else ()
        body = {
            "_id": id,
            "type": "webhook-incoming",
            "name": "builds",
            "enabled": True,
            "username": "bot",
            "userId": "u-bot",
            "channel": [link.text for link in given],
            "token": TOKEN,
            "scriptEnabled": False,
            "overrideDestinationChannelEnabled": False,
            "_createdBy": {"_id": "u-ann", "username": "ann"},
        }
        await self.world.write(PutIntegration(Document(id, body | members), list(given)))

    async def script(self, result: Any, **members: Any) -> None:
        """Put the integration with a script that gives this result."""
        self.scripts.result = result
        scripted: dict[str, Any] = {"scriptEnabled": True, "script": "s", "scriptCompiled": "class Script {}"}
        await self.hook(**(scripted | members))

    async def call(
        self,
        body: Any = None,
        *,
        id: str = ID,
        token: str = TOKEN,
        headers: Mapping[str, str] | None = None,
        query: bytes = b"",
        incoming: Incoming | None = None,
    ) -> HookAnswer:
        """Call the hook; a body that is no bytes goes as JSON."""
        self.world.now += 1
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        receiver = incoming or self.incoming
        hook, account = await receiver.find(id, token)
        sent = {"content-type": "application/json"} | dict(headers or {})
        names = {"integrationId": id, "token": token}
        path = f"/hooks/{id}/{token}"
        return await receiver.receive(hook, account, HookCall(path, query, {}, names, sent, raw))

    async def said(self, rid: str = "r-eng") -> list[dict[str, Any]]:
        """The messages of a room, the oldest first."""
        slices = self.store.scan(Timeline(rid), "created")
        return [row.decode().body async for rows in slices for row in rows]

    async def history(self, id: str = ID) -> list[dict[str, Any]]:
        """The records of the hook, the oldest first."""
        records = await self.world.bodies("history", "integration_id", id)
        return sorted(records, key=lambda record: (record["_createdAt"], record["_updatedAt"]))


def answer(given: HookAnswer) -> tuple[int, Any]:
    """The status and the decoded body of an answer."""
    return given.status, json.loads(given.body)


@asynccontextmanager
async def hook_world(folder: Path, *, on_event: Sequence[OnEvent] = ()) -> AsyncIterator[HookWorld]:
    """Ann, an administrator, and `bot` are in the group `eng`; `ops` is Ann's alone; `town` is an empty channel."""
    async with room_world(folder) as world:
        hooks = HookWorld(world, folder, on_event=on_event)
        await hooks.account("ann", "user", "admin")
        await hooks.account("cid", "user")
        await hooks.account("bot", "bot")
        await world.room("eng", "ann", "bot")
        await world.room("ops", "ann")
        await world.room("town", kind="c")
        await hooks.hook()
        yield hooks
