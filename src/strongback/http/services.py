"""What every route is handed: the store, the time, the cached permissions and the process's settings."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from strongback.accounts.caller import Caller
from strongback.accounts.permissions import AccessCache
from strongback.accounts.users import OnDelete
from strongback.clock import Clock
from strongback.http.endpoint import Call, Endpoint
from strongback.scripts.compile import Compiler
from strongback.settings import Settings
from strongback.storage.contract import Store


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the process that routes use."""

    store: Store
    clock: Clock
    access: AccessCache
    settings: Settings
    on_user_delete: Sequence[OnDelete] = field(default=())
    """Each adds to the changes of a user's deletion what hangs on that user in another part."""
    compiler: Compiler = field(default_factory=Compiler)


ServerCall = Call[Services, Caller]
ServerEndpoint = Endpoint[Services, Caller]
