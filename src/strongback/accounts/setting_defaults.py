"""The settings that the wire can read and change, with the values they start with (spec/01 sections 6 and 11)."""

from collections.abc import Mapping
from typing import Any

PATTERN = "[0-9a-zA-Z-_.]+"

PREFERENCE = "Accounts_Default_User_Preferences_"

PREFERENCES: Mapping[str, Any] = {
    "alsoSendThreadToChannel": "default",
    "autoImageLoad": True,
    "collapseMediaByDefault": False,
    "convertAsciiEmoji": True,
    "desktopNotificationRequireInteraction": False,
    "desktopNotifications": "all",
    "displayAvatars": True,
    "emailNotificationMode": "mentions",
    "enableAutoAway": True,
    "hideFlexTab": False,
    "hideRoles": False,
    "hideUsernames": False,
    "idleTimeLimit": 300,
    "muteFocusedConversations": True,
    "newMessageNotification": "chime",
    "newRoomNotification": "door",
    "notificationsSoundVolume": 100,
    "pushNotifications": "all",
    "saveMobileBandwidth": True,
    "sendOnEnter": "normal",
    "sidebarDisplayAvatar": True,
    "sidebarGroupByType": True,
    "sidebarShowFavorites": True,
    "sidebarShowUnread": False,
    "sidebarSortby": "activity",
    "sidebarViewMode": "medium",
    "unreadAlert": True,
    "useEmojis": True,
}
"""What an account prefers until it chooses; each is a setting whose id starts with `PREFERENCE`."""

SETTINGS: Mapping[str, Any] = {
    "API_Enable_CORS": False,
    "API_CORS_Origin": "*",
    "API_Enable_Rate_Limiter": True,
    "API_Enable_Rate_Limiter_Limit_Calls_Default": 10,
    "API_Enable_Rate_Limiter_Limit_Time_Default": 60_000,
    "Rate_Limiter_Limit_RegisterUser": 1,
    "API_Upper_Count_Limit": 100,
    "API_Default_Count": 50,
    "API_Allow_Infinite_Count": True,
    "API_User_Limit": 500,
    "Accounts_AllowAnonymousRead": False,
    "Accounts_AllowEmailChange": True,
    "Accounts_AllowInvisibleStatusOption": True,
    "Accounts_AllowPasswordChange": True,
    "Accounts_AllowRealNameChange": True,
    "Accounts_AllowUserAvatarChange": True,
    "Accounts_AllowUserProfileChange": True,
    "Accounts_AllowUsernameChange": True,
    "Accounts_AllowUserStatusMessageChange": True,
    "Accounts_BlockedUsernameList": "",
    "Accounts_LoginExpiration": 90,
    "Accounts_ManuallyApproveNewUsers": False,
    "Accounts_PasswordReset": True,
    "Accounts_Password_Policy_Enabled": False,
    "Accounts_RegistrationForm": "Public",
    "Accounts_RegistrationForm_SecretURL": "",
    "Accounts_Registration_Users_Default_Roles": "user",
    "Accounts_RequireNameForSignUp": True,
    "Accounts_SearchFields": "username, name, bio, nickname",
    "Accounts_SystemBlockedUsernameList": "admin,administrator,system,user",
    "Accounts_TwoFactorAuthentication_Enabled": True,
    "Accounts_TwoFactorAuthentication_Enforce_Password_Fallback": True,
    "Accounts_TwoFactorAuthentication_RememberFor": 1_800,
    "Block_Multiple_Failed_Logins_Attempts_Until_Block_By_Ip": 50,
    "Block_Multiple_Failed_Logins_Attempts_Until_Block_by_User": 10,
    "Block_Multiple_Failed_Logins_By_Ip": True,
    "Block_Multiple_Failed_Logins_By_User": True,
    "Block_Multiple_Failed_Logins_Enabled": True,
    "Block_Multiple_Failed_Logins_Ip_Whitelist": "",
    "Block_Multiple_Failed_Logins_Time_To_Unblock_By_Ip_In_Minutes": 5,
    "Block_Multiple_Failed_Logins_Time_To_Unblock_By_User_In_Minutes": 5,
    "E2E_Allow_Unencrypted_Messages": True,
    "E2E_Enable": False,
    "E2E_Enabled_Default_DirectRooms": False,
    "E2E_Enabled_Default_PrivateRooms": False,
    "FileUpload_Enabled": True,
    "FileUpload_MaxFileSize": 104_857_600,
    "Hide_System_Messages": [],
    "Message_AllowDeleting": True,
    "Message_AllowDeleting_BlockDeleteInMinutes": 0,
    "Message_AllowEditing": True,
    "Message_AllowEditing_BlockEditInMinutes": 0,
    "Message_AllowPinning": True,
    "Message_AllowStarring": True,
    "Message_Attachments_Strip_Exif": True,
    "Message_KeepHistory": False,
    "Message_MaxAllowedSize": 5_000,
    "Message_ShowDeletedStatus": False,
    "Site_Url": "http://localhost:3000",
    "Store_Last_Message": True,
    "Threads_enabled": True,
    "UI_Allow_room_names_with_special_chars": False,
    "UI_Use_Real_Name": False,
    "UTF8_Channel_Names_Validation": PATTERN,
    "UTF8_User_Names_Validation": PATTERN,
    "VoIP_Enabled": False,
    **{f"{PREFERENCE}{name}": value for name, value in PREFERENCES.items()},
}
"""Setting id to its first value; a new value must have the same type."""

PUBLIC = frozenset(
    {
        "Accounts_AllowAnonymousRead",
        "Accounts_PasswordReset",
        "Accounts_RegistrationForm",
        "Accounts_RequireNameForSignUp",
        "E2E_Enable",
        "FileUpload_Enabled",
        "FileUpload_MaxFileSize",
        "Message_AllowDeleting",
        "Message_AllowEditing",
        "Message_AllowPinning",
        "Message_AllowStarring",
        "Message_MaxAllowedSize",
        "Site_Url",
        "Threads_enabled",
        "UI_Use_Real_Name",
    }
)
"""Settings that anybody may read."""


def same_type(old: object, new: object) -> bool:
    """Whether a new value may stand where the old one is: of the same JSON type, whole numbers whole."""
    if isinstance(old, list) and isinstance(new, list):
        return all(isinstance(entry, str) for entry in new)
    return type(old) is type(new)
