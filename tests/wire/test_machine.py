"""Two people do anything to their groups in any order, and at once: it is as if one had gone before the other.

room_model.py says what should come of it. Of two requests at the same time it says who is refused, but not why: one
may have looked before the other wrote.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from itertools import count, permutations
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.wire.making import post
from tests.wire.room_model import DONE, PEOPLE, WISHES, Op, Room, Said, State, Wish, actor, apply
from tests.wire.server import Server, environment
from tests.wire.test_races import at_once

pytestmark = pytest.mark.timeout(300)

API = "/api/v1"
NEAR = 3
"""How many of the newest groups anything is done to."""
CALLS = {"post": "chat.postMessage", "edit": "chat.update", "erase": "chat.delete"}
READING = (
    "groups.info",
    "groups.history",
    "groups.messages",
    "groups.members",
    "groups.roles",
    "rooms.info",
    "chat.getPinnedMessages",
    "chat.getStarredMessages",
)

_examples = count()


class World:
    """A server, and each person at two places at once: at two nodes where there are several."""

    def __init__(self, server: Server, other: Server) -> None:
        permission = {"_id": "unarchive-room", "roles": ["admin", "owner"]}
        post(server.admin, "permissions.update", {"permissions": [permission]})
        self.clients = {name: (server.create_user(name), other.client(name)) for name in PEOPLE}
        headers = {name: clients[0].headers for name, clients in self.clients.items()}
        self.ids = {name: sent["X-User-Id"] for name, sent in headers.items()}
        self.eyes = {name: server.anonymous(dict(headers[name]), check=False) for name in PEOPLE}

    def look(self, name: str, path: str, **params: Any) -> httpx.Response:
        """What somebody is answered who only looks."""
        answer = self.eyes[name].get(f"{API}/{path}", params=params)
        assert answer.status_code in (200, 400), answer.text
        return answer


def outcome(answer: httpx.Response) -> str:
    """`done`, or what was refused: the errorType, else the text."""
    assert answer.status_code in (200, 400), f"{answer.request.url.path}: {answer.text}"
    body: dict[str, str] = answer.json()
    if answer.status_code == 200:
        return DONE
    assert body["error"]
    return body.get("errorType", body["error"].partition(" with the id")[0])


class Groups(RuleBasedStateMachine):
    """The groups of an example on the server, and all that may be so by now."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.prefix = f"machine-{next(_examples)}"
        self.numbers = count()
        self.states: set[State] = {frozenset()}
        self.rooms: dict[int, str] = {}
        self.messages: dict[int, tuple[int, str]] = {}

    @initialize(both=st.booleans())
    def begin(self, both: bool) -> None:
        """There is a group with both in it, who may both own it."""
        olga, mick = PEOPLE
        self.one(Wish("create", olga, mick, "red", 0))
        self.one(Wish("invite", olga, mick, "", 0))
        if both:
            self.one(Wish("addOwner", olga, mick, "", 0))

    @rule(wish=WISHES)
    def one(self, wish: Wish) -> None:
        """Somebody does something."""
        op = self.resolved(wish)
        answer = self.call(op, 0)
        results = [apply(state, op) for state in self.states]
        told = outcome(answer)
        assert told in {expected for expected, _ in results}, (op, answer.text, self.states)
        self.states = {state for expected, state in results if expected == told}
        self.settle({op: answer})

    @rule(first=WISHES, second=WISHES)
    def two(self, first: Wish, second: Wish) -> None:
        """Two things are done at the same time."""
        ops = self.resolved(first), self.resolved(second)
        answers = at_once(*(partial(self.call, op, place) for place, op in enumerate(ops)))
        told = {op: outcome(answer) == DONE for op, answer in zip(ops, answers, strict=True)}
        after = set()
        for state in self.states:
            for order in permutations(ops):
                then, done = state, {}
                for op in order:
                    expected, then = apply(then, op)
                    done[op] = expected == DONE
                if done == told:
                    after.add(then)
        assert after, (ops, [answer.text for answer in answers], self.states)
        self.states = after
        self.settle(dict(zip(ops, answers, strict=True)))

    def resolved(self, wish: Wish) -> Op:
        """A wish as something that can be done to a group and a message that there are, or were."""
        number, name, near = next(self.numbers), f"{self.prefix}-{wish.name}", list(self.rooms)[-NEAR:]
        if wish.verb == "create":
            return Op("create", actor(None, wish.user), number, name=name)
        room = near[wish.which % len(near)]
        user = actor(dict(next(iter(self.states)))[room], wish.user)
        text = f"text {number}"
        if wish.verb not in CALLS:
            return Op(wish.verb, user, number, room, other=wish.other, name=name)
        here = [message for message, (where, _) in self.messages.items() if where == room]
        if wish.verb == "post" or not here:
            return Op("post", user, number, room, text=text)
        return Op(wish.verb, user, number, room, here[-1 - wish.which % len(here)], text=text)

    def call(self, op: Op, place: int) -> httpx.Response:
        """Do it over HTTP, from one of the user's places."""
        body: dict[str, Any] = {"name": op.name}
        if op.verb != "create":
            body["roomId"] = self.rooms[op.room]
            body |= {"username": op.other} if op.other else {}
        if op.verb in CALLS:
            body = {"roomId": self.rooms[op.room], "text": op.text}
        if op.verb in ("edit", "erase"):
            body["msgId"] = self.messages[op.message][1]
        path = CALLS.get(op.verb, f"groups.{op.verb}")
        return self.world.clients[op.user][place].post(f"{API}/{path}", json=body)

    def settle(self, answers: dict[Op, httpx.Response]) -> None:
        """Remember what was made, and keep what is so of all that may be so."""
        for op, answer in answers.items():
            if outcome(answer) == DONE and op.verb == "create":
                self.rooms[op.number] = answer.json()["group"]["_id"]
            if outcome(answer) == DONE and op.verb == "post":
                self.messages[op.number] = op.room, answer.json()["message"]["_id"]
        for room in {op.number if op.verb == "create" else op.room for op in answers} & self.rooms.keys():
            seen = self.seen(room, wholly=bool({"kick", "leave", "delete"} & {op.verb for op in answers}))
            kept = {state for state in self.states if dict(state)[room] == seen}
            assert kept, (list(answers), seen, self.states)
            self.states = kept

    def seen(self, room: int, *, wholly: bool) -> Room | None:
        """A group as its members see it; nobody else sees anything of it, which is asked `wholly` where somebody went."""
        look, rid = self.world.look, self.rooms[room]
        mine = {
            name: look(name, "subscriptions.getOne", roomId=rid).json()["subscription"] for name in PEOPLE
        }
        members = [name for name in PEOPLE if mine[name]]
        for name in {*PEOPLE} - {*members} if wholly else ():
            self.sees_nothing(name, room)
        views = [self.view(name, rid) for name in members]
        assert views[1:] == views[:1] * (len(views) - 1), "the members see different things"
        if not views:
            return None
        group, messages = views[0]
        assert group["usersCount"] == len(members)
        assert group["msgs"] == len(messages)
        numbers = {id: number for number, (_, id) in self.messages.items()}
        said = {
            Said(numbers[one["_id"]], one["u"]["username"], one["msg"]) for one in messages if "t" not in one
        }
        owners = frozenset(name for name in members if "owner" in mine[name].get("roles", []))
        assert owners, "nobody owns it"
        told = len(messages) - len(said)
        archived = group.get("archived", False)
        return Room(group["name"], frozenset(members), owners, archived, told, frozenset(said))

    def view(self, name: str, rid: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A group and its messages as a member sees them; lists and counts agree."""
        look = partial(self.world.look, name, roomId=rid)
        group = look(path="groups.info").json()["group"]
        messages: list[dict[str, Any]] = look(path="groups.history", count=1000).json()["messages"]
        if not group.get("archived"):
            page = look(path="groups.messages", count=0).json()
            assert (page["total"], page["messages"]) == (len(messages), messages)
            page = look(path="groups.members", count=0).json()
            assert page["total"] == len(page["members"]) == group["usersCount"]
        group.pop("lastMessage", None)
        return group, messages

    def sees_nothing(self, name: str, room: int) -> None:
        """Whoever is not in a group reads nothing of it."""
        rid = self.rooms[room]
        for path in READING:
            assert self.world.look(name, path, roomId=rid).status_code == 400, path
        search = {"searchText": "text", "lastUpdate": "2020-01-01T00:00:00.000Z"}
        for path in ("chat.search", "chat.syncMessages"):
            assert self.world.look(name, path, roomId=rid, **search).status_code == 400, path
        for where, id in self.messages.values():
            if where == room:
                answer = self.world.look(name, "chat.getMessage", msgId=id)
                assert "message" not in answer.json()
        listed = self.world.look(name, "groups.list", query=json.dumps({"_id": rid})).json()
        assert listed["groups"] == []

    def teardown(self) -> None:
        """All of it is still so."""
        rooms = {room: self.seen(room, wholly=True) for room in self.rooms}
        assert frozenset(rooms.items()) in self.states


@pytest.fixture(scope="module", autouse=True)
def world(server: Server, other: Server) -> Iterator[None]:
    """At the end nothing is damaged, dangling or orphaned."""
    Groups.world = World(server, other)
    yield
    command = [sys.executable, "-m", "strongback.cli.main", "check", "--json"]
    command += ["--database", server.database]
    found = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert found.stdout, found.stderr
    assert json.loads(found.stdout)["problems"] == []


TestGroups = Groups.TestCase
TestGroups.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
