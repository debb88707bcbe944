"""Which names rooms may have, and which are taken (spec/04 section 3)."""

from strongback.accounts.caller import Caller
from strongback.accounts.usernames import fits, is_blocked
from strongback.errors import Failure
from strongback.storage.contract import Store
from strongback.storage.guards import Absent
from strongback.storage.selections import Having

LONGEST = 255
RESERVED = frozenset({"admin", "administrator", "system", "user"})


def checked(caller: Caller, name: str) -> str:
    """The name without spaces around it; Failure for one that has not the form that the settings ask for."""
    name = name.strip()
    if not name:
        raise Failure("Invalid name", "error-invalid-name")
    pattern = caller.setting("UTF8_Channel_Names_Validation")
    if len(name) > LONGEST or name.casefold() in RESERVED or not fits(pattern, name):
        raise Failure(
            f"{name} is not a valid room name.", "error-invalid-room-name", details={"channel_name": name}
        )
    return name


async def free(store: Store, caller: Caller, name: str) -> Absent:
    """The guard under which no room has the name; Failure where one has it."""
    taken = await store.room_by_name(name, caller.id)
    if taken is not None and taken.archived:
        raise Failure(f"There's an archived channel with name {name}", "error-archived-duplicate-name")
    if taken is not None:
        raise Failure(f"A channel with name '{name}' exists", "error-duplicate-channel-name")
    return Absent("rooms", "name", name)


async def free_of_users(store: Store, caller: Caller, name: str) -> Absent:
    """The guard under which nobody has the name as a username, in upper or lower case; Failure where somebody has it."""
    folded = name.casefold()
    if is_blocked(caller.access.settings, name) or await store.select(
        Having("users", "username_fold", folded)
    ):
        raise Failure(f"A room, team or user with name '{name}' already exists", "error-duplicate-handle")
    return Absent("users", "username_fold", folded)
