"""A message goes, or says that it is gone (spec/07 sections 1 and 3)."""

from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.messages import stored, thread
from strongback.messages.place import Place, access, place_by_id
from strongback.messages.sender import Sender, sender
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put, Remove

CLEARED = ("urls", "mentions", "attachments", "reactions")


async def delete(
    store: Store, clock: Clock, caller: Sender, rid: str, id: str, *, as_user: bool = False
) -> Document:
    """Delete a message; `as_user` asks what its author may do. Answers the message as it was.

    The root of a thread stays, without its words.
    """

    async def attempt() -> Document:
        message = await stored.find(store, rid, id)
        place = await place_by_id(store, rid, caller.id)
        guards = await access(store, caller.caller, place.view)
        if guards is None:
            raise _not_allowed()
        now, changes = clock(), place.changes
        await _check(store, caller, place, message, now, as_user=as_user)
        changes.guards += [*guards, Unchanged("messages", id, message.revision)]
        if isinstance(message.body.get("tmid"), str):
            await thread.retract(store, changes, message, now)
        _erase(caller, place, message, now)
        await store.commit(changes)
        return message

    return await retry(attempt)


async def _check(
    store: Store, caller: Sender, place: Place, message: Document, now: int, *, as_user: bool
) -> None:
    """Raise Failure unless the caller, or the author on whose behalf it acts, may delete this message now."""
    author = stored.author_id(message)
    acting, view = caller, place.view
    if as_user and author != caller.id:
        if not caller.caller.may_in("force-delete-message", view.subscription_roles):
            raise Failure(
                'Unauthorized. You must have the permission "force-delete-message" to delete other\'s message as them.'
            )
        account = None if author is None else await store.get("users", author)
        if account is None:
            raise Failure("User not found")
        acting = sender(account, caller.caller.access)
        theirs = await store.room_by_id(view.id, acting.id)
        if theirs is None or await access(store, acting.caller, theirs) is None:
            raise _not_allowed()
        view = theirs
    who, roles = acting.caller, view.subscription_roles
    if who.may_in("force-delete-message", roles):
        return
    own = acting.id == author and who.may_in("delete-own-message", roles)
    may = who.setting("Message_AllowDeleting") and (own or who.may_in("delete-message", roles))
    late = stored.is_late(who, view, message, "Message_AllowDeleting_BlockDeleteInMinutes", now)
    if not may or late:
        raise _not_allowed()


def _erase(caller: Sender, place: Place, message: Document, now: int) -> None:
    """Remove the row, or what it says: with a history the words are kept where nobody sees them."""
    setting, steps = caller.caller.setting, place.changes.steps
    keep = setting("Message_KeepHistory")
    show = setting("Message_ShowDeletedStatus") or bool(message.body.get("tcount"))
    if not keep and not show:
        steps.append(Remove("messages", message.id))
        return
    left = Document(message.id, dict(message.body), message.dates)
    if not show:
        left.set("_hidden", True)
        left.set_date("_updatedAt", now)
    else:
        if keep:
            steps.append(Put("messages", stored.hidden_copy(message, caller, now)))
        left.set("t", "rm")
        left.set("msg", "")
        for name in CLEARED:
            left.set(name, [])
        for name in ("md", "blocks", "customFields", "pinned", "pinnedAt", "pinnedBy", "starred"):
            left.drop(name)
        stored.mark_edited(left, caller, now)
    steps.append(Put("messages", left))


def _not_allowed() -> Failure:
    details = {"method": "deleteMessage", "action": "Delete_message"}
    return Failure("Not allowed", "error-action-not-allowed", details=details)
