"""A message on its way into a room: prepared as changes, then committed (spec/06 A6, spec/07 section 3)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from strongback import ids
from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.dates import format_date
from strongback.documents.document import Document, Path
from strongback.documents.event import Event
from strongback.errors import Conflict, Failure
from strongback.messages.build import Draft
from strongback.messages.mentions import channels, mentions
from strongback.messages.place import Place, admit
from strongback.messages.sender import Sender, missing
from strongback.messages.targets import resolve
from strongback.messages.text import links
from strongback.messages.thread import reply, root_of
from strongback.storage.changes import Changes, OnEvent
from strongback.storage.contract import Store
from strongback.storage.guards import Absent, Present
from strongback.storage.steps import MarkSeen, Put

DATES: tuple[Path, ...] = (("ts",), ("_updatedAt",))

MOST_BYTES = 100_000
"""How much a message may carry beside its text: a page of a hundred of them has to stay small."""

Find = Callable[[], Awaitable[Place]]
"""Says where to post: asked again after a lost race."""


async def post_all(
    store: Store,
    clock: Clock,
    sender: Sender,
    draft: Draft,
    *,
    on_event: Sequence[OnEvent] = (),
    hops: int = 0,
    bot: Mapping[str, Any] | None = None,
) -> list[tuple[str, Document]]:
    """Post a message to each of its targets, in order; the first that fails ends it, what was posted stays."""
    posted = []
    for target in draft.targets:
        find = partial(resolve, store, clock, sender, target, on_event=on_event, hops=hops)
        document = await post(store, clock, sender, find, draft, on_event=on_event, hops=hops, bot=bot)
        posted.append((target, document))
    return posted


async def post(
    store: Store,
    clock: Clock,
    sender: Sender,
    find: Find,
    draft: Draft,
    *,
    on_event: Sequence[OnEvent] = (),
    hops: int = 0,
    bot: Mapping[str, Any] | None = None,
) -> Document:
    """Post a message where `find` says; it is on the disk when this returns."""

    async def attempt() -> Document:
        place = await find()
        document, changes = await prepare(
            store, clock, sender, place, draft, on_event=on_event, hops=hops, bot=bot
        )
        try:
            await store.commit(changes)
        except Conflict as lost:
            raise missing() if lost.guard == Present("users", sender.id) else lost from None
        return document

    return await retry(attempt)


async def prepare(
    store: Store,
    clock: Clock,
    sender: Sender,
    place: Place,
    draft: Draft,
    *,
    on_event: Sequence[OnEvent] = (),
    hops: int = 0,
    bot: Mapping[str, Any] | None = None,
) -> tuple[Document, Changes]:
    """The message and all that is written with it; Failure where the sender may not post it here.

    Who writes has seen the room, unless `bot` marks the message as an integration's, whatever the draft says; `hops`
    counts the integrations that led to it.
    """
    await admit(store, sender, place)
    _check(sender, place, draft)
    now, changes = clock(), place.changes
    at = now if draft.at is None else draft.at
    if draft.id is not None:
        if await store.get("messages", draft.id) is not None:
            raise Failure(f'There is a message with the id "{draft.id}" already.')
        changes.guards.append(Absent("messages", "id", draft.id))
    body = {
        "_id": draft.id or ids.ordered_id(now),
        "rid": place.room.id,
        "msg": draft.msg,
        "ts": format_date(at),
        "u": sender.author,
        "_updatedAt": format_date(now),
        **await named(store, sender, place, draft.msg, previews=draft.previews, parse_urls=draft.parse_urls),
        **draft.members,
    }
    if bot is not None:
        body["bot"] = dict(bot)
    if draft.tmid is not None:
        root = await root_of(store, place.room.id, draft.tmid)
        body["tmid"] = root.id
        reply(changes, root, sender.id, [one["_id"] for one in body["mentions"] if "type" in one], at)
    document = Document(body["_id"], body, DATES)
    changes.steps.append(Put("messages", document))
    if bot is None:
        changes.steps.append(MarkSeen(place.room.id, sender.id, now))
    for hook in on_event:
        await hook(changes, Event("sendMessage", place.room, sender.account, document, None, at, hops))
    return document, changes


async def named(
    store: Store,
    sender: Sender,
    place: Place,
    text: str,
    *,
    previews: frozenset[str] | None = None,
    parse_urls: bool = True,
) -> dict[str, Any]:
    """The members of a message that say what its text names: `urls`, `mentions`, `channels`."""
    found: dict[str, Any] = {}
    if parse_urls:
        found["urls"] = [
            {"url": url, "meta": {}} | ({} if previews is None or url in previews else {"ignoreParse": True})
            for url in links(text)
        ]
    found["mentions"] = await mentions(store, sender, place.view, text)
    found["channels"] = await channels(store, sender, text)
    return found


def check_size(caller: Caller, text: str) -> None:
    """Raise Failure for a text that is longer than the setting allows, counted as JavaScript does."""
    most = caller.setting("Message_MaxAllowedSize")
    if len(text) > most or (len(text) * 2 > most and len(text.encode("utf-16-le")) > most * 2):
        raise Failure(
            "Message size exceeds Message_MaxAllowedSize",
            "error-message-size-exceeded",
            details={"method": "sendMessage"},
        )


def _check(sender: Sender, place: Place, draft: Draft) -> None:
    """Raise Failure for a message that this sender may not send here, in a room that it may write in."""
    caller, members = sender.caller, draft.members
    impersonates = bool(members.get("alias") or members.get("avatar"))
    if impersonates and not caller.may_in("message-impersonate", place.view.subscription_roles):
        raise Failure("Not enough permission")
    check_size(caller, draft.msg)
    if len(msgspec.json.encode(draft.members)) > MOST_BYTES:
        raise Failure(
            f"The attachments and fields of a message may have {MOST_BYTES} bytes at most",
            "error-message-size-exceeded",
            details={"method": "sendMessage"},
        )
    encrypted = place.room.body.get("encrypted") is True and caller.setting("E2E_Enable")
    if encrypted and not caller.setting("E2E_Allow_Unencrypted_Messages") and members.get("t") != "e2e":
        raise Failure(
            "Not allowed to send un-encrypted messages in an encrypted room",
            "error-not-allowed",
            details={"method": "sendMessage"},
        )
