"""Roles, permissions and settings of a dump; they replace ours with the same id."""

from strongback.importing.draft import Draft, Refused
from strongback.storage.changes import Changes
from strongback.storage.steps import Put

SCOPES = ("Users", "Subscriptions")


def role(draft: Draft) -> Changes:
    """Keep a role; one without a known scope is a role of users."""
    if draft.body.get("scope") not in SCOPES:
        draft.change("scope", "Users", "scope was missing or unknown and became Users")
    if not isinstance(draft.body.get("name"), str):
        draft.change("name", draft.id, "name was missing and became the _id")
    return Changes(steps=[Put("roles", draft.document)])


def permission(draft: Draft) -> Changes:
    """Keep a permission; roles that nobody defined do no harm."""
    draft.texts("roles")
    return Changes(steps=[Put("permissions", draft.document)])


def setting(draft: Draft) -> Changes:
    """Keep a setting that has a value."""
    if "value" not in draft.body:
        raise Refused("it has no value")
    return Changes(steps=[Put("settings", draft.document)])
