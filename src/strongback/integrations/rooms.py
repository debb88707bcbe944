"""What becomes of integrations when a room that they are bound to gets another name, or goes (design: bind to ids)."""

from dataclasses import replace

from strongback.documents.document import Document
from strongback.integrations.disable import disable
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import TriggersAt, Unchanged
from strongback.storage.selections import IntegrationScope
from strongback.storage.steps import Link, PutIntegration


async def rename_channels(store: Store, room: Document, changes: Changes, now: int) -> None:
    """Add to a room's new name that every integration bound to it shows that name."""
    text = f"#{room.body['name']}"
    for document, links in await _bound(store, room.id, changes):
        shown = [replace(link, text=text) if _is_to(link, room.id) else link for link in links]
        _write(changes, document, shown, now)


async def unbind(store: Store, room: Document, changes: Changes, now: int) -> None:
    """Add to a room's end that every integration bound to it loses that link; one that has no other is disabled.

    That one keeps the name, bound to nothing: an empty `channel` would mean every public channel.
    """
    for document, links in await _bound(store, room.id, changes):
        kept = [link for link in links if not _is_to(link, room.id)]
        if any(link.target is not None for link in kept):
            _write(changes, document, kept, now)
            continue
        disable(document, f"The room #{room.body.get('name', room.id)} was deleted", now)
        _write(changes, document, [replace(link, target=None) for link in links], now)


async def _bound(store: Store, rid: str, changes: Changes) -> list[tuple[Document, list[Link]]]:
    """The integrations that are bound to a room, each as the changes so far leave it, and a guard that these are all."""
    changes.guards.append(TriggersAt(await store.trigger_revision()))
    written = {step.document.id: step for step in changes.steps if isinstance(step, PutIntegration)}
    found = []
    for stored in await store.select(IntegrationScope((("room", rid),), ((None, None),))):
        step = written.get(stored.id)
        if step is None:
            found.append((stored.decode(), await store.links(stored.id)))
        elif any(_is_to(link, rid) for link in step.links):
            found.append((step.document, [*step.links]))
    return found


def _is_to(link: Link, rid: str) -> bool:
    return link.kind == "room" and link.target == rid


def _write(changes: Changes, document: Document, links: list[Link], now: int) -> None:
    document.set("channel", [link.text for link in links])
    document.set_date("_updatedAt", now)
    changes.guards.append(Unchanged("integrations", document.id, document.revision))
    changes.steps.append(PutIntegration(document, links))
