"""The end of an integration's history (spec/05 section 4, clearIntegrationHistory)."""

from strongback.accounts.caller import Caller
from strongback.errors import Failure
from strongback.integrations.scope import ANY_OF, may_manage
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import RemoveAll

METHOD = {"method": "clearIntegrationHistory"}


async def clear_history(store: Store, caller: Caller, integration_id: str) -> None:
    """Remove the records of all calls of an integration that the caller may change; its deliveries stay."""
    if not caller.may_any(*ANY_OF):
        raise Failure("Unauthorized", "not_authorized", details=METHOD)
    stored = await store.get("integrations", integration_id)
    if stored is None or not may_manage(caller, stored.decode().body):
        raise Failure("Invalid integration", "error-invalid-integration", details=METHOD)
    await store.commit(Changes(steps=[RemoveAll("history", "integration_id", integration_id)]))
