"""The composition root: settings, then the store, then the services, then HTTP. Only this file knows all parts."""

from collections.abc import Sequence

from strongback import __version__
from strongback.accounts.permissions import AccessCache
from strongback.accounts.seed import seed
from strongback.clock import Clock, system_clock
from strongback.http.application import Application
from strongback.http.application import build as build_application
from strongback.http.authentication import authenticate, limits
from strongback.http.routes import (
    channels,
    groups,
    info,
    integrations,
    login,
    me,
    permissions,
    roles,
    tokens,
    users,
)
from strongback.http.routes import settings as settings_routes
from strongback.http.services import ServerEndpoint, Services
from strongback.integrations.user_deletion import disable_integrations
from strongback.settings import Settings
from strongback.storage.contract import Store
from strongback.storage.sqlite.store import open_store as open_sqlite

ENDPOINTS: Sequence[ServerEndpoint] = [
    *info.ENDPOINTS,
    *login.ENDPOINTS,
    *me.ENDPOINTS,
    *users.ENDPOINTS,
    *tokens.ENDPOINTS,
    *roles.ENDPOINTS,
    *permissions.ENDPOINTS,
    *settings_routes.ENDPOINTS,
    *groups.ENDPOINTS,
    *channels.ENDPOINTS,
    *integrations.ENDPOINTS,
]


async def open_store(settings: Settings, *, writing: bool) -> Store:
    """Open the database that the settings name; raises Unavailable with a sentence."""
    return await open_sqlite(settings.database_path, writing=writing)


async def prepare(store: Store, settings: Settings, clock: Clock = system_clock) -> Services:
    """Seed what is absent, then put the services together."""
    await seed(store, clock, settings)
    access = await AccessCache.load(store)
    return Services(store, clock, access, settings, on_user_delete=(disable_integrations,))


def build(services: Services) -> Application:
    """The ASGI application on these services."""
    return build_application(
        ENDPOINTS,
        services=services,
        authenticate=authenticate,
        limits=lambda: limits(services),
        now=services.clock,
        version=__version__,
    )
