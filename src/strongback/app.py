"""The composition root: settings, then the store, then the services, then HTTP. Only this file knows all parts."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from strongback import __version__
from strongback.accounts.login_attempts import LoginAttempts
from strongback.accounts.permissions import AccessCache
from strongback.accounts.seed import seed
from strongback.clock import Clock, system_clock
from strongback.egress.client import Client, Policy
from strongback.http import rate_sync
from strongback.http.application import build as build_application
from strongback.http.authentication import authenticate, limits
from strongback.http.endpoints import ENDPOINTS
from strongback.http.routes import avatars, health
from strongback.http.services import Services
from strongback.integrations.rooms import rename_channels, unbind
from strongback.integrations.user_deletion import disable_integrations
from strongback.integrations.user_rename import rename_user
from strongback.scripts.contract import Limits
from strongback.scripts.pool import Pool
from strongback.settings import Settings, SettingsError
from strongback.storage.contract import Store
from strongback.storage.postgres.store import PostgresStore
from strongback.storage.postgres.store import open_store as open_postgres
from strongback.storage.postgres.tables import open_tables as open_target
from strongback.storage.sqlite.store import open_store as open_sqlite
from strongback.storage.sqlite.tables import open_tables as open_source
from strongback.storage.tables import Source, Target
from strongback.webhooks import retention
from strongback.webhooks.attempt import attempt
from strongback.webhooks.dispatcher import Dispatcher
from strongback.webhooks.outbox import outbox
from strongback.webhooks.outgoing import Parts
from strongback.webhooks.replies import Replies
from strongback.webhooks.secrets import KEY_FILE, Secrets
from strongback.webhooks.triggers import Triggers

STOP_SECONDS = 10
"""How long a stopping server waits for what is being delivered; the rest waits for the next start."""

NOT_HERE = "This process only delivers: its role is worker. Ask one whose role is all or api.\n"


async def open_store(settings: Settings, *, writing: bool) -> Store:
    """Open the database that the settings name; raises Unavailable with a sentence."""
    path = settings.database_path
    if path is not None:
        return await open_sqlite(path, writing=writing)
    connections = settings.database_connections
    return await open_postgres(settings.database, writing=writing, connections=connections)


@asynccontextmanager
async def copy_ends(source: Settings, target: Settings) -> AsyncIterator[tuple[Source, Target]]:
    """Open the two ends of a copy; raises SettingsError where these can not be copied, Unavailable with a sentence."""
    path = source.database_path
    if path is None or target.database_path is not None:
        raise SettingsError(
            "a copy goes from a SQLite database to a PostgreSQL one:"
            " --from sqlite:///data/strongback.db --to postgresql://user:password@host/name"
        )
    with open_source(path) as rows:
        async with open_target(target.database) as tables:
            yield rows, tables


async def prepare(
    store: Store,
    settings: Settings,
    clock: Clock = system_clock,
    *,
    listening: frozenset[tuple[str, int]] = frozenset(),
) -> Services:
    """Seed what is absent, then put the services together; `listening` says where this server takes requests."""
    await seed(store, clock, settings)
    access = await AccessCache.load(store)
    policy = Policy(settings.egress_allow, settings.dev, listening)
    database = settings.database_path
    return Services(
        store,
        clock,
        access,
        settings,
        on_user_delete=(disable_integrations,),
        on_user_rename=(rename_user,),
        on_room_rename=(rename_channels,),
        on_room_delete=(unbind,),
        on_event=(outbox(Triggers(store), clock, lambda: str(access.newest.settings["Site_Url"])),),
        egress=Client(policy, max_bytes=settings.egress_response_bytes),
        scripts=Pool(limits=script_limits(settings)),
        login_attempts=LoginAttempts(store) if isinstance(store, PostgresStore) else LoginAttempts(),
        secrets=Secrets(settings.secret_key, None if database is None else database.with_name(KEY_FILE)),
    )


def script_limits(settings: Settings) -> Limits:
    """How much a script may use, by the settings."""
    return Limits(
        cpu=settings.scripts_cpu_ms / 1000,
        wall=settings.scripts_wall_ms / 1000,
        heap=settings.scripts_heap_mb * 1024 * 1024,
        result=settings.scripts_result_bytes,
    )


@asynccontextmanager
async def running(services: Services) -> AsyncIterator[None]:
    """Do what the role of this process does beside answering, while the context lasts; then close the services."""
    store, clock, settings = services.store, services.clock, services.settings
    try:
        async with AsyncExitStack() as stack:
            if settings.role != "worker" and isinstance(store, PostgresStore):
                counting = rate_sync.run(services.limiters, store.share, store.remove_ended, clock)
                await stack.enter_async_context(_beside(counting))
            if settings.role != "api":
                removing = retention.run(store, clock, settings.history_days, settings.history_keep)
                await stack.enter_async_context(_beside(removing))
                await stack.enter_async_context(_delivering(services))
            yield
    finally:
        await services.scripts.close()
        await services.compiler.close()
        await services.egress.close()


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run something that has no end of its own, until the context ends."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def _delivering(services: Services) -> AsyncIterator[None]:
    """Deliver what is owed until the process is told to stop, or the context ends."""
    store, clock = services.store, services.clock
    replies = Replies(store, clock, services.access, services.on_event)
    parts = Parts(
        store,
        clock,
        services.egress,
        services.scripts,
        services.secrets,
        replies,
        services.settings.disable_integration_scripts,
    )
    dispatcher = Dispatcher(store, clock, partial(attempt, parts))
    store.on_deliveries(dispatcher.wake)
    delivery = asyncio.create_task(dispatcher.run())

    async def stop() -> None:
        await services.stopping.wait()
        await dispatcher.stop(STOP_SECONDS)
        await asyncio.wait([delivery])

    stopped = asyncio.create_task(stop())  # while the last requests are answered
    try:
        yield
    finally:
        services.stopping.set()
        await stopped


def build(services: Services) -> Starlette:
    """The ASGI application on these services; a process that only delivers answers on the pages of `health` alone."""
    if services.settings.role == "worker":
        return Starlette(routes=health.pages(services), exception_handlers={404: _not_here})
    return build_application(
        ENDPOINTS,
        services=services,
        authenticate=authenticate,
        limits=lambda: limits(services),
        limiter=services.api_calls,
        now=services.clock,
        version=__version__,
        routes=[*avatars.PAGES, *health.pages(services)],
    )


async def _not_here(request: Request, error: Exception) -> Response:
    return PlainTextResponse(NOT_HERE, 404)
