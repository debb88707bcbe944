"""Threads: a reply belongs to the thread's root, which counts its replies (spec/07 section 3)."""

from collections.abc import Sequence

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes, Put, Unchanged
from strongback.storage.contract import Store


async def root_of(store: Store, rid: str, tmid: str) -> Document:
    """The root of the thread that a message of this room belongs to; Failure for no such message."""
    stored = await store.get("messages", tmid)
    parent = None if stored is None else stored.decode()
    if parent is not None and isinstance(parent.body.get("tmid"), str):
        above = await store.get("messages", parent.body["tmid"])
        parent = parent if above is None else above.decode()
    if parent is None or parent.body.get("rid") != rid:
        raise Failure("The message to reply to is not in this room", "error-invalid-message")
    return parent


def reply(changes: Changes, root: Document, author_id: str, mentioned: Sequence[str], at: int) -> None:
    """Count a reply in its thread's root, which its author, the root's and all who are mentioned follow."""
    followers = root.body.get("replies")
    known = list(followers) if isinstance(followers, list) else []
    starter = (root.body.get("u") or {}).get("_id")
    wanted = [*known, *mentioned, author_id] if known else [*mentioned, starter, author_id]
    root.set("tcount", _count(root) + 1)
    root.set("replies", list(dict.fromkeys(one for one in wanted if isinstance(one, str))))
    root.set_date("tlm", at)
    _write(changes, root, at)


def retract(changes: Changes, root: Document, at: int) -> None:
    """Take a reply off its thread's root; with the last one the thread ends."""
    count = _count(root) - 1
    if count > 0:
        root.set("tcount", count)
    else:
        for name in ("tcount", "tlm", "replies"):
            root.drop(name)
    _write(changes, root, at)


def _count(root: Document) -> int:
    count = root.body.get("tcount")
    return count if isinstance(count, int) else 0


def _write(changes: Changes, root: Document, at: int) -> None:
    root.set_date("_updatedAt", at)
    changes.guards.append(Unchanged("messages", root.id, root.revision))
    changes.steps.append(Put("messages", root))
