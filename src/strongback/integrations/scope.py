"""Which integrations a caller may see and change (spec/04 section 2, step 7)."""

from collections.abc import Mapping
from typing import Any

from strongback.accounts.caller import Caller
from strongback.storage.selections import IntegrationScope

INCOMING, OUTGOING = "webhook-incoming", "webhook-outgoing"

MANAGE: Mapping[str, str] = {
    INCOMING: "manage-incoming-integrations",
    OUTGOING: "manage-outgoing-integrations",
}
MANAGE_OWN: Mapping[str, str] = {
    INCOMING: "manage-own-incoming-integrations",
    OUTGOING: "manage-own-outgoing-integrations",
}
ANY_OF = (MANAGE[OUTGOING], MANAGE_OWN[OUTGOING], MANAGE[INCOMING], MANAGE_OWN[INCOMING])


Clauses = tuple[tuple[str | None, str | None], ...]
"""Types and creators of integrations, None for any of them; an integration is shown where one of these fits."""


def clauses(caller: Caller) -> Clauses:
    """The integrations that the caller's permissions show, as (type or None, creator or None), ORed.

    Row two of the table is upstream's: both own permissions together show the caller's own and nothing else, even
    beside one permission for all of a type.
    """
    if all(caller.may(permission) for permission in MANAGE.values()):
        return ((None, None),)
    if all(caller.may(permission) for permission in MANAGE_OWN.values()):
        return ((None, caller.id),)
    shown: list[tuple[str | None, str | None]] = []
    for kind in (OUTGOING, INCOMING):
        if caller.may(MANAGE[kind]):
            shown.append((kind, None))
        if caller.may(MANAGE_OWN[kind]):
            shown.append((kind, caller.id))
    return tuple(shown)


def shows(clauses: Clauses, body: Mapping[str, Any]) -> bool:
    """Whether an integration is shown by the clauses, as the store would find it."""
    creator = body.get("_createdBy")
    made_by = creator.get("_id") if isinstance(creator, Mapping) else None
    return any(kind in (None, body.get("type")) and who in (None, made_by) for kind, who in clauses)


def scope(caller: Caller, targets: tuple[tuple[str, str], ...] | None) -> IntegrationScope:
    """What the caller may see of the integrations linked to these targets; of all, for None."""
    return IntegrationScope(targets, clauses(caller))


def may_manage(caller: Caller, body: Mapping[str, Any]) -> bool:
    """Whether the caller may see and change this integration: any of its type, or its own of its type."""
    kind = body.get("type")
    if not isinstance(kind, str) or kind not in MANAGE:
        return False
    creator = body.get("_createdBy")
    own = isinstance(creator, Mapping) and creator.get("_id") == caller.id
    return caller.may(MANAGE[kind]) or (own and caller.may(MANAGE_OWN[kind]))
