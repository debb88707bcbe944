"""What an account is told about itself (spec/01 section 4)."""

from collections.abc import Mapping
from typing import Any

from strongback.accounts.setting_defaults import PREFERENCE
from strongback.documents.document import Document
from strongback.storage.contract import Access

SHOWN = [
    "_id",
    "name",
    "username",
    "nickname",
    "emails",
    "extension",
    "openBusinessHours",
    "status",
    "statusDefault",
    "statusText",
    "statusConnection",
    "bio",
    "avatarOrigin",
    "utcOffset",
    "language",
    "enableAutoAway",
    "idleTimeLimit",
    "roles",
    "active",
    "defaultRoom",
    "customFields",
    "requirePasswordChange",
    "requirePasswordChangeReason",
    "statusLivechat",
    "banners",
    "_updatedAt",
    "avatarETag",
]


def describe(user: Document, access: Access) -> dict[str, Any]:
    """The account's own view of itself, without any hash."""
    body = user.body
    shown = {name: body[name] for name in SHOWN if name in body}
    services = body.get("services")
    services = services if isinstance(services, Mapping) else {}
    shown["services"] = {"password": {"exists": _has(services, "password", "bcrypt")}}
    for name in ("totp", "email2fa"):
        if isinstance(services.get(name), Mapping):
            shown["services"][name] = {"enabled": services[name].get("enabled") is True}
    verified = [
        email["address"]
        for email in body.get("emails") or []
        if isinstance(email, Mapping) and email.get("verified") is True and "address" in email
    ]
    if verified:
        shown["email"] = verified[0]
    site = str(access.settings.get("Site_Url", "")).rstrip("/")
    shown["isOAuthUser"] = False
    shown["avatarUrl"] = f"{site}/avatar/{body.get('username', '')}"
    settings = body.get("settings")
    settings = settings if isinstance(settings, Mapping) else {}
    chosen = settings.get("preferences") or {}
    shown["settings"] = {"profile": {}, **settings, "preferences": _default_preferences(access) | chosen}
    return shown


def _default_preferences(access: Access) -> dict[str, Any]:
    found = access.settings.items()
    return {id.removeprefix(PREFERENCE): value for id, value in found if id.startswith(PREFERENCE)}


def _has(services: Mapping[str, Any], name: str, member: str) -> bool:
    service = services.get(name)
    return isinstance(service, Mapping) and bool(service.get(member))
