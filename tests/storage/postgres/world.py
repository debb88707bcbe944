"""People in rooms who write, read and leave, at random: what the stores are compared on."""

import random
from collections.abc import Iterator
from functools import partial
from typing import Any

from strongback.documents.document import Document
from strongback.storage.steps import Link, MarkSeen, Put, PutHistory, PutIntegration, PutToken, Remove, Step
from tests.storage_contract.conftest import login_token

NAMES = [
    "aNN",
    "ANn",
    "ann",
    "Ann",
    "ÄNN",
    "zoe",
    "Zoe",
    "a-b",
    "a b",
    "ab",
    "a_b",
    "\U0001f600",
    "\uffee",
    "0",
]
TYPES = ["webhook-incoming", "webhook-outgoing"]
WORDS = ["quick", "Quick", "brown", "naïve", "naive", "a-b", "a b", "it's", "\\", "狐", "🦊"]


def dated(put: Put, **dates: int) -> Put:
    for name, at in dates.items():
        put.document.set_date(name, at)
    return put


def put(kind: str, id: str, **members: Any) -> Put:
    """A step that puts a document; members that are None are left out."""
    given = {name: value for name, value in members.items() if value is not None}
    return Put(kind, Document(id, {"_id": id, **given}))


def world(chance: random.Random) -> Iterator[Step]:
    """People in rooms who write, read and leave."""
    some, when = chance.choice, partial(chance.randrange, 5_000)
    people = [f"u{n}" for n in range(len(NAMES))]
    for id, name in zip(people, NAMES, strict=True):
        status, active = some([None, "online", "away", "offline"]), some([True, True, False])
        roles = chance.sample(["user", "admin", "bot"], 2)
        shown = {"status": status, "statusConnection": status, "active": active, "roles": roles}
        yield dated(
            put("users", id, username=name, emails=[{"address": f"{id}@Example.com"}], **shown),
            createdAt=when(),
        )
        yield PutToken(login_token(id, f"hash-{id}"))
    rooms = [f"r{n}" for n in range(8)]
    for id, named in zip(rooms, [None, None, *NAMES[2:6], *NAMES[10:12]], strict=True):
        team = some([None, None, "t1"])
        yield dated(put("rooms", id, name=named, t=some("ccpd"), teamId=team, uids=["u1", "u0"]), ts=when())
    for rid in rooms:
        for id in chance.sample(people, 5):
            yield member(chance, rid, id)
    for n in range(150):
        yield message(chance, f"m{n}", some(rooms), some(people))
    for _ in range(15):
        yield MarkSeen(some(rooms), some(people), when(), alert=some([True, False]))
    yield put("rooms", "r8", t="p")
    yield put("messages", "m150", rid="r8", u={"_id": "u1"}, msg="without a date")
    yield Remove("messages", "m7")
    yield Remove("subscriptions", f"{rooms[0]}-{people[0]}")
    for n in range(12):
        yield hook(chance, f"i{n}", some(people))
    for n in range(6):
        record = dated(
            put("history", f"h{n}", step="x", integration={"_id": "i1"}), _updatedAt=when() // 1_000
        )
        yield PutHistory(record.document, "i1", f'{{"_id":"i1","n":{n % 2}}}', n % 2)


def member(chance: random.Random, rid: str, id: str) -> Step:
    some, when = chance.choice, partial(chance.randrange, 5_000)
    unseen = {"unread": some([None, 3]), "alert": some([None, True]), "userMentions": some([None, 2])}
    opened, roles = (
        some([None, False, True]),
        chance.sample(["owner", "leader", "moderator"], some([0, 1, 2])),
    )
    one = put(
        "subscriptions",
        f"{rid}-{id}",
        rid=rid,
        u={"_id": id},
        t=some("dp"),
        open=opened,
        roles=roles,
        **unseen,
    )
    return dated(one, ts=when(), _updatedAt=when(), **some([{}, {"ls": when()}]))


def message(chance: random.Random, id: str, rid: str, author: str) -> Step:
    some, when = chance.choice, partial(chance.randrange, 5_000)
    marks: dict[str, Any] = {
        "alias": some([None, "a\0b"]),
        "tmid": some([None, None, "m1", "m2"]),
        "tshow": some([None, True]),
        "t": some([None, None, None, "uj"]),
        "_hidden": some([None, None, None, True]),
        "pinned": some([None, True]),
        "mentions": some([None, [{"_id": some(["u1", "u2", "all", "here"])}]]),
        "starred": some([None, [{"_id": some(["u1", "u2"])}]]),
    }
    text = " ".join(chance.sample(WORDS, 3))
    dates = {"_updatedAt": when(), **some([{}, {"tlm": when()}]), **({} if id == "m9" else {"ts": when()})}
    return dated(put("messages", id, rid=rid, u={"_id": author}, msg=text, **marks), **dates)


def hook(chance: random.Random, id: str, creator: str) -> Step:
    links = [
        Link("#x", "room", chance.choice(["r1", "r2"])),
        Link("all", "scope", chance.choice(["all", "some"])),
    ]
    one = dated(
        put("integrations", id, type=chance.choice(TYPES), _createdBy={"_id": creator}, urls=["http://a/"])
    )
    one.document.set_date("_createdAt", chance.randrange(0, 3))
    return PutIntegration(one.document, links)
