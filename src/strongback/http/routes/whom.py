"""Whom a request about a room means."""

import msgspec

from strongback.accounts.users import by_parameter
from strongback.documents.document import Document
from strongback.http import params
from strongback.http.routes.rooms import WhichRoom
from strongback.http.services import ServerCall


class WhichMember(WhichRoom):
    """Which room, and which account: by `userId`, else by `username` or `user`."""

    userId: str | msgspec.UnsetType = msgspec.UNSET
    username: str | msgspec.UnsetType = msgspec.UNSET
    user: str | msgspec.UnsetType = msgspec.UNSET


async def whom(call: ServerCall) -> Document:
    """The account that the body names; Failure for none (spec/04 section 3)."""
    given = [(params.string(call.body, name) or "").strip() for name in ("userId", "username", "user")]
    return await by_parameter(call.services.store, given[0], given[1] or given[2])
