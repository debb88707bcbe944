"""People whom a member brings into a room, one by one or everybody at once (spec/04 section 3)."""

from collections.abc import Sequence

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.groups.join import enter
from strongback.groups.lookup import NOUNS, check_open
from strongback.groups.standing import standing
from strongback.messages.sender import calling, public
from strongback.storage.changes import OnEvent
from strongback.storage.contract import Everything, RoomView, Store


async def find(store: Store, caller: Caller, ids: Sequence[str], usernames: Sequence[str]) -> list[Document]:
    """The accounts that an invitation names, each once; Failure for too many names, or for none that exists."""
    _check_number(caller, len(ids) + len(usernames))
    stored = [await store.get("users", id) for id in ids]
    stored += [await store.user_by_name(username) for username in usernames]
    found = {one.id: public(one) for one in stored if one is not None}
    users = [user for user in found.values() if _has_username(user)]
    if not users:
        raise Failure("Cannot invite if no valid users are provided", "error-empty-invite-list")
    return users


async def invite(
    store: Store,
    clock: Clock,
    caller: Caller,
    room: RoomView,
    users: Sequence[Document],
    *,
    on_event: Sequence[OnEvent] = (),
) -> None:
    """Make accounts members of a room, all of them or none; who is a member stays one."""

    async def attempt() -> None:
        here = await standing(store, caller, room.id, NOUNS[room.type])
        joined = here.view.subscribed and caller.may_in(
            "add-user-to-joined-room", here.view.subscription_roles
        )
        if not joined and not caller.may(f"add-user-to-any-{here.view.type}-room"):
            raise Failure("Not allowed", "error-not-allowed", details={"method": "addUsersToRoom"})
        check_open(here.view)
        changes, now = here.changes(), clock()
        inviter = (await calling(store, caller)).account
        for user in users:
            if await store.subscription(room.id, user.id) is None:
                await enter(changes, here.room, user, now, invited_by=inviter, on_event=on_event)
        if changes.steps:
            await store.commit(changes)

    await retry(attempt)


async def add_all(
    store: Store,
    clock: Clock,
    caller: Caller,
    room: RoomView,
    *,
    active_only: bool,
    on_event: Sequence[OnEvent] = (),
) -> None:
    """Make every account a member of a room, or every active one."""
    if not caller.may("add-all-to-room"):
        raise Failure("Not allowed", "error-not-allowed", details={"method": "addAllToRoom"})
    users: list[Document] = []
    async for rows in store.scan(Everything("users"), "id"):
        accounts = [public(row) for row in rows]
        users += [one for one in accounts if one.body.get("active", True) is True or not active_only]
        _check_number(caller, len(users))

    async def attempt() -> None:
        here = await standing(store, caller, room.id, NOUNS[room.type])
        check_open(here.view)
        changes, now = here.changes(), clock()
        for user in filter(_has_username, users):
            if await store.subscription(room.id, user.id) is None:
                await enter(changes, here.room, user, now, on_event=on_event)
        if changes.steps:
            await store.commit(changes)

    await retry(attempt)


def _check_number(caller: Caller, number: int) -> None:
    if number > caller.setting("API_User_Limit"):
        raise Failure("User Limit Exceeded", "error-user-limit-exceeded")


def _has_username(user: Document) -> bool:
    return isinstance(user.body.get("username"), str) and user.body["username"] != ""
