"""The signing secret of an integration: outgoing calls are signed with it, incoming ones verified."""

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.errors import Failure
from strongback.integrations.scope import ANY_OF, may_manage
from strongback.integrations.update import NOT_FOUND
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import PutIntegration, PutSecret
from strongback.webhooks.secrets import Secrets
from strongback.webhooks.sign import BadSecret, parse_secret

METHOD = {"method": "setIntegrationSecret"}


async def set_secret(
    store: Store, clock: Clock, secrets: Secrets, caller: Caller, integration_id: str, secret: str | None
) -> None:
    """Set or take away the secret of an integration, by the rules for a change of it.

    The integration gets a new revision, so that whoever keeps it in memory reads its secret again.
    """
    if secret is not None:
        try:
            parse_secret(secret)
        except BadSecret as error:
            raise Failure(str(error), "error-invalid-secret", details=METHOD) from None

    async def attempt() -> None:
        if not caller.may_any(*ANY_OF):
            raise Failure("Unauthorized", "not_authorized", details=METHOD)
        stored = await store.get("integrations", integration_id)
        if stored is None:
            raise Failure(NOT_FOUND)
        document = stored.decode()
        if not may_manage(caller, document.body):
            raise Failure("Invalid integration", "error-invalid-integration", details=METHOD)
        document.set("_updatedBy", {"_id": caller.id, "username": caller.username})
        document.set_date("_updatedAt", clock())
        sealed = None if secret is None else secrets.seal(integration_id, secret)
        changes = Changes(
            [Unchanged("integrations", document.id, document.revision)],
            [
                PutIntegration(document, await store.links(document.id)),
                PutSecret(integration_id, sealed),
            ],
        )
        await store.commit(changes)

    await retry(attempt)
