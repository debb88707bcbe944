"""What accounts prefer."""

from collections.abc import Mapping
from typing import Any

import msgspec

from strongback.accounts import preferences
from strongback.errors import Failure
from strongback.http.envelope import Answer
from strongback.http.services import ServerCall, ServerEndpoint

Text = str | msgspec.UnsetType
Switch = bool | msgspec.UnsetType
Number = int | msgspec.UnsetType
UNSET = msgspec.UNSET


class Preferences(msgspec.Struct, forbid_unknown_fields=True):
    """The preferences that clients know."""

    newRoomNotification: Text = UNSET
    newMessageNotification: Text = UNSET
    clockMode: Number = UNSET
    useEmojis: Switch = UNSET
    convertAsciiEmoji: Switch = UNSET
    saveMobileBandwidth: Switch = UNSET
    collapseMediaByDefault: Switch = UNSET
    autoImageLoad: Switch = UNSET
    emailNotificationMode: Text = UNSET
    unreadAlert: Switch = UNSET
    notificationsSoundVolume: Number = UNSET
    desktopNotifications: Text = UNSET
    pushNotifications: Text = UNSET
    mobileNotifications: Text = UNSET
    enableAutoAway: Switch = UNSET
    highlights: list[str] | msgspec.UnsetType = UNSET
    desktopNotificationRequireInteraction: Switch = UNSET
    messageViewMode: Number = UNSET
    showThreadsInMainChannel: Switch = UNSET
    alsoSendThreadToChannel: Text = UNSET
    hideUsernames: Switch = UNSET
    hideRoles: Switch = UNSET
    displayAvatars: Switch = UNSET
    hideFlexTab: Switch = UNSET
    sendOnEnter: Text = UNSET
    language: Text = UNSET
    sidebarShowFavorites: Switch = UNSET
    sidebarShowUnread: Switch = UNSET
    sidebarSortby: Text = UNSET
    sidebarViewMode: Text = UNSET
    sidebarDisplayAvatar: Switch = UNSET
    sidebarGroupByType: Switch = UNSET
    muteFocusedConversations: Switch = UNSET
    dontAskAgainList: list[dict[str, Any]] | msgspec.UnsetType = UNSET
    featuresPreview: list[dict[str, Any]] | msgspec.UnsetType = UNSET
    themeAppearence: Text = UNSET
    fontSize: Text = UNSET
    receiveLoginDetectionEmail: Switch = UNSET
    notifyCalendarEvents: Switch = UNSET
    enableMobileRinging: Switch = UNSET
    idleTimeLimit: Number = UNSET
    omnichannelTranscriptPDF: Switch = UNSET
    omnichannelTranscriptEmail: Switch = UNSET
    mentionsWithSymbol: Switch = UNSET


class PreferencesBody(msgspec.Struct, forbid_unknown_fields=True):
    """The preferences that change, and whose they are; the caller's unless it says so."""

    data: Preferences
    userId: str | msgspec.UnsetType = UNSET


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """The preferences of an account."""

    preferences: dict[str, Any]


class PreferringUser(msgspec.Struct, forbid_unknown_fields=True):
    """An account with its preferences."""

    _id: str
    settings: Settings


class PreferringUserAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The account."""

    user: PreferringUser
    success: bool


class PreferencesAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The preferences that the caller has chosen."""

    preferences: dict[str, Any]
    success: bool


async def save(call: ServerCall) -> Answer:
    """Set preferences."""
    services = call.services
    given: Mapping[str, Any] = call.checked
    user = await preferences.save(
        services.store, services.clock, call.caller, given.get("userId"), given["data"]
    )
    return {"user": {"_id": user.id, "settings": {"preferences": preferences.shown(user)}}}


async def show(call: ServerCall) -> Answer:
    """The caller's preferences."""
    stored = await call.services.store.get("users", call.caller.id)
    if stored is None:
        raise Failure("User not found")
    return {"preferences": preferences.shown(stored.decode())}


ENDPOINTS: list[ServerEndpoint] = [
    ServerEndpoint(
        method="POST",
        path="users.setPreferences",
        handler=save,
        body=PreferencesBody,
        validate=True,
        answer=PreferringUserAnswer,
        summary="Set preferences",
    ),
    ServerEndpoint(
        method="GET",
        path="users.getPreferences",
        handler=show,
        answer=PreferencesAnswer,
        summary="Show the caller's preferences",
    ),
]
