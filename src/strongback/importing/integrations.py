"""Integrations of a dump, bound to the rooms and users that they name; and their history."""

from dataclasses import replace

from strongback.documents.document import IMPORTED
from strongback.importing.draft import Draft, Refused
from strongback.integrations.channels import SCOPES
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import Unchanged
from strongback.storage.selections import IntegrationScope
from strongback.storage.steps import Link, Put, PutIntegration

TYPES = ("webhook-incoming", "webhook-outgoing")
KIND_OF = {"#": "room", "@": "user"}


async def integration(draft: Draft, store: Store) -> Changes:
    """Keep an integration, with each entry of `channel` bound to what it names; users and rooms come before."""
    if draft.body.get("type") not in TYPES:
        raise Refused("its type is neither webhook-incoming nor webhook-outgoing")
    complete(draft)
    await find_poster(draft, store)
    channels(draft)
    links = [await bind(entry, store) for entry in draft.body["channel"]]
    for entry, link in zip(draft.body["channel"], links, strict=True):
        if link.target is None:
            draft.notes.append(f"channel {entry} names nothing that exists: kept, but bound to nothing")
        elif link.text != entry:
            draft.notes.append(f"channel {entry} is shown as {link.text}")
    draft.document.set("channel", [link.text for link in links])
    return Changes(steps=[PutIntegration(draft.document, links)])


def complete(draft: Draft) -> None:
    """Give an old integration the members that came later; without `enabled` none ever ran."""
    for name in ("enabled", "scriptEnabled"):
        if not isinstance(draft.body.get(name), bool):
            draft.change(name, False, f"{name} was missing or no boolean and became false")
    if not isinstance(draft.body.get("name"), str):
        draft.change("name", "", "name was missing or no text and became empty")
    for name in ("urls", "triggerWords"):
        if draft.body.get(name) is not None:
            draft.texts(name)
    draft.body[IMPORTED] = True


async def find_poster(draft: Draft, store: Store) -> None:
    """Complete the account that posts: its id from its username, or the other way round."""
    body = draft.body
    username, user_id = body.get("username"), body.get("userId")
    if not isinstance(user_id, str) and isinstance(username, str):
        user_id = await user_named(username, store)
        if user_id is not None:
            draft.change("userId", user_id, f"userId was missing and became that of {username}")
    found = await store.get("users", user_id) if isinstance(user_id, str) else None
    if found is None:
        draft.notes.append("the account that posts does not exist")
    elif not isinstance(username, str):
        draft.change("username", found.decode().body["username"], "username was missing and came from userId")


def channels(draft: Draft) -> None:
    """Make `channel` a list of texts; one text may hold several entries behind commas."""
    value = draft.body.get("channel")
    if isinstance(value, str):
        entries = [entry.strip() for entry in value.split(",") if entry.strip()]
        draft.change("channel", entries, "channel: a single text became a list")
    draft.texts("channel")


async def bind(entry: str, store: Store) -> Link:
    """Find what an entry names: `#` a room, `@` a user, by id and then by name; or a scope."""
    if entry in SCOPES:
        return Link(entry, "scope", entry)
    kind = KIND_OF.get(entry[:1])
    if kind is None:
        return Link(entry, "room", None)
    target = await (find_room if kind == "room" else find_user)(entry[1:], store)
    return Link(await shown(entry, kind, target, store), kind, target)


async def find_room(name: str, store: Store) -> str | None:
    """The id of the room with this id or name."""
    room = await store.room_by_id(name, "") or await store.room_by_name(name, "")
    return None if room is None else room.id


async def find_user(name: str, store: Store) -> str | None:
    """The id of the user with this id or username."""
    user = await store.get("users", name)
    return user.id if user is not None else await user_named(name, store)


async def user_named(username: str, store: Store) -> str | None:
    """The id of the user with exactly this username."""
    user = await store.user_by_name(username)
    return user.id if user is not None and user.decode().body["username"] == username else None


async def shown(entry: str, kind: str, target: str | None, store: Store) -> str:
    """The text of an entry: the name of what it is bound to, where that has one."""
    if target is None:
        return entry
    name = await name_of(kind, target, store)
    return f"{entry[0]}{name}" if name else entry


async def name_of(kind: str, id: str, store: Store) -> str | None:
    """The name of a room or the username of a user."""
    if kind == "room":
        room = await store.room_by_id(id, "")
        return room.name if room is not None else None
    user = await store.get("users", id)
    return None if user is None else user.decode().body["username"]


async def retitle(kind: str, id: str, store: Store) -> None:
    """Show the present name of a room or a user in every integration that is bound to it."""
    name = await name_of(kind, id, store)
    if not name:
        return
    sign = "#" if kind == "room" else "@"
    async for rows in store.scan(IntegrationScope(((kind, id),), ((None, None),)), "id"):
        for row in rows:
            links = await store.links(row.id)
            named = [
                replace(link, text=f"{sign}{name}") if (link.kind, link.target) == (kind, id) else link
                for link in links
            ]
            if named != links:
                document = row.decode()
                document.set("channel", [link.text for link in named])
                guard = Unchanged("integrations", row.id, row.revision)
                await store.commit(Changes([guard], [PutIntegration(document, named)]))


def history(draft: Draft) -> Changes:
    """Keep one run of an outgoing integration, with the integration as it was then."""
    owner = draft.body.get("integration")
    if isinstance(owner, str) and owner:
        draft.change("integration", {"_id": owner}, "integration was an id and became an object")
        owner = draft.body["integration"]
    id = owner.get("_id") if isinstance(owner, dict) else None
    if not isinstance(id, str) or not id:
        raise Refused("it does not say to which integration it belongs")
    return Changes(steps=[Put("history", draft.document)])
