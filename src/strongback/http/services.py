"""What every route is handed: the store, the time, the cached permissions and the process's settings."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from strongback.accounts.caller import Caller
from strongback.accounts.login_attempts import LoginAttempts
from strongback.accounts.permissions import AccessCache
from strongback.accounts.users import OnUser
from strongback.clock import Clock
from strongback.egress.client import Client, Policy
from strongback.groups.edit import OnRoom
from strongback.http import hook_body
from strongback.http.endpoint import Call, Endpoint
from strongback.http.rate_limit import RateLimiter
from strongback.scripts.compile import Compiler
from strongback.scripts.pool import Pool
from strongback.settings import Settings
from strongback.storage.changes import OnEvent
from strongback.storage.contract import Store
from strongback.webhooks.incoming import Incoming
from strongback.webhooks.script_fetch import script_fetch
from strongback.webhooks.secrets import KEY_FILE, Secrets


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the process that routes use."""

    store: Store
    clock: Clock
    access: AccessCache
    settings: Settings
    on_user_delete: Sequence[OnUser] = field(default=())
    """Each adds to the changes of a user's deletion what hangs on that user in another part."""
    on_user_rename: Sequence[OnUser] = field(default=())
    """Each adds to the changes of a user's name what shows that name in another part."""
    on_room_rename: Sequence[OnRoom] = field(default=())
    """Each adds to the changes of a room's name what shows that name in another part."""
    on_room_delete: Sequence[OnRoom] = field(default=())
    """Each adds to the changes of a room's end what hangs on that room in another part."""
    on_event: Sequence[OnEvent] = field(default=())
    """Each adds to the changes of what happens what is owed because of it."""
    compiler: Compiler = field(default_factory=Compiler)
    scripts: Pool = field(default_factory=Pool)
    egress: Client = field(default_factory=lambda: Client(Policy()))
    secrets: Secrets = field(default_factory=lambda: Secrets("", Path(KEY_FILE)))
    api_calls: RateLimiter = field(default_factory=RateLimiter)
    hook_calls: RateLimiter = field(default_factory=RateLimiter)
    """Apart from the calls of the API, so that those who guess at hooks can not push others out of it."""
    login_attempts: LoginAttempts = field(default_factory=LoginAttempts)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where the process has been told to stop, so that it is sent nothing more."""
    incoming: Incoming = field(init=False)

    def __post_init__(self) -> None:
        incoming = Incoming(
            self.store,
            self.clock,
            self.access,
            read=hook_body.read,
            secrets=self.secrets,
            scripts=self.scripts,
            fetch=script_fetch(self.egress),
            on_event=self.on_event,
            scripts_disabled=self.settings.disable_integration_scripts,
        )
        object.__setattr__(self, "incoming", incoming)

    @property
    def limiters(self) -> Mapping[str, RateLimiter]:
        """What counts calls, by the names under which nodes add them up."""
        return {"api": self.api_calls, "hooks": self.hook_calls}


ServerCall = Call[Services, Caller]
ServerEndpoint = Endpoint[Services, Caller]
