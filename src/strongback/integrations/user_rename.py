"""What becomes of integrations when the account that they post as, or are bound to, gets another name."""

from dataclasses import replace

from strongback.documents.document import Document
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import TriggersAt, Unchanged
from strongback.storage.selections import Having, IntegrationScope
from strongback.storage.steps import PutIntegration


async def rename_user(store: Store, user: Document, changes: Changes, now: int) -> None:
    """Add to an account's new name that every integration which posts as it, or is bound to it, shows that name."""
    changes.guards.append(TriggersAt(await store.trigger_revision()))
    name = user.body["username"]
    bound = await store.select(IntegrationScope((("user", user.id),), ((None, None),)))
    posting = await store.select(Having("integrations", "user_id", user.id))
    for stored in {one.id: one for one in (*bound, *posting)}.values():
        document = stored.decode()
        links = [
            replace(link, text=f"@{name}") if (link.kind, link.target) == ("user", user.id) else link
            for link in await store.links(stored.id)
        ]
        document.set("channel", [link.text for link in links])
        if document.body.get("userId") == user.id:
            document.set("username", name)
        document.set_date("_updatedAt", now)
        changes.guards.append(Unchanged("integrations", document.id, document.revision))
        changes.steps.append(PutIntegration(document, links))
