"""What an account prefers, as far as it has chosen (spec/08 section 1)."""

from collections.abc import Mapping
from typing import Any

from strongback.accounts.caller import Caller
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.steps import Put


async def save(
    store: Store, clock: Clock, caller: Caller, user_id: str | None, chosen: Mapping[str, Any]
) -> Document:
    """Set the preferences that are given and keep the others; another's need `edit-other-user-info`."""
    if user_id and user_id != caller.id and not caller.may("edit-other-user-info"):
        raise Failure("Editing user is not allowed", "error-action-not-allowed")

    async def attempt() -> Document:
        stored = await store.get("users", user_id or caller.id)
        if stored is None:
            raise Failure(
                'The optional "userId" param provided does not match any users', "error-invalid-user"
            )
        user = stored.decode()
        settings = user.body.get("settings")
        settings = dict(settings) if isinstance(settings, Mapping) else {}
        kept = {name: value for name, value in chosen.items() if name != "language"}
        user.set("settings", {**settings, "preferences": {**_preferences(user), **kept}})
        if chosen.get("language") is not None:
            user.set("language", chosen["language"])
        user.set_date("_updatedAt", clock())
        await store.commit(Changes([Unchanged("users", user.id, user.revision)], [Put("users", user)]))
        return user

    return await retry(attempt)


def shown(user: Document) -> dict[str, Any]:
    """The preferences that an account has chosen, its language among them."""
    language = user.body.get("language")
    return {**_preferences(user), **({} if language is None else {"language": language})}


def _preferences(user: Document) -> dict[str, Any]:
    settings = user.body.get("settings")
    chosen = settings.get("preferences") if isinstance(settings, Mapping) else None
    return dict(chosen) if isinstance(chosen, Mapping) else {}
