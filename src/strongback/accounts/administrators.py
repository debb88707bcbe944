"""The last administrator stays one, whatever else happens to accounts."""

import msgspec

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import AdminRemains
from strongback.storage.selections import UsersWith

ADMIN = "admin"


async def exist(store: Store) -> bool:
    """Whether anybody is an administrator, active or not."""
    return bool((await store.page(UsersWith(ADMIN), "username", 0, 1)).texts)


async def one_remains(store: Store, changes: Changes, user: Document, refusal: Failure) -> None:
    """Add to a commit after which an account is no active administrator that another is one; raise `refusal` for the last.

    The guard says so too of two that are made at once: whoever is late reads again.
    """
    if ADMIN not in (user.body.get("roles") or ()):
        return
    page = await store.page(UsersWith(ADMIN), "username", 0, 0)
    others = (body for body in map(msgspec.json.decode, page.texts) if body["_id"] != user.id)
    if not any(body.get("active", True) is True for body in others):
        raise refusal
    changes.guards.append(AdminRemains(user.id))
