"""What an account is told about itself (spec/01 section 4)."""

import pytest

from strongback.accounts import me
from strongback.documents.document import Document
from strongback.storage.contract import Access
from tests.accounts.conftest import World

pytestmark = pytest.mark.anyio

ACCESS = Access(
    1,
    {},
    {},
    {
        "Site_Url": "https://chat.example.com/",
        "Accounts_Default_User_Preferences_useEmojis": True,
        "Accounts_Default_User_Preferences_sendOnEnter": "normal",
    },
)


def test_secrets_become_facts_and_preferences_are_overlaid() -> None:
    body = {
        "_id": "u",
        "username": "ann",
        "roles": ["user"],
        "emails": [
            {"address": "a@example.com", "verified": False},
            {"address": "b@example.com", "verified": True},
        ],
        "services": {
            "password": {"bcrypt": "$2b$10$x"},
            "totp": {"enabled": True, "secret": "S"},
            "resume": {"loginTokens": [{"hashedToken": "h"}]},
        },
        "settings": {"preferences": {"useEmojis": False}},
        "inviteToken": "t",
        "unknown": 1,
    }
    assert me.describe(Document("u", body), ACCESS) == {
        "_id": "u",
        "username": "ann",
        "roles": ["user"],
        "emails": body["emails"],
        "email": "b@example.com",
        "services": {"password": {"exists": True}, "totp": {"enabled": True}},
        "settings": {"profile": {}, "preferences": {"useEmojis": False, "sendOnEnter": "normal"}},
        "avatarUrl": "https://chat.example.com/avatar/ann",
        "isOAuthUser": False,
    }


async def test_a_new_account_prefers_what_the_settings_say(world: World) -> None:
    ann = await world.user("ann")
    preferences = me.describe(ann, (await world.caller("ann")).access)["settings"]["preferences"]
    assert (preferences["desktopNotifications"], preferences["idleTimeLimit"]) == ("all", 300)
