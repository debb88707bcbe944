"""What a database holds before anybody comes: permissions, roles, settings, rocket.cat, GENERAL, an administrator.

Only what is absent is written, in one commit (spec/03 section 1, spec/08 section 3, spec/01 section 12).
"""

import json
from functools import partial
from typing import Any

from strongback import ids
from strongback.accounts.passwords import hash_password
from strongback.accounts.permission_defaults import PERMISSIONS, ROLES
from strongback.accounts.retry import retry
from strongback.accounts.setting_defaults import PUBLIC, SETTINGS
from strongback.clock import Clock
from strongback.documents.document import Document
from strongback.documents.room import new_room
from strongback.documents.subscription import new_subscription
from strongback.documents.user import new_user, set_password_hash
from strongback.errors import Conflict
from strongback.settings import Settings
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.guards import AccessAt, AdminRemains, Unchanged
from strongback.storage.selections import Everything
from strongback.storage.steps import Put, Remove, RemoveAll

GENERAL = "GENERAL"
ROCKET_CAT = "rocket.cat"
TEST_ADMIN = "rocketchat.internal.admin.test"
NOT_GIVEN = ("createdAt", "_updatedAt", "lastLogin", "__rooms")
"""Members of an account that the environment does not choose."""


async def seed(store: Store, clock: Clock, settings: Settings) -> None:
    """Write what a server needs and the database lacks; several servers may start on one database at once."""
    await retry(partial(_seed, store, clock, settings))


async def _seed(store: Store, clock: Clock, settings: Settings) -> None:
    now = clock()
    access = await store.access()
    changes = Changes([AccessAt(access.revision)])
    for id, roles in PERMISSIONS.items():
        if id not in access.permissions:
            changes.steps.append(Put("permissions", _stamped(id, {"roles": list(roles)}, now)))
    for id, (scope, description) in ROLES.items():
        if id not in access.roles:
            changes.steps.append(Put("roles", _stamped(id, _role(id, scope, description), now)))
    for id, value in SETTINGS.items():
        if id not in access.settings:
            body = {"value": value, "packageValue": value, "public": id in PUBLIC}
            changes.steps.append(Put("settings", _stamped(id, body, now)))
    if await store.get("users", ROCKET_CAT) is None and await store.user_by_name(ROCKET_CAT) is None:
        cat = new_user(ROCKET_CAT, ROCKET_CAT, "Rocket.Cat", now, roles=["bot"], kind="bot")
        changes.steps.append(Put("users", cat))
    general = await _general(store, changes, now)
    if settings.test_mode:
        await _test_administrator(store, changes, general, now)
    else:
        await _remove_test_administrator(store, changes)
    await _administrator(store, changes, general, settings, now)
    if settings.initial_user:
        await _initial_user(store, changes, json.loads(settings.initial_user), now)
    if changes.steps:
        await store.commit(changes)


def _stamped(id: str, body: dict[str, object], now: int) -> Document:
    document = Document(id, {"_id": id, **body})
    document.set_date("_updatedAt", now)
    return document


def _role(id: str, scope: str, description: str) -> dict[str, object]:
    return {"name": id, "scope": scope, "description": description, "mandatory2fa": False, "protected": True}


async def _general(store: Store, changes: Changes, now: int) -> Document:
    """The default room, made where it is absent and no other room has its name."""
    stored = await store.get("rooms", GENERAL)
    if stored is not None:
        return stored.decode()
    general = new_room(GENERAL, "c", "general", None, now, default=True)
    if await store.room_by_name("general", "") is None:
        changes.steps.append(Put("rooms", general))
    return general


async def _test_administrator(store: Store, changes: Changes, general: Document, now: int) -> None:
    if await store.get("users", TEST_ADMIN) is not None:
        return
    user = new_user(
        TEST_ADMIN,
        TEST_ADMIN,
        "RocketChat Internal Admin Test",
        now,
        roles=["admin"],
        emails=[{"address": f"{TEST_ADMIN}@rocket.chat", "verified": False}],
        statusDefault="online",
    )
    set_password_hash(user, await hash_password(TEST_ADMIN))
    changes.steps.append(Put("users", user))
    _join(changes, general, user, now)


async def _remove_test_administrator(store: Store, changes: Changes) -> None:
    """An account whose password everybody knows does not outlive TEST_MODE."""
    if await store.get("users", TEST_ADMIN) is not None:
        changes.steps += [Remove("users", TEST_ADMIN), RemoveAll("subscriptions", "user_id", TEST_ADMIN)]


def _join(changes: Changes, room: Document, user: Document, now: int, *roles: str) -> None:
    joined = new_subscription(ids.document_id(), room.body, user.body, now, roles=roles)
    changes.steps.append(Put("subscriptions", joined))


async def _administrator(
    store: Store, changes: Changes, general: Document, settings: Settings, now: int
) -> None:
    """The first administrator, from the environment; else the oldest account becomes one, where none is."""
    try:
        await store.commit(Changes([AdminRemains(TEST_ADMIN)], []))
    except Conflict:
        pass  # there is none
    else:
        return
    if settings.admin_pass:
        user = await _named_administrator(settings, now)
        changes.steps.append(Put("users", user))
        _join(changes, general, user, now)
    elif (oldest := await _oldest_person(store)) is not None:
        oldest.set("roles", [*(oldest.body.get("roles") or []), "admin"])
        changes.guards.append(Unchanged("users", oldest.id, oldest.revision))
        changes.steps.append(Put("users", oldest))


async def _oldest_person(store: Store) -> Document | None:
    async for rows in store.scan(Everything("users"), "created"):
        for stored in rows:
            document = stored.decode()
            if stored.id != TEST_ADMIN and document.body.get("type", "user") == "user":
                return document
    return None


async def _initial_user(store: Store, changes: Changes, given: dict[str, Any], now: int) -> None:
    """The account that the environment describes, with the members that it gives; one that is there stays as it is."""
    id, username = given["_id"], given["username"]
    if await store.get("users", id) is not None or await store.user_by_name(username) is not None:
        return
    beside = [step.document for step in changes.steps if isinstance(step, Put) and step.kind == "users"]
    if any(one.id == id or one.body["username"].casefold() == username.casefold() for one in beside):
        return
    user = new_user(id, username, str(given.get("name") or username), now, roles=["user"])
    for name, value in given.items():
        if name not in NOT_GIVEN:
            user.set(name, value)
    changes.steps.append(Put("users", user))


async def _named_administrator(settings: Settings, now: int) -> Document:
    emails = [{"address": settings.admin_email, "verified": True}] if settings.admin_email else []
    user = new_user(
        settings.admin_id or ids.user_id(),
        settings.admin_username,
        settings.admin_name,
        now,
        roles=["admin"],
        emails=emails,
    )
    set_password_hash(user, await hash_password(settings.admin_pass))
    return user
