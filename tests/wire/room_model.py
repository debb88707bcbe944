"""What two people may do with private groups, said a second time as pure functions (spec/04, spec/07)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

PEOPLE = ("olga", "mick")
NAMES = ("red", "green", "blue")
NOT_FOUND, ARCHIVED = "error-room-not-found", "error-room-archived"
DONE = "done"


@dataclass(frozen=True)
class Said:
    """A message of somebody's; its number is the test's own."""

    number: int
    author: str
    text: str


@dataclass(frozen=True)
class Room:
    """A group as it should be."""

    name: str
    members: frozenset[str]
    owners: frozenset[str]
    archived: bool = False
    told: int = 0
    said: frozenset[Said] = frozenset()

    def tells(self, **change: Any) -> "Room":
        """Changed, and with one more system message."""
        return replace(self, told=self.told + 1, **change)


State = frozenset[tuple[int, Room | None]]
"""The groups by the number of their making; None is one that is gone."""
Rooms = Mapping[int, Room | None]


@dataclass(frozen=True)
class Op:
    """What somebody does, and to which group and message; `number` is that of what it makes."""

    verb: str
    user: str
    number: int
    room: int = 0
    message: int = 0
    other: str = ""
    name: str = ""
    text: str = ""


Outcome = tuple[str, Room | None]
"""`done` or the error, and the group afterwards."""


def apply(state: State, op: Op) -> tuple[str, State]:
    """What the server should answer, and what should be so then."""
    rooms = dict(state)
    if op.verb == "create":
        if refusal := taken(rooms, op.name):
            return refusal, state
        room = Room(op.name, frozenset({op.user}), frozenset({op.user}))
        return DONE, frozenset((rooms | {op.number: room}).items())
    before = rooms[op.room]
    if before is None:
        return GONE.get(op.verb, NOT_FOUND), state
    outcome, after = RULES[op.verb](rooms, before, op)
    return outcome, frozenset((rooms | {op.room: after}).items())


def taken(rooms: Rooms, name: str) -> str | None:
    """What is heard by who wants a name that a group has."""
    for room in rooms.values():
        if room is not None and room.name == name:
            return "error-archived-duplicate-name" if room.archived else "error-duplicate-channel-name"
    return None


def invite(_: Rooms, room: Room, op: Op) -> Outcome:
    if op.user not in room.owners:
        return "error-not-allowed", room
    if room.archived:
        return ARCHIVED, room
    if op.other in room.members:
        return DONE, room
    return DONE, room.tells(members=room.members | {op.other})


def kick(_: Rooms, room: Room, op: Op) -> Outcome:
    if op.user not in room.owners:
        return "error-not-allowed", room
    if room.archived:
        return ARCHIVED, room
    return goes(room, op.other, "error-user-not-in-room")


def leave(_: Rooms, room: Room, op: Op) -> Outcome:
    if op.user not in room.members:
        return NOT_FOUND, room
    if room.archived:
        return ARCHIVED, room
    return goes(room, op.user, NOT_FOUND)


def goes(room: Room, who: str, absent: str) -> Outcome:
    """Somebody's membership ends, unless it is the last owner's."""
    if who not in room.members:
        return absent, room
    if room.owners == {who}:
        return "error-you-are-last-owner", room
    return DONE, room.tells(members=room.members - {who}, owners=room.owners - {who})


def add_owner(_: Rooms, room: Room, op: Op) -> Outcome:
    if refusal := may_not_give(room, op):
        return refusal, room
    if op.other in room.owners:
        return "error-user-already-owner", room
    return DONE, room.tells(owners=room.owners | {op.other})


def remove_owner(_: Rooms, room: Room, op: Op) -> Outcome:
    if refusal := may_not_give(room, op):
        return refusal, room
    if op.other not in room.owners:
        return "error-user-not-owner", room
    if room.owners == {op.other}:
        return "error-remove-last-owner", room
    return DONE, room.tells(owners=room.owners - {op.other})


def may_not_give(room: Room, op: Op) -> str | None:
    """Why somebody may not make or unmake an owner."""
    if op.user not in room.members:
        return NOT_FOUND
    if room.archived:
        return ARCHIVED
    if op.user not in room.owners:
        return "error-not-allowed"
    return None if op.other in room.members else "error-user-not-in-room"


def post(_: Rooms, room: Room, op: Op) -> Outcome:
    if op.user not in room.members:
        return "error-not-allowed", room
    if room.archived:
        return "room_is_archived", room
    return DONE, replace(room, said=room.said | {Said(op.number, op.user, op.text)})


def edit(_: Rooms, room: Room, op: Op) -> Outcome:
    old = next((one for one in room.said if one.number == op.message), None)
    if old is None:
        return "No message found", room
    if op.user not in room.members:
        return "error-not-allowed", room
    if room.archived:
        return "room_is_archived", room
    if op.user != old.author and op.user not in room.owners:
        return "error-action-not-allowed", room
    return DONE, replace(room, said=room.said - {old} | {replace(old, text=op.text)})


def erase(_: Rooms, room: Room, op: Op) -> Outcome:
    old = next((one for one in room.said if one.number == op.message), None)
    if old is None:
        return "No message found", room
    if op.user not in room.members or (op.user != old.author and op.user not in room.owners):
        return "error-action-not-allowed", room
    return DONE, replace(room, said=room.said - {old})


def archive(_: Rooms, room: Room, op: Op) -> Outcome:
    if op.user not in room.members:
        return NOT_FOUND, room
    if room.archived:
        return ARCHIVED, room
    return (DONE, room.tells(archived=True)) if op.user in room.owners else ("error-not-authorized", room)


def unarchive(_: Rooms, room: Room, op: Op) -> Outcome:
    if op.user not in room.members:
        return NOT_FOUND, room
    if op.user not in room.owners:
        return "error-not-authorized", room
    return DONE, room.tells(archived=False) if room.archived else room


def rename(rooms: Rooms, room: Room, op: Op) -> Outcome:
    if op.user not in room.members:
        return NOT_FOUND, room
    if room.archived:
        return ARCHIVED, room
    if op.user not in room.owners:
        return "error-action-not-allowed", room
    if op.name == room.name:
        return DONE, room
    refusal = taken(rooms, op.name)
    return (refusal, room) if refusal else (DONE, room.tells(name=op.name))


def delete(_: Rooms, room: Room, op: Op) -> Outcome:
    if op.user not in room.members:
        return NOT_FOUND, room
    return (DONE, None) if op.user in room.owners else ("error-not-allowed", room)


RULES: dict[str, Callable[[Rooms, Room, Op], Outcome]] = {
    "invite": invite,
    "kick": kick,
    "leave": leave,
    "addOwner": add_owner,
    "removeOwner": remove_owner,
    "post": post,
    "edit": edit,
    "erase": erase,
    "archive": archive,
    "unarchive": unarchive,
    "rename": rename,
    "delete": delete,
}
GONE = {"post": "invalid-channel", "edit": "No message found", "erase": "No message found"}
"""What is heard of a group that is gone, where it is not that it was not found."""
COMMON = ("post", "post", "invite", "invite", "addOwner", "edit", "erase", "kick", "leave", "rename")
"""What people do more often than the rest."""


OWNER, MEMBER = "an owner", "a member"


@dataclass(frozen=True)
class Wish:
    """What somebody, or whoever owns the group or is in it, wants to do, before it is known which groups there are."""

    verb: str
    user: str
    other: str
    name: str
    which: int


WISHES = st.builds(
    Wish,
    verb=st.sampled_from((*RULES, *COMMON, "create")),
    user=st.sampled_from((*PEOPLE, *3 * (OWNER,), *3 * (MEMBER,))),
    other=st.sampled_from(PEOPLE),
    name=st.sampled_from(NAMES),
    which=st.integers(0, 3),
)


def actor(room: Room | None, user: str) -> str:
    """Who it is: of members one who is no owner, if there is any."""
    if user in PEOPLE or room is None:
        return user if user in PEOPLE else PEOPLE[0]
    return min(room.owners if user == OWNER else room.members - room.owners or room.members)
