"""A changed integration (spec/05 section 3): what the request names is set, every other member is kept."""

from collections.abc import Mapping
from typing import Any

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document, Stored
from strongback.errors import Failure
from strongback.integrations import validate_incoming, validate_outgoing
from strongback.integrations.channels import bind
from strongback.integrations.create import guards, outgoing_user_missing
from strongback.integrations.disable import forget_reason
from strongback.integrations.engine import LEGACY_ENGINE, frozen_reason
from strongback.integrations.poster import grant_bot, posting_account
from strongback.integrations.scope import INCOMING, MANAGE, MANAGE_OWN, OUTGOING, may_manage
from strongback.integrations.script import compile_script, once
from strongback.scripts.compile import Compile
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Link, PutIntegration

NOT_FOUND = "No integration found."


async def update(
    store: Store,
    clock: Clock,
    caller: Caller,
    kind: str,
    given: Mapping[str, Any],
    *,
    frozen: str,
    compile: Compile,
) -> Document:
    """Change an integration of a type by the sent members, which have passed the schema; answers the document."""
    compile = once(compile)

    async def attempt() -> Document:
        document = await find(store, kind, given)
        changes = Changes([Unchanged("integrations", document.id, document.revision)])
        if kind == INCOMING:
            links = await _incoming(store, clock, caller, document, given, changes, frozen)
        else:
            links = await _outgoing(store, caller, document, given, changes, frozen)
        await compile_script(document, compile, frozen=frozen)
        forget_reason(document)
        document.set("channel", [link.text for link in links])
        document.set("_updatedBy", {"_id": caller.id, "username": caller.username})
        document.set_date("_updatedAt", clock())
        changes.guards += guards(links)
        changes.steps.append(PutIntegration(document, links))
        await store.commit(changes)
        return document

    return await retry(attempt)


async def find(store: Store, kind: str, given: Mapping[str, Any]) -> Document:
    """The integration that a request names by URL (outgoing) or by id; one of another type is not found."""
    stored: Stored | None = None
    url, id = given.get("target_url"), given.get("integrationId")
    if kind == OUTGOING and isinstance(url, str) and url:
        stored = await store.integration_by_url(url)
    elif isinstance(id, str) and id:
        stored = await store.get("integrations", id)
    document = None if stored is None else stored.decode()
    if document is None or document.body.get("type") != kind:
        raise Failure(NOT_FOUND)
    return document


def _set(document: Document, members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        document.set(name, value)


def _set_script(document: Document, given: Mapping[str, Any], members: dict[str, Any], frozen: str) -> None:
    """Decide over the script's members: a frozen engine keeps them, and refuses a change of them."""
    body = document.body
    engine = given.get("scriptEngine") or body.get("scriptEngine") or LEGACY_ENGINE
    reason = frozen_reason(engine, frozen)
    if reason is None:
        members["scriptEngine"] = engine
        return
    script = given.get("script")
    if engine != (body.get("scriptEngine") or LEGACY_ENGINE) or (script or "") != (body.get("script") or ""):
        raise Failure("", reason)
    members.pop("script", None)
    members.pop("scriptEnabled", None)


async def _incoming(
    store: Store,
    clock: Clock,
    caller: Caller,
    document: Document,
    given: Mapping[str, Any],
    changes: Changes,
    frozen: str,
) -> list[Link]:
    method = {"method": "updateIncomingIntegration"}
    entries = validate_incoming.channel_entries(given, method)
    if not caller.may_any(MANAGE[INCOMING], MANAGE_OWN[INCOMING]):
        raise Failure("Unauthorized", "not_authorized", details=method)
    if not may_manage(caller, document.body):
        raise Failure("Invalid integration", "error-invalid-integration", details=method)
    members = validate_incoming.members(given)
    _set_script(document, given, members, frozen)
    links = await bind(store, caller, entries, manage=MANAGE[INCOMING], details=method)
    account = await posting_account(store, str(document.body.get("username", "")), changes)
    if account is None or account.id != document.body.get("userId"):  # the name may be another's now
        raise Failure("Invalid Post As User", "error-invalid-post-as-user", details=method)
    grant_bot(account, changes, clock())
    _set(document, members)
    return links


async def _outgoing(
    store: Store,
    caller: Caller,
    document: Document,
    given: Mapping[str, Any],
    changes: Changes,
    frozen: str,
) -> list[Link]:
    entries = validate_outgoing.check(given, caller)
    account = await posting_account(store, given["username"], changes)
    if account is None:
        raise outgoing_user_missing()
    details = {"function": validate_outgoing.PERMISSIONS}
    links = await bind(store, caller, entries, manage=MANAGE[OUTGOING], details=details)
    method = {"method": "updateOutgoingIntegration"}
    if not (given.get("token") or "").strip():
        raise Failure("Invalid token", "error-invalid-token", details=method)
    if not caller.may_any(MANAGE[OUTGOING], MANAGE_OWN[OUTGOING]):
        raise Failure("Unauthorized", "not_authorized", details=method)
    if not may_manage(caller, document.body):
        text = "[methods] updateOutgoingIntegration -> integration not found"
        raise Failure(text, "invalid_integration", details=method)
    members = validate_outgoing.members(given) | {"username": given["username"], "userId": account.id}
    _set_script(document, given, members, frozen)
    _set(document, members)
    if not validate_outgoing.EVENTS[given["event"]].trigger_words:
        document.drop("triggerWords")
    return links
