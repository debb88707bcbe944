"""What a server on SQLite owed is delivered after the copy by a node on PostgreSQL, once each, signed as before."""

from pathlib import Path

import pytest
from standardwebhooks import Webhook

from strongback.testing.answer import Answer
from strongback.testing.receiver import Receiver
from tests.copying.copies import copy
from tests.copying.filled import SECRET
from tests.stores import database_url, execute
from tests.wire.delivering import in_state
from tests.wire.making import post
from tests.wire.outgoing import Group, until
from tests.wire.server import Server

pytestmark = pytest.mark.sqlite

WORDS = ("one", "two", "three")


def test_what_was_owed_is_delivered(tmp_path: Path) -> None:
    source, target = database_url(tmp_path, "sqlite"), database_url(tmp_path, "postgres")
    with Receiver() as receiver:
        server = Server.start(tmp_path, "--dev", database=source)
        group = Group(server, receiver, retryPolicy="standard")
        id = group.integration["_id"]
        post(server.admin, "integrations.setSecret", {"integrationId": id, "secret": SECRET})
        receiver.script(group.path, [Answer(503, headers={"Retry-After": "15"}), Answer(delay=60)])
        for word in WORDS:
            group.post(word)
        group.told(len(WORDS))
        waiting = in_state(group, "pending")
        assert [one["attempts"] for one in waiting] == [1]
        server.kill()  # while the receiver has not answered

        states = "SELECT state, count(*) AS many FROM outbox GROUP BY state ORDER BY state"
        assert execute(tmp_path, states, store="sqlite") == [
            {"state": "pending", "many": 1},
            {"state": "sending", "many": 2},
        ]
        sent = {request.header("webhook-id") for request in receiver.requests}
        done = copy(source, target)
        assert done.returncode == 0, done
        key = tmp_path / "secret.key"
        assert done.stderr == (
            "signing secrets were copied as they are sealed: give every node STRONGBACK_SECRET_KEY, the text of"
            f" {key} or what the server on SQLite was given\n"
        )
        assert execute(tmp_path, states, store="postgres") == [{"state": "pending", "many": 3}]

        receiver.clear()
        receiver.script(group.path, [Answer(body={})])
        node = Server.start(tmp_path, "--dev", database=target, STRONGBACK_SECRET_KEY=key.read_text().strip())
        try:
            requests = receiver.wait(len(WORDS), 60.0, group.path)
            until(
                lambda: (
                    execute(tmp_path, states, store="postgres") == [{"state": "delivered", "many": 3}] or None
                ),
                "deliveries that have ended",
            )
        finally:
            node.stop()
        assert {request.header("webhook-id") for request in requests} == sent
        told = [Webhook(SECRET).verify(request.body, dict(request.headers))["text"] for request in requests]
        assert sorted(told) == sorted(WORDS)
        assert receiver.count == len(WORDS)
