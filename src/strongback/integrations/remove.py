"""The end of an integration (spec/05 section 4)."""

from collections.abc import Mapping
from typing import Any

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.integrations.scope import MANAGE, MANAGE_OWN, may_manage
from strongback.integrations.update import find
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Remove, RemoveAll


async def remove(store: Store, caller: Caller, kind: str, given: Mapping[str, Any]) -> Document:
    """Remove an integration of a type, with its history; answers the document as it was."""

    async def attempt() -> Document:
        document = await find(store, kind, given)
        if not caller.may_any(MANAGE[kind], MANAGE_OWN[kind]):
            raise Failure("Unauthorized", "not_authorized", details={"method": "deleteIntegration"})
        if not may_manage(caller, document.body):
            raise Failure(
                "Invalid integration", "error-invalid-integration", details={"method": "deleteIntegration"}
            )
        changes = Changes(
            [Unchanged("integrations", document.id, document.revision)],
            [Remove("integrations", document.id), RemoveAll("history", "integration_id", document.id)],
        )
        await store.commit(changes)
        return document

    return await retry(attempt)
