"""A new integration (spec/05 section 2)."""

from collections.abc import Mapping
from typing import Any

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.integrations import validate_incoming, validate_outgoing
from strongback.integrations.channels import bind
from strongback.integrations.engine import DEFAULT_ENGINE, refuse_frozen
from strongback.integrations.poster import grant_bot, posting_account
from strongback.integrations.scope import INCOMING, MANAGE, MANAGE_OWN, OUTGOING
from strongback.integrations.script import compile_script, once
from strongback.scripts.compile import Compile
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Absent, Guard, Holds, Present
from strongback.storage.steps import Link, PutIntegration

TOKEN_LENGTH = 48


async def create(
    store: Store,
    clock: Clock,
    caller: Caller,
    kind: str,
    given: Mapping[str, Any],
    *,
    frozen: str,
    compile: Compile,
) -> Document:
    """Make an integration of a type from the sent members, which have passed the schema.

    The answer is the document without `_updatedAt`, as upstream gives it.
    """
    compile = once(compile)

    async def attempt() -> Document:
        if kind == INCOMING:
            members, links, changes = await _incoming(store, clock, caller, given, frozen)
        else:
            members, links, changes = await _outgoing(store, caller, given, frozen)
        document = _document(kind, members, links, caller, clock())
        await compile_script(document, compile, frozen=frozen)
        changes.guards += guards(links)
        changes.guards.append(Absent("integrations", "id", document.id))
        changes.steps.append(PutIntegration(document, links))
        await store.commit(changes)
        document.drop("_updatedAt")
        return document

    return await retry(attempt)


def guards(links: list[Link]) -> list[Guard]:
    """What must still be there, under the name that is shown, when an integration is bound to it."""
    fields = {"room": ("rooms", "name"), "user": ("users", "username")}
    held: list[Guard] = []
    for link in links:
        if link.kind in fields and link.target is not None:
            kind, field = fields[link.kind]
            shown = link.text[1:]
            by_id = shown == link.target  # a room without a name
            held.append(Present(kind, link.target) if by_id else Holds(kind, link.target, field, shown))
    return held


def _document(kind: str, members: dict[str, Any], links: list[Link], caller: Caller, now: int) -> Document:
    id = ids.document_id()
    body = {"_id": id, "type": kind, **members, "channel": [link.text for link in links]}
    body["_createdBy"] = {"_id": caller.id, "username": caller.username}
    document = Document(id, body)
    document.set_date("_createdAt", now)
    document.set_date("_updatedAt", now)
    return document


async def _incoming(
    store: Store, clock: Clock, caller: Caller, given: Mapping[str, Any], frozen: str
) -> tuple[dict[str, Any], list[Link], Changes]:
    method = {"method": "addIncomingIntegration"}
    if not caller.may_any(MANAGE[INCOMING], MANAGE_OWN[INCOMING]):
        raise Failure("Unauthorized", "not_authorized", details=method)
    entries = validate_incoming.channel_entries(given, method)
    username = validate_incoming.check_username(given, method)
    engine = given.get("scriptEngine") or DEFAULT_ENGINE
    if (given.get("script") or "").strip():
        refuse_frozen(engine, frozen)
    changes = Changes()
    account = await posting_account(store, username, changes)
    if account is None:
        raise Failure("Invalid user", "error-invalid-user", details=method)
    links = await bind(store, caller, entries, manage=MANAGE[INCOMING], details=method)
    grant_bot(account, changes, clock())
    members = validate_incoming.members(given) | {"username": username, "userId": account.id}
    members |= {"scriptEngine": engine, "token": ids.unmistakable(TOKEN_LENGTH)}
    members.setdefault("overrideDestinationChannelEnabled", False)
    return members, links, changes


async def _outgoing(
    store: Store, caller: Caller, given: Mapping[str, Any], frozen: str
) -> tuple[dict[str, Any], list[Link], Changes]:
    if not caller.may_any(MANAGE[OUTGOING], MANAGE_OWN[OUTGOING]):
        raise Failure("", "not_authorized", details={"method": "addOutgoingIntegration"})
    engine = given.get("scriptEngine") or DEFAULT_ENGINE
    if (given.get("script") or "").strip():
        refuse_frozen(engine, frozen)
    entries = validate_outgoing.check(given, caller)
    changes = Changes()
    account = await posting_account(store, given["username"], changes)
    if account is None:
        raise outgoing_user_missing()
    details = {"function": validate_outgoing.PERMISSIONS}
    links = await bind(store, caller, entries, manage=MANAGE[OUTGOING], details=details)
    members = validate_outgoing.members(given) | {"username": given["username"], "userId": account.id}
    return members | {"scriptEngine": engine}, links, changes


def outgoing_user_missing() -> Failure:
    """What a caller hears where the posting account of an outgoing integration does not exist."""
    return Failure(
        "Invalid user (did you delete the `rocket.cat` user?)",
        "error-invalid-user",
        details={"function": validate_outgoing.FUNCTION},
    )
