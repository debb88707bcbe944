"""A delivery sent once more: the same id and the same body, at another time (spec/05 section 4)."""

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.egress.client import origin
from strongback.errors import Failure
from strongback.integrations.scope import MANAGE, MANAGE_OWN, OUTGOING, may_manage
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import PutReplay, Target
from strongback.webhooks.replay_source import METHOD, Source, of_delivery, of_record


async def replay(
    store: Store,
    clock: Clock,
    caller: Caller,
    integration_id: str,
    *,
    history_id: str | None = None,
    delivery_id: str | None = None,
    render: bool = False,
) -> str:
    """Owe again what a record of history, or a delivery, tells of; answers the id of the new delivery.

    The body that was sent goes out again, as it was. With `render` the request is prepared by the integration as it
    is now, its script included.
    """

    async def attempt() -> str:
        now = clock()
        integration = await _integration(store, caller, integration_id)
        if history_id is not None:
            source = await of_record(store, integration, history_id, now)
        else:
            source = await of_delivery(store, integration, delivery_id or "")
        number = await store.last_replay(source.id) + 1
        owed = _owed(source, integration, number, now, render=render)
        guard = Unchanged("integrations", integration.id, integration.revision)
        await store.commit(Changes([guard], [source.event, owed]))
        return owed.id

    return await retry(attempt)


async def _integration(store: Store, caller: Caller, id: str) -> Document:
    if not caller.may_any(MANAGE[OUTGOING], MANAGE_OWN[OUTGOING]):
        raise Failure("Unauthorized", "not_authorized", details=METHOD)
    stored = await store.get("integrations", id)
    document = None if stored is None else stored.decode()
    if document is None or document.body.get("type") != OUTGOING or not may_manage(caller, document.body):
        raise Failure("Invalid integration", "error-invalid-integration", details=METHOD)
    if document.body.get("enabled") is not True:
        text = "The integration is disabled: enable it, then replay"
        raise Failure(text, "error-integration-disabled", details=METHOD)
    return document


def _owed(source: Source, integration: Document, number: int, now: int, *, render: bool) -> PutReplay:
    request = None if render else source.request
    return PutReplay(
        id=f"{source.id}.{number}",
        event_id=source.event.id,
        target=Target(integration.id, source.url, origin(source.url), source.trigger_word),
        replay=number,
        created=now,
        request=request,
        request_revision=None if request is None else integration.revision,
    )
