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
from strongback.storage.contract import RoomView, Store
from strongback.storage.selections import Everything


async def find(store: Store, caller: Caller, ids: Sequence[str], usernames: Sequence[str]) -> list[str]:
    """The ids of the accounts that an invitation names; Failure for too many names, or for none that exists."""
    _check_number(caller, len(ids) + len(usernames))
    stored = [await store.get("users", id) for id in ids]
    stored += [await store.user_by_name(username) for username in usernames]
    found = [one.id for one in stored if one is not None and _has_username(public(one))]
    if not found:
        raise Failure("Cannot invite if no valid users are provided", "error-empty-invite-list")
    return list(dict.fromkeys(found))


async def invite(
    store: Store,
    clock: Clock,
    caller: Caller,
    room: RoomView,
    user_ids: Sequence[str],
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
        for user in await _newcomers(store, room.id, user_ids):
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
    user_ids: list[str] = []
    async for rows in store.scan(Everything("users"), "id"):
        accounts = [public(row) for row in rows]
        user_ids += [one.id for one in accounts if one.body.get("active", True) is True or not active_only]
        _check_number(caller, len(user_ids))

    async def attempt() -> None:
        here = await standing(store, caller, room.id, NOUNS[room.type])
        check_open(here.view)
        changes, now = here.changes(), clock()
        for user in await _newcomers(store, room.id, user_ids):
            await enter(changes, here.room, user, now, on_event=on_event)
        if changes.steps:
            await store.commit(changes)

    await retry(attempt)


async def _newcomers(store: Store, rid: str, user_ids: Sequence[str]) -> list[Document]:
    """Those of these accounts who still exist and are not in the room."""
    stored = [await store.get("users", id) for id in user_ids if await store.subscription(rid, id) is None]
    return [user for one in stored if one is not None and _has_username(user := public(one))]


def _check_number(caller: Caller, number: int) -> None:
    if number > caller.setting("API_User_Limit"):
        raise Failure("User Limit Exceeded", "error-user-limit-exceeded")


def _has_username(user: Document) -> bool:
    return isinstance(user.body.get("username"), str) and user.body["username"] != ""
