"""Integrations that are switched off by what happens elsewhere, and say why."""

from strongback.documents.document import Document

REASON = "disabledReason"
"""The member that says why; it is there for as long as the integration is disabled."""


def disable(document: Document, reason: str, now: int) -> None:
    """Switch an integration off, with a sentence that says why."""
    document.set("enabled", False)
    document.set(REASON, reason)
    document.set_date("_updatedAt", now)


def forget_reason(document: Document) -> None:
    """Take away why an integration was disabled, once it is enabled."""
    if document.body.get("enabled") is True:
        document.drop(REASON)
