"""Users of a dump, with their password hashes; their tokens are stored apart."""

from collections.abc import Iterator
from typing import Any

from strongback.documents.document import Path
from strongback.importing.draft import Draft, Refused, Rival
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Put, PutToken, RemoveTokens, Step, Token

TOKENS: Path = ("services", "resume", "loginTokens")
GLOBAL_ROLES = "__global_roles__"


def user(draft: Draft) -> Changes:
    """Keep a user; the tokens that the dump gives replace all that the user has here."""
    body = draft.body
    if body.get("username") is None:
        raise Refused("it has no username: the registration was not finished")
    draft.text("username")
    roles = body.get("roles")
    if isinstance(roles, dict):
        draft.change("roles", roles.get(GLOBAL_ROLES), "roles by scope became the list of the global ones")
    draft.texts("roles")
    if "emails" in body and not isinstance(body["emails"], list):
        draft.document.drop("emails")
        draft.notes.append("emails was no list and was left out")
    tokens: list[Step] = [PutToken(token) for token in take_tokens(draft)]
    return Changes(steps=[Put("users", draft.document), RemoveTokens(draft.id), *tokens])


def take_tokens(draft: Draft) -> list[Token]:
    """Take the login tokens out of a user's document."""
    services = draft.body.get("services")
    if not isinstance(services, dict):
        return []
    resume = services.get("resume")
    if not isinstance(resume, dict) or "loginTokens" not in resume:
        return []
    found = list(read_tokens(draft, resume.pop("loginTokens")))
    if not resume:
        services.pop("resume")
    document = draft.document
    document.dates = tuple(path for path in document.dates if path[: len(TOKENS)] != TOKENS)
    return found


def read_tokens(draft: Draft, entries: Any) -> Iterator[Token]:
    """Yield every entry that has a hash; the report says how many have none."""
    without = 0
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        token_hash = entry.get("hashedToken") if isinstance(entry, dict) else None
        if not isinstance(token_hash, str) or not token_hash:
            without += 1
            continue
        place = (*TOKENS, number)
        dates = tuple(path[len(place) :] for path in draft.document.dates if path[: len(place)] == place)
        yield Token(draft.id, token_hash, entry, dates)
    if without:
        draft.notes.append(f"{without} login tokens without a hash were left out")


def alone(draft: Draft) -> object:
    """The username, which no other user may have."""
    return "username", draft.body["username"]


async def rival(draft: Draft, store: Store) -> Rival | None:
    """Find the other user who has the username."""
    username = draft.body["username"]
    other = await store.user_by_name(username)
    if other is None or other.id == draft.id or other.decode().body.get("username") != username:
        return None
    return Rival(other.id, f"the username {username} belongs to the user {other.id}")
