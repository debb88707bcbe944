"""The judge of a fault: what posters were answered, against what the receiver saw. It knows nothing of the server."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from strongback.testing.answer import Answer
from strongback.testing.received import Received

Key = tuple[str, str]
"""A path of the receiver and the text of a message: what is owed there once."""


@dataclass(frozen=True)
class Verdict:
    """How a fault went: deliveries owed, arrived and arrived once more, and the longest that one took, in seconds."""

    accepted: int
    delivered: int
    duplicates: int
    longest: float


@dataclass
class Oracle:
    """Collects what happens, then judges."""

    accepted: dict[str, float] = field(default_factory=dict)
    """When the poster of a text had its 200, by `time.monotonic`."""
    refused: set[Received] = field(default_factory=set)
    """Arrivals that the receiver turned down, so that another must follow."""
    kills: list[tuple[float, frozenset[Key]]] = field(default_factory=list)
    """When the server was killed, and what its database then called delivered."""

    def accept(self, text: str) -> None:
        """The poster has its 200."""
        self.accepted[text] = time.monotonic()

    def killed(self, recorded: Collection[Key]) -> None:
        """The server has just been killed."""
        self.kills.append((time.monotonic(), frozenset(recorded)))

    def refusing(self, answer: Answer) -> Callable[[Received], Answer]:
        """A play of the receiver that turns a request down."""

        def play(request: Received) -> Answer:
            self.refused.add(request)
            return answer

        return play

    def judge(self, received: Sequence[Received], *paths: str) -> Verdict:
        """Fail unless each accepted text has reached each path, repeated only where the receiver may have answered."""
        arrivals: dict[Key, list[Received]] = defaultdict(list)
        for request in received:
            if request.path in paths:
                arrivals[request.path, request.json()["text"]].append(request)
        owed = {(path, text) for path in paths for text in self.accepted}
        lost = owed - {key for key, seen in arrivals.items() if not self.refused.issuperset(seen)}
        assert not lost, f"{len(lost)} of {len(owed)} were accepted and did not arrive: {sorted(lost)[:10]}"
        self._judge_ids(arrivals)
        for key, seen in arrivals.items():
            self._judge_repeats(key, seen)
        kept = [[one for one in seen if one not in self.refused] for seen in arrivals.values()]
        return Verdict(
            accepted=len(owed),
            delivered=len(owed & arrivals.keys()),
            duplicates=sum(len(seen) - 1 for seen in kept if seen),
            longest=max((arrivals[key][-1].at - self.accepted[key[1]] for key in owed), default=0.0),
        )

    def _judge_ids(self, arrivals: dict[Key, list[Received]]) -> None:
        ids = {key: {request.header("webhook-id") for request in seen} for key, seen in arrivals.items()}
        assert [key for key, known in ids.items() if len(known) != 1] == [], "an id changed between attempts"
        assert len(set().union(*ids.values())) == len(ids), "two deliveries share an id"

    def _judge_repeats(self, key: Key, seen: Sequence[Received]) -> None:
        for before, after in pairwise(seen):
            assert before in self.refused or before.answered is None or self._between(before, after), (
                f"{key} came again though it was answered and nobody was killed"
            )
        for moment, recorded in self.kills:
            assert key not in recorded or seen[-1].at < moment, f"{key} came again though it was recorded"

    def _between(self, before: Received, after: Received) -> bool:
        return any(before.at <= moment <= after.at for moment, _ in self.kills)
