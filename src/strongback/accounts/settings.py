"""The settings that the wire reads and changes (spec/01 section 11)."""

from typing import Any

import pcre2

from strongback.accounts.permissions import AccessCache
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put

TYPE_NAMES = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "a list of texts",
}
MAX_EXACT = 2**53
PATTERN_BYTES = 1000


async def get(store: Store, id: str) -> Document | None:
    """A setting that is not hidden; None for any other id."""
    stored = await store.get("settings", id)
    document = None if stored is None else stored.decode()
    return None if document is None or document.body.get("hidden") is True else document


async def update(store: Store, clock: Clock, cache: AccessCache, id: str, value: Any) -> None:
    """Give a setting a new value of its type; in force with the next request. Failure for an unknown id."""

    async def attempt() -> None:
        document = await get(store, id)
        if document is None:
            raise Failure("")
        document.set("value", checked(id, value, document.body.get("value")))
        document.set_date("_updatedAt", clock())
        unchanged = Unchanged("settings", id, document.revision)
        await store.commit(Changes([unchanged], [Put("settings", document)]))

    await retry(attempt)
    await cache.refresh()


def checked(id: str, value: Any, old: Any) -> Any:
    """The value as it is stored; Failure unless it has the old one's type (where that is null, any will do)."""
    if isinstance(value, float) and value.is_integer() and type(old) is int:
        value = int(value)
    if old is not None and type(value) is not type(old):
        raise _refused(id, f"must be {TYPE_NAMES.get(type(old), 'an object')}")
    if type(value) is int and abs(value) > MAX_EXACT:
        raise _refused(id, "is too large a number")
    if isinstance(value, list) and not all(isinstance(entry, str) for entry in value):
        raise _refused(id, f"must be {TYPE_NAMES[list]}")
    if id.endswith("_Validation") and not _is_pattern(value):
        raise _refused(id, "must be a regular expression")
    return value


def _refused(id: str, rule: str) -> Failure:
    return Failure(f"The value of the setting {id} {rule}", "error-invalid-setting-value")


def _is_pattern(text: str) -> bool:
    if len(text.encode()) > PATTERN_BYTES or text.startswith("(*"):
        return False
    try:
        pcre2.compile(f"^(?:{text})\\z")
    except pcre2.LibraryError:
        return False
    return True
