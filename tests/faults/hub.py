"""A real server whose group has outgoing integrations, the receiver that they call, and what the database says."""

import contextlib
import json
import shutil
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from strongback.testing.client import Reply
from strongback.testing.receiver import Receiver
from strongback.testing.server import Server
from tests.faults.oracle import Key, Oracle

LOOK_AGAIN = 0.02
CRASHED = 137
OPEN = ("pending", "sending")
RECORDED = (
    "SELECT d.url, json_extract(e.body, '$.text') FROM deliveries d JOIN events e ON e.id = d.event"
    " WHERE d.state = 'delivered'"
)


class Hub:
    """The server, the receiver and the oracle of one test."""

    def __init__(self, server: Server, receiver: Receiver) -> None:
        self.server = server
        self.receiver = receiver
        self.oracle = Oracle()

    def hook(self, path: str, url: str | None = None, **members: Any) -> str:
        """Make an outgoing integration of the group, and return its id."""
        body = {
            "type": "webhook-outgoing",
            "name": path.strip("/"),
            "enabled": True,
            "username": "admin",
            "channel": f"#{self.server.group.name}",
            "event": "sendMessage",
            "urls": [(url or self.receiver.url) + path],
            "scriptEnabled": "script" in members,
        }
        made = self.server.post("integrations.create", body | members)
        id: str = made["integration"]["_id"]
        return id

    def entry(self) -> str:
        """Make an incoming integration of the group, and return the path of its hook."""
        body = {
            "type": "webhook-incoming",
            "name": "entry",
            "enabled": True,
            "username": "admin",
            "channel": f"#{self.server.group.name}",
            "scriptEnabled": False,
        }
        made = self.server.post("integrations.create", body)["integration"]
        return f"/hooks/{made['_id']}/{made['token']}"

    def say(self, text: str, entry: str | None = None, key: str | None = None) -> Reply:
        """Post to the group, through a hook if one is named; whatever is answered is returned, and a 200 is noted."""
        headers = {"Content-Type": "application/json"}
        if entry is None:
            body = {"roomId": self.server.group.id, "text": text}
            sent = self.server.send(
                "POST", "chat.postMessage", json.dumps(body).encode(), headers | self.server.headers
            )
        else:
            if key is not None:
                headers["Idempotency-Key"] = key
            sent = self.server.send("POST", entry, json.dumps({"text": text}).encode(), headers)
        if sent.status == 200:
            self.oracle.accept(text)
        return sent

    @contextlib.contextmanager
    def posting(self, threads: int = 4, *, patient: bool = False) -> Iterator[None]:
        """Post texts of their own from some threads, also while the server is away, until the context ends.

        Every other thread posts through a hook. `patient` ones all do, and say the same again, with a key, until they
        have their 200.
        """
        ended = threading.Event()
        entry = self.entry()

        def post(lane: int) -> None:
            number = 0
            while not ended.is_set():
                number += 1
                text = f"m{lane}-{number}"
                if patient:
                    self._insist(text, entry)
                else:
                    self._try(text, entry if lane % 2 else None)

        lanes = [threading.Thread(target=post, args=(lane,)) for lane in range(threads)]
        for lane in lanes:
            lane.start()
        try:
            yield
        finally:
            ended.set()
            for lane in lanes:
                lane.join()

    def _try(self, text: str, entry: str | None) -> None:
        with contextlib.suppress(OSError, HTTPException):  # a text that got no answer is nobody's promise
            self.say(text, entry)
            return
        time.sleep(LOOK_AGAIN)

    def _insist(self, text: str, entry: str) -> None:
        while text not in self.oracle.accepted:
            with contextlib.suppress(OSError, HTTPException):
                self.say(text, entry, key=text)
                continue
            time.sleep(LOOK_AGAIN)

    def kill(self) -> None:
        """End the server at once, from outside."""
        self.server.kill()
        self.oracle.killed(self.recorded())

    def crashed(self, timeout: float = 20.0) -> None:
        """Wait until the server has ended itself at its crash point."""
        assert self.server.wait(timeout) == CRASHED
        self.oracle.killed(self.recorded())

    def recorded(self) -> set[Key]:
        """What the database of the dead server calls delivered; read from a copy, so that its journal stays as it is."""
        with tempfile.TemporaryDirectory() as folder:
            for file in self.server.folder.glob("strongback.db*"):
                shutil.copy(file, folder)
            with contextlib.closing(sqlite3.connect(Path(folder) / self.server.database.name)) as copy:
                return {(urlsplit(url).path, text) for url, text in copy.execute(RECORDED)}

    @contextlib.contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """The database of a server that does not run."""
        with contextlib.closing(sqlite3.connect(self.server.database)) as database, database:
            yield database

    def query(self, sql: str, *parameters: Any) -> list[Any]:
        """Ask the database, beside the server that runs."""
        with contextlib.closing(sqlite3.connect(f"file:{self.server.database}?mode=ro", uri=True)) as beside:
            return beside.execute(sql, parameters).fetchall()

    def states(self) -> Counter[str]:
        """How many deliveries are in which state."""
        return Counter(dict(self.query("SELECT state, count(*) FROM deliveries GROUP BY state")))

    def ended(self, timeout: float = 30.0) -> Counter[str]:
        """Wait until every delivery has reached its end, and return how many reached which."""
        found = Counter[str]()

        def none_is_open() -> bool:
            nonlocal found
            found = (
                self.states()
            )  # all of one moment: what is sent may become pending, and the other way round
            return not any(found[state] for state in OPEN)

        until(none_is_open, timeout, self.states)
        return found

    def history(self, id: str) -> list[Any]:
        """What the history of an integration shows, the newest first."""
        found: list[Any] = self.server.get("integrations.history", id=id)["history"]
        return found


def until(
    condition: Callable[[], bool], timeout: float = 20.0, shown: Callable[[], Any] | None = None
) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:g} s in vain" + (f": {shown()}" if shown else ""))
        time.sleep(LOOK_AGAIN)


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which this part of the values lies."""
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]
