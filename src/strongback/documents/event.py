"""An event: what happened, and to whom outgoing integrations tell it (spec/06 part B)."""

from dataclasses import dataclass
from typing import Literal

from strongback.documents.document import Document

EventKind = Literal[
    "sendMessage", "fileUploaded", "roomArchived", "roomCreated", "roomJoined", "roomLeft", "userCreated"
]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, with the documents that it concerns.

    `user` is who did it: the author of a message, the member who joined or left, the new account. `owner` is the one
    of a new room, and `at` is when it happened in epoch milliseconds. `hops` counts the integrations in the chain that
    led here: 0 for what a person did, 1 for the message with which an integration answered that.
    """

    kind: EventKind
    room: Document | None
    user: Document
    message: Document | None
    owner: Document | None
    at: int
    hops: int = 0
