"""The permissions that exist from the start, and the roles that hold them (spec/03 section 3)."""

from collections.abc import Mapping

_BY_ROLES: tuple[tuple[str, str], ...] = (
    (
        "admin",
        "manage-incoming-integrations manage-outgoing-integrations manage-own-incoming-integrations "
        "manage-own-outgoing-integrations delete-d edit-room-retention-policy unarchive-room "
        "add-user-to-any-c-room add-all-to-room kick-user-from-any-c-room view-room-administration "
        "view-other-user-channels clean-channel-history create-user delete-user bulk-register-user "
        "edit-other-user-info edit-other-user-password edit-other-user-avatar "
        "edit-other-user-active-status edit-other-user-e2ee edit-other-user-totp "
        "view-full-other-user-info view-user-administration logout-other-user "
        "user-generate-access-token access-permissions access-setting-permissions assign-roles "
        "assign-admin-role view-privileged-setting edit-privileged-setting manage-selected-settings "
        "view-statistics view-logs get-server-info add-oauth-service manage-assets "
        "manage-email-inbox manage-emoji manage-user-status manage-oauth-apps run-import "
        "run-migration view-device-management view-engagement-dashboard view-join-code "
        "mail-messages view-all-teams manage-agent-extension-association manage-voip-extensions "
        "manage-apps manage-cloud manage-sounds access-mailer send-mail view-federation-data "
        "register-on-cloud test-admin-options sync-auth-services-users restart-server "
        "remove-slackbridge-links view-import-operations clear-oembed-cache view-moderation-console "
        "manage-moderation-actions",
    ),
    (
        "admin user bot app",
        "create-c create-p create-d",
    ),
    (
        "admin owner",
        "delete-c delete-p archive-room set-owner set-moderator set-leader set-readonly "
        "set-react-when-readonly force-delete-message convert-team delete-team edit-team "
        "view-all-team-channels",
    ),
    (
        "admin owner moderator",
        "edit-room edit-room-avatar add-user-to-joined-room remove-user mute-user ban-user "
        "post-readonly view-broadcast-member-list edit-message delete-message create-invite-links "
        "add-team-member edit-team-member add-team-channel edit-team-channel remove-team-channel",
    ),
    (
        "",
        "add-user-to-any-p-room kick-user-from-any-p-room",
    ),
    (
        "admin user bot anonymous app",
        "leave-c leave-p",
    ),
    (
        "admin bot app",
        "join-without-join-code send-many-messages api-bypass-rate-limit",
    ),
    (
        "admin user bot app anonymous",
        "view-c-room",
    ),
    (
        "admin user anonymous",
        "preview-c-room view-history",
    ),
    (
        "admin user anonymous guest",
        "view-p-room",
    ),
    (
        "admin user bot app guest",
        "view-d-room",
    ),
    (
        "guest bot app anonymous",
        "view-joined-room",
    ),
    (
        "admin owner moderator user",
        "view-outside-room mention-all mention-here call-management videoconf-ring-users",
    ),
    (
        "owner moderator admin",
        "pin-message",
    ),
    (
        "admin user",
        "delete-own-message create-team create-personal-access-tokens access-marketplace "
        "view-user-voip-extension view-voip-extension-details test-push-notifications "
        "mobile-upload-file",
    ),
    (
        "bot app",
        "bypass-time-limit-edit-and-delete message-impersonate",
    ),
    (
        "owner admin",
        "toggle-room-e2e-encryption",
    ),
    (
        "admin livechat-manager livechat-agent",
        "change-livechat-room-visitor view-agent-extension-association",
    ),
    (
        "livechat-agent",
        "inbound-voip-calls",
    ),
    (
        "livechat-manager admin",
        "manage-livechat-managers view-livechat-triggers view-livechat-customfields "
        "view-livechat-installation view-livechat-appearance view-livechat-webhooks "
        "send-omnichannel-chat-transcript remove-closed-livechat-room remove-livechat-department "
        "manage-voip-call-settings manage-voip-contact-center-settings",
    ),
    (
        "livechat-manager livechat-agent admin",
        "edit-omnichannel-contact",
    ),
    (
        "livechat-manager livechat-monitor livechat-agent admin",
        "view-l-room create-livechat-contact update-livechat-contact view-livechat-contact "
        "view-livechat-contact-history close-livechat-room on-hold-livechat-room "
        "view-livechat-queue view-livechat-room-customfields edit-livechat-room-customfields "
        "view-omnichannel-contact-center",
    ),
    (
        "livechat-manager livechat-monitor admin",
        "view-livechat-manager view-livechat-rooms close-others-livechat-room "
        "on-hold-others-livechat-room save-others-livechat-room-info remove-closed-livechat-rooms "
        "view-livechat-analytics transfer-livechat-guest manage-livechat-agents "
        "manage-livechat-departments view-livechat-departments add-livechat-department-agents "
        "view-livechat-current-chats view-livechat-real-time-monitoring "
        "view-livechat-business-hours view-livechat-room-closed-same-department "
        "view-livechat-room-closed-by-another-agent",
    ),
)
"""Role ids, and the permissions that exactly these roles hold; both separated by spaces."""

PERMISSIONS: Mapping[str, tuple[str, ...]] = {
    name: tuple(roles.split()) for roles, names in _BY_ROLES for name in names.split()
}
"""Permission id to the ids of the roles that hold it."""

ROLES: Mapping[str, tuple[str, str]] = {
    "admin": ("Users", "Admin"),
    "moderator": ("Subscriptions", "Moderator"),
    "leader": ("Subscriptions", "Leader"),
    "owner": ("Subscriptions", "Owner"),
    "user": ("Users", ""),
    "bot": ("Users", ""),
    "app": ("Users", ""),
    "guest": ("Users", ""),
    "anonymous": ("Users", ""),
    "livechat-agent": ("Users", "Livechat Agent"),
    "livechat-manager": ("Users", "Livechat Manager"),
}
"""Role id to its scope and description; all protected."""
