"""What becomes of integrations when the account they post as goes (spec/05 section 6)."""

from strongback.documents.document import Document
from strongback.integrations.disable import disable
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.selections import Having
from strongback.storage.steps import PutIntegration


async def disable_integrations(store: Store, user: Document, changes: Changes, now: int) -> None:
    """Add to a user's deletion that every integration posting as that user is disabled."""
    posting = Having("integrations", "user_id", user.id)
    changes.guards.append(await store.steady(posting))
    for stored in await store.select(posting):
        document = stored.decode()
        name = user.body.get("username", user.id)
        disable(document, f"The account {name}, as which it posts, was deleted", now)
        changes.steps.append(PutIntegration(document, await store.links(stored.id)))
