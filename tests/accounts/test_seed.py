"""What a new database holds (spec/01 sections 6, 11 and 12, spec/03, spec/08 section 3)."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from strongback.accounts.seed import seed
from strongback.documents.document import Document
from strongback.settings import Settings
from strongback.storage.changes import Changes
from strongback.storage.steps import Put, Remove
from tests.accounts.conftest import NOW, MakeWorld, World
from tests.stores import open_store

pytestmark = pytest.mark.anyio

TEST_ADMIN = "rocketchat.internal.admin.test"


@pytest.mark.parametrize(
    ("permission", "roles"),
    [
        ("manage-incoming-integrations", {"admin"}),
        ("manage-own-outgoing-integrations", {"admin"}),
        ("create-p", {"admin", "user", "bot", "app"}),
        ("add-user-to-any-p-room", set()),
        ("view-p-room", {"admin", "user", "anonymous", "guest"}),
        ("view-joined-room", {"guest", "bot", "app", "anonymous"}),
        ("message-impersonate", {"bot", "app"}),
        ("view-livechat-manager", {"livechat-manager", "livechat-monitor", "admin"}),
        ("inbound-voip-calls", {"livechat-agent"}),
    ],
)
async def test_permissions_have_their_default_roles(world: World, permission: str, roles: set[str]) -> None:
    assert (await world.store.access()).permissions[permission] == roles


async def test_roles_have_their_scopes(world: World) -> None:
    roles = (await world.store.access()).roles
    assert {role for role, scope in roles.items() if scope == "Subscriptions"} == {
        "owner",
        "moderator",
        "leader",
    }
    assert set(roles) - {"owner", "moderator", "leader"} == {
        "admin",
        "user",
        "bot",
        "app",
        "guest",
        "anonymous",
        "livechat-agent",
        "livechat-manager",
    }
    assert await world.body("roles", "owner") == {
        "_id": "owner",
        "name": "owner",
        "scope": "Subscriptions",
        "description": "Owner",
        "mandatory2fa": False,
        "protected": True,
        "_updatedAt": "2023-11-14T22:13:20.000Z",
    }


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("API_Upper_Count_Limit", 100),
        ("API_Default_Count", 50),
        ("API_Allow_Infinite_Count", True),
        ("API_Enable_Rate_Limiter", True),
        ("API_Enable_Rate_Limiter_Limit_Time_Default", 60000),
        ("VoIP_Enabled", False),
        ("UTF8_User_Names_Validation", "[0-9a-zA-Z-_.]+"),
        ("Message_MaxAllowedSize", 5000),
        ("Hide_System_Messages", []),
        ("FileUpload_MaxFileSize", 104857600),
        ("Accounts_TwoFactorAuthentication_RememberFor", 1800),
    ],
)
async def test_settings_have_their_defaults(world: World, setting: str, value: Any) -> None:
    assert (await world.store.access()).settings[setting] == value


async def test_rocket_cat_is_a_bot(world: World) -> None:
    cat = await world.body("users", "rocket.cat")
    assert (cat["username"], cat["name"], cat["type"], cat["roles"], cat["active"]) == (
        "rocket.cat",
        "Rocket.Cat",
        "bot",
        ["bot"],
        True,
    )


async def test_general_is_the_public_default_room(world: World) -> None:
    room = await world.body("rooms", "GENERAL")
    assert (room["name"], room["t"], room["default"]) == ("general", "c", True)


async def test_the_first_administrator_comes_from_the_environment_and_joins_general(world: World) -> None:
    admin = (await world.bodies("users", "username", "admin"))[0]
    assert (admin["name"], admin["roles"]) == ("Administrator", ["admin"])
    assert admin["emails"] == [{"address": "admin@example.com", "verified": True}]
    assert [entry["rid"] for entry in await world.bodies("subscriptions", "user_id", admin["_id"])] == [
        "GENERAL"
    ]


async def test_the_administrator_may_be_given_an_id(make_world: MakeWorld) -> None:
    world = await make_world(admin_id="boss-1", admin_username="boss", admin_name="The Boss")
    boss = await world.body("users", "boss-1")
    assert (boss["username"], boss["name"]) == ("boss", "The Boss")


async def test_servers_that_start_at_once_make_one_administrator(make_world: MakeWorld) -> None:
    world = await make_world(admin_pass="")
    settings = Settings(admin_pass="pw-admin")
    await asyncio.gather(*(seed(world.store, world.clock, settings) for _ in range(5)))
    (admin,) = await world.bodies("users", "username", "admin")
    joined = await world.bodies("subscriptions", "rid", "GENERAL")
    assert [entry["u"]["_id"] for entry in joined] == [admin["_id"]]


async def test_a_second_start_writes_nothing(world: World) -> None:
    before = await world.store.access()
    await seed(world.store, lambda: NOW + 1, Settings(admin_pass="pw-admin"))
    after = await world.store.access()
    assert after.revision == before.revision
    assert len(await world.bodies("users", "username", "admin")) == 1


async def test_an_edited_permission_and_setting_stay_edited(world: World) -> None:
    edited = Document("create-p", {"_id": "create-p", "roles": []})
    setting = Document("E2E_Enable", {"_id": "E2E_Enable", "value": True})
    removed = Remove("permissions", "create-c")
    await world.store.commit(Changes([], [Put("permissions", edited), Put("settings", setting), removed]))
    await seed(world.store, world.clock, Settings())
    access = await world.store.access()
    assert access.permissions["create-p"] == frozenset()
    assert access.settings["E2E_Enable"] is True
    assert access.permissions["create-c"] == {"admin", "user", "bot", "app"}


async def test_without_an_administrator_the_oldest_account_becomes_one(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    try:
        for id, created, kind in (
            ("bot", NOW - 3, "bot"),
            ("old", NOW - 2, "user"),
            ("young", NOW - 1, "user"),
        ):
            user = Document(id, {"_id": id, "username": id, "type": kind, "active": True, "roles": ["user"]})
            user.set_date("createdAt", created)
            await store.commit(Changes([], [Put("users", user)]))
        await seed(store, lambda: NOW, Settings())
        roles = {}
        for id in ("bot", "old", "young"):
            stored = await store.get("users", id)
            assert stored is not None
            roles[id] = stored.decode().body["roles"]
        assert roles == {"bot": ["user"], "old": ["user", "admin"], "young": ["user"]}
    finally:
        await store.close()


async def test_test_mode_makes_the_well_known_administrator(make_world: MakeWorld) -> None:
    world = await make_world(test_mode=True)
    admin = await world.body("users", TEST_ADMIN)
    assert admin["username"] == TEST_ADMIN
    assert admin["name"] == "RocketChat Internal Admin Test"
    assert admin["emails"] == [{"address": f"{TEST_ADMIN}@rocket.chat", "verified": False}]
    assert (admin["roles"], admin["status"], admin["statusDefault"]) == (["admin"], "offline", "online")
    assert [entry["rid"] for entry in await world.bodies("subscriptions", "user_id", TEST_ADMIN)] == [
        "GENERAL"
    ]
    assert await world.bodies("messages", "rid", "GENERAL") == []


async def test_the_well_known_administrator_does_not_outlive_test_mode(make_world: MakeWorld) -> None:
    world = await make_world(test_mode=True)
    caller = await world.caller(TEST_ADMIN)
    await seed(world.store, world.clock, Settings())
    assert await world.store.get("users", TEST_ADMIN) is None
    assert await world.bodies("subscriptions", "user_id", TEST_ADMIN) == []
    assert await world.store.authenticate(TEST_ADMIN, caller.token_hash) is None


INITIAL = {
    "_id": "helper",
    "username": "helper",
    "name": "Helping Hand",
    "roles": ["bot"],
    "type": "bot",
    "emails": [{"address": "helper@example.com", "verified": True}],
    "services": {"password": {"bcrypt": "$2b$10$x"}},
    "createdAt": {"$date": 0},
}


async def test_the_environment_may_describe_one_more_account(make_world: MakeWorld) -> None:
    world = await make_world(initial_user=json.dumps(INITIAL))
    body = await world.body("users", "helper")
    assert body == {
        **INITIAL,
        "status": "offline",
        "active": True,
        "settings": {},
        "createdAt": "2023-11-14T22:13:20.000Z",
        "_updatedAt": "2023-11-14T22:13:20.000Z",
    }
    stored = await world.store.get("users", "helper")
    assert stored is not None
    assert "bcrypt" not in stored.text
    assert await world.bodies("subscriptions", "user_id", "helper") == []


@pytest.mark.parametrize(
    ("id", "username"), [("rocket.cat", "helper"), ("helper", "ADMIN"), ("helper", "rocket.cat")]
)
async def test_an_account_that_is_there_stays_as_it_is(make_world: MakeWorld, id: str, username: str) -> None:
    world = await make_world()
    described = json.dumps(INITIAL | {"_id": id, "username": username})
    before = await world.store.counts()
    cat = await world.body("users", "rocket.cat")
    await seed(world.store, world.clock, Settings(admin_pass="pw-admin", initial_user=described))
    assert await world.store.counts() == before
    assert await world.body("users", "rocket.cat") == cat


@pytest.mark.parametrize("described", [{"username": "ADMIN"}, {"_id": "boss"}])
async def test_an_account_may_be_none_that_is_made_beside_it(
    make_world: MakeWorld, described: dict[str, str]
) -> None:
    world = await make_world(admin_id="boss", initial_user=json.dumps(INITIAL | described))
    assert await world.bodies("users", "username", "helper") == []
    assert await world.bodies("users", "username", "ADMIN") == []
    assert [body["name"] for body in await world.bodies("users", "username", "admin")] == ["Administrator"]
