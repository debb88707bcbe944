"""The account that an integration posts as."""

from strongback.documents.document import Document
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put


async def posting_account(store: Store, username: str, changes: Changes) -> Document | None:
    """The account with exactly this username; a guard keeps it as it is until the commit. None for no such account."""
    stored = await store.user_by_name(username)
    account = None if stored is None else stored.decode()
    if account is None or account.body["username"] != username:
        return None
    changes.guards.append(Unchanged("users", account.id, account.revision))
    return account


def grant_bot(account: Document, changes: Changes, now: int) -> None:
    """Give the account the role `bot`, unless it has it: upstream does so for every incoming integration."""
    roles = account.body.get("roles")
    roles = roles if isinstance(roles, list) else []
    if "bot" in roles:
        return
    account.set("roles", [*roles, "bot"])
    account.set_date("_updatedAt", now)
    changes.steps.append(Put("users", account))
