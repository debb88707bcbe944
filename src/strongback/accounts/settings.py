"""Settings that the wire reads and changes (spec/01 section 11)."""

from typing import Any

import pcre2

from strongback.accounts.permissions import AccessCache
from strongback.accounts.retry import retry
from strongback.accounts.setting_defaults import SETTINGS
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.contract import Changes, Put, Store, Unchanged

TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", list: "a list of texts"}
MAX_EXACT = 2**53
PATTERN_BYTES = 1000


async def find(store: Store, id: str) -> Document | None:
    """A setting that may be shown; None for one that is unknown or hidden."""
    stored = await store.get("settings", id)
    document = None if stored is None else stored.decode()
    return None if document is None or document.body.get("hidden") is True else document


async def change(store: Store, clock: Clock, cache: AccessCache, id: str, value: Any) -> bool:
    """Give a setting a value, in force for the next request; False for one that is unknown or hidden.

    Raises Failure where the value's type is not the setting's.
    """

    async def attempt() -> bool:
        document = await find(store, id)
        if document is None:
            return False
        document.set("value", checked(id, value, SETTINGS.get(id, document.body.get("value"))))
        document.set_date("_updatedAt", clock())
        unchanged = Unchanged("settings", id, document.revision)
        await store.commit(Changes([unchanged], [Put("settings", document)]))
        return True

    changed = await retry(attempt)
    if changed:
        await cache.refresh()
    return changed


def checked(id: str, value: Any, example: Any) -> Any:
    """The value as it is stored; Failure unless its type is the example's."""
    if isinstance(value, float) and value.is_integer() and type(example) is int:
        value = int(value)
    if example is not None and type(value) is not type(example):
        raise _refused(id, f"must be {TYPE_NAMES.get(type(example), 'an object')}")
    if type(value) is int and abs(value) > MAX_EXACT:
        raise _refused(id, "is too large a number")
    if isinstance(value, list) and not all(isinstance(entry, str) for entry in value):
        raise _refused(id, f"must be {TYPE_NAMES[list]}")
    if id.endswith("_Validation") and not _is_pattern(value):
        raise _refused(id, "must be a regular expression")
    return value


def _refused(id: str, rule: str) -> Failure:
    return Failure(f"The value of {id} {rule}", "error-invalid-setting-value")


def _is_pattern(text: str) -> bool:
    if len(text.encode()) > PATTERN_BYTES or text.startswith("(*"):
        return False
    try:
        pcre2.compile(text)
    except (pcre2.PatternError, ValueError):
        return False
    return True
