"""Putting somebody out of a room (spec/04 section 3)."""

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.user import brief
from strongback.errors import Failure
from strongback.groups.leave import commit, depart, tell
from strongback.groups.lookup import NOUNS, can_access, check_open, not_found
from strongback.groups.standing import standing
from strongback.messages.sender import calling
from strongback.storage.contract import RoomView, Store


async def kick(store: Store, clock: Clock, caller: Caller, room: RoomView, user: Document) -> None:
    """End somebody's membership of a room, which fires no event.

    Who may kick from any room need not see it, and finds a departed member gone, not missing.
    """
    noun, details = NOUNS[room.type], {"method": "removeUserFromRoom"}
    anywhere = caller.may(f"kick-user-from-any-{room.type}-room")

    async def attempt() -> None:
        here = await standing(store, caller, room.id, noun)
        if not caller.may_in("remove-user", here.view.subscription_roles):
            raise Failure("Not allowed", "error-not-allowed", details=details)
        if not anywhere and not await can_access(store, caller, here.view):
            raise not_found(noun)
        check_open(here.view)
        theirs = await store.subscription(room.id, user.id)
        if theirs is None and anywhere:
            return
        if theirs is None:
            raise Failure("User is not in this room", "error-user-not-in-room", details=details)
        changes, author = here.changes(), (await calling(store, caller)).account
        depart(changes, room.id, theirs.id, user.id)
        tell(changes, "ru", room.id, str(user.body.get("username", "")), brief(author), clock())
        await commit(store, changes, details)

    await retry(attempt)
