"""The settings that the wire reads and changes (spec/01 section 11)."""

from strongback.accounts.permissions import TRIES, AccessCache
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Conflict, Failure, Unavailable
from strongback.storage.contract import Changes, Put, Store, Unchanged


async def get(store: Store, id: str) -> Document | None:
    """A setting that is not hidden; None for any other id."""
    stored = await store.get("settings", id)
    document = None if stored is None else stored.decode()
    return None if document is None or document.body.get("hidden") is True else document


def same_type(old: object, new: object) -> bool:
    """Whether a new value has the JSON type of the old one; a value that is null takes any."""
    if old is None or isinstance(old, bool) or isinstance(new, bool):
        return old is None or type(old) is type(new)
    if isinstance(old, int | float):
        return isinstance(new, int | float)
    return type(old) is type(new)


async def update(store: Store, clock: Clock, cache: AccessCache, id: str, value: object) -> None:
    """Give a setting a new value of its type; in force with the next request. Failure for an unknown id."""
    for _ in range(TRIES):
        document = await get(store, id)
        if document is None:
            raise Failure("")
        if not same_type(document.body.get("value"), value):
            kind = type(document.body.get("value")).__name__
            raise Failure(f"The value of the setting {id} must be of the type {kind}", "error-invalid-setting-value")
        document.set("value", value)
        document.set_date("_updatedAt", clock())
        try:
            await store.commit(
                Changes([Unchanged("settings", id, document.revision)], [Put("settings", document)])
            )
        except Conflict:
            continue
        await cache.refresh()
        return
    raise Unavailable(f"the setting {id} is being changed by others; try again in a moment")
