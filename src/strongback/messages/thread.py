"""Threads: a reply belongs to the thread's root, which counts its replies (spec/07 section 3)."""

from collections.abc import Sequence

import msgspec

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.dates import parse_date
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages.place import access
from strongback.messages.stored import by_id
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.selections import Thread
from strongback.storage.steps import Put


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
    known = _followers(root)
    starter = (root.body.get("u") or {}).get("_id")
    wanted = [*known, *mentioned, author_id] if known else [*mentioned, starter, author_id]
    root.set("tcount", _count(root) + 1)
    root.set("replies", list(dict.fromkeys(one for one in wanted if isinstance(one, str))))
    root.set_date("tlm", at)
    _write(changes, root, at)


async def retract(store: Store, changes: Changes, reply: Document, at: int) -> None:
    """Take a reply off its thread's root; with the last one the thread ends."""
    stored = await store.get("messages", reply.body["tmid"])
    if stored is None:
        return
    root = stored.decode()
    count = _count(root) - 1
    if count > 0:
        root.set("tcount", count)
        if (last := await _last_but(store, root.id, reply.id)) is not None:
            root.set_date("tlm", last)
    else:
        for name in ("tcount", "tlm", "replies"):
            root.drop(name)
    _write(changes, root, at)


async def follow(store: Store, clock: Clock, caller: Caller, id: str, *, follows: bool) -> None:
    """Let the caller follow the thread that a message begins or belongs to, or no longer."""
    method = "followMessage" if follows else "unfollowMessage"
    if not caller.setting("Threads_enabled"):
        raise Failure("not-allowed", "error-not-allowed", details={"method": method})

    async def attempt() -> None:
        message = await by_id(store, id)
        if message is None:
            raise Failure("Invalid message", "error-invalid-message", details={"method": method})
        view = await store.room_by_id(message.body["rid"], caller.id)
        guards = None if view is None else await access(store, caller, view)
        if guards is None:
            raise Failure("not-allowed", "error-not-allowed", details={"method": method})
        root = message
        if isinstance(message.body.get("tmid"), str):
            stored = await store.get("messages", message.body["tmid"])
            if stored is None:
                return
            root = stored.decode()
        followers = _followers(root)
        if (caller.id in followers) == follows:
            return
        root.set(
            "replies", [*followers, caller.id] if follows else [id for id in followers if id != caller.id]
        )
        changes = Changes([*guards])
        _write(changes, root, clock())
        await store.commit(changes)

    await retry(attempt)


async def _last_but(store: Store, root: str, id: str) -> int | None:
    """When the last reply of a thread was written, this one left out; None where there is no other."""
    for text in (await store.page(Thread(root), "newest", 0, 2)).texts:
        body = msgspec.json.decode(text)
        if body["_id"] != id:
            return parse_date(body["ts"]) if isinstance(body.get("ts"), str) else None
    return None


def _followers(root: Document) -> list[str]:
    replies = root.body.get("replies")
    return [one for one in replies if isinstance(one, str)] if isinstance(replies, list) else []


def _count(root: Document) -> int:
    count = root.body.get("tcount")
    return count if isinstance(count, int) else 0


def _write(changes: Changes, root: Document, at: int) -> None:
    root.set_date("_updatedAt", at)
    changes.guards.append(Unchanged("messages", root.id, root.revision))
    changes.steps.append(Put("messages", root))
