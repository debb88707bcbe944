"""Messages of a dump."""

from strongback.importing.draft import Draft
from strongback.storage.changes import Changes
from strongback.storage.steps import Put


def message(draft: Draft) -> Changes:
    """Keep a message that names its room."""
    draft.text("rid")
    return Changes(steps=[Put("messages", draft.document)])
