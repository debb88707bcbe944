"""Three nodes on one PostgreSQL server, each with a way to it that may be cut, the receiver that they call, the judge."""

import itertools
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from strongback.testing.client import Reply
from strongback.testing.receiver import Receiver
from strongback.testing.server import Server
from tests.faults.hub import Hub
from tests.faults.oracle import Key
from tests.faults.proxy import Proxy
from tests.faults.report import Report
from tests.postgres import USER, Cluster

DATABASE = "chat"
LEASE = 60.0
RETAKEN = LEASE + 60.0
"""By when what a lost worker held has been sent by another: its lease, the next look, the sending."""

RECORDED = (
    "SELECT d.url, e.body::json ->> 'text' AS text FROM deliveries d JOIN events e ON e.id = d.event"
    " WHERE d.state = 'delivered'"
)


class Node(Server):
    """A server that reaches PostgreSQL through a proxy."""

    def __init__(self, folder: Path, proxy: Proxy) -> None:
        folder.mkdir()
        super().__init__(folder, env={"PGSSLMODE": "prefer"})  # as it is where nobody says otherwise
        self.proxy = proxy

    @property
    def database_url(self) -> str:
        """The URL of the database, by the proxy's port."""
        return f"postgresql://{USER}@127.0.0.1:{self.proxy.port}/{DATABASE}"

    def settle(self) -> None:
        """Log in, and make a token and the group."""
        self._settle()

    def like(self, other: Server) -> None:
        """Use the account and the group that another node has made."""
        self.headers, self.user_id, self.token = other.headers, other.user_id, other.token
        self.group = other.group


class Nodes(Hub):
    """A hub of several nodes: a poster stays with one as long as that answers 200, then goes to the next."""

    def __init__(self, cluster: Cluster, nodes: list[Node], receiver: Receiver) -> None:
        super().__init__(nodes[0], receiver)
        self.cluster = cluster
        self.nodes = nodes
        self.statuses: Counter[int] = Counter()
        self._posters = itertools.count()
        self._mine = threading.local()

    def say(self, text: str, entry: str | None = None, key: str | None = None) -> Reply:
        """Post to the group through this thread's node; whatever is answered is returned, and a 200 is noted."""
        if not hasattr(self._mine, "number"):
            self._mine.number = next(self._posters)
        node: Node = self.nodes[self._mine.number % len(self.nodes)]
        self._mine.number += 1  # unless it answers 200
        headers = {"Content-Type": "application/json"}
        if entry is None:
            body = {"roomId": node.group.id, "text": text}
            sent = node.send("POST", "chat.postMessage", json.dumps(body).encode(), headers | node.headers)
        else:
            headers |= {} if key is None else {"Idempotency-Key": key}
            sent = node.send("POST", entry, json.dumps({"text": text}).encode(), headers)
        self.statuses[sent.status] += 1
        if sent.status == 200:
            self._mine.number -= 1
            self.oracle.accept(text)
        return sent

    def turn(self) -> None:
        """Let this thread post to the next node from now on."""
        self._mine.number += 1

    def refused_since(self, before: int, more: int) -> bool:
        """Whether posters have been told to come again so many times more."""
        return self.statuses[503] >= before + more

    def disturb(self) -> None:
        """Something has just become of the way to the database: what was being sent may come again."""
        self.oracle.killed(())

    def kill_node(self, node: Node) -> None:
        """End a node at once; what the database then calls delivered must not come again."""
        node.kill()
        self.oracle.killed(self.recorded())

    def settled(self, report: Report, fault: str, *paths: str) -> None:
        """Wait until nothing is owed any more, then judge."""
        assert set(self.ended(RETAKEN)) == {"delivered"}
        assert set(self.statuses) <= {200, 503}, self.statuses
        report(f"three nodes: {fault}", self.oracle.judge(self.receiver.requests, *paths))

    def recorded(self) -> set[Key]:
        """What the database calls delivered."""
        rows = self.cluster.execute(DATABASE, RECORDED)
        return {(urlsplit(row["url"]).path, row["text"]) for row in rows}

    def states(self) -> Counter[str]:
        """How many deliveries are in which state."""
        rows = self.cluster.execute(DATABASE, "SELECT state, count(*) AS many FROM outbox GROUP BY state")
        return Counter({row["state"]: row["many"] for row in rows})

    def messages(self) -> list[str]:
        """The texts of all messages that people and hooks have posted."""
        rows = self.cluster.execute(DATABASE, "SELECT text::json ->> 'msg' AS text FROM messages WHERE last")
        return [row["text"] for row in rows]


@contextmanager
def three_nodes(folder: Path) -> Iterator[Nodes]:
    """Start PostgreSQL as it is used in earnest, and three nodes on it."""
    cluster = Cluster.start(durable=True)
    with ExitStack() as running:
        running.callback(cluster.remove)
        cluster.create(DATABASE)
        receiver = running.enter_context(Receiver())
        nodes = [Node(folder / name, running.enter_context(Proxy(cluster.port))) for name in "abc"]
        first, *others = nodes
        running.enter_context(first)
        for other in others:
            other.start()
            running.callback(end, other)
            other.like(first)
        yield Nodes(cluster, nodes, receiver)


def end(node: Node) -> None:
    """Stop a node, unless it has ended before."""
    node.resume()
    node.__exit__()
