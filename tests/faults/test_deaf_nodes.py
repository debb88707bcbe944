"""What one node is told holds on every other with its next request, whether or not they hear each other."""

import pytest

from strongback.testing.client import Reply
from tests.faults.hub import until
from tests.faults.nodes import DATABASE, Node, Nodes

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

DEAFEN = (
    "SELECT count(pg_terminate_backend(pid)) AS many FROM pg_stat_activity"
    " WHERE application_name LIKE 'strongback%' AND query LIKE '%LISTEN%'"
)


def listing(node: Node, token: str | None = None) -> Reply:
    """Ask a node which integrations reach the group."""
    headers = node.headers if token is None else node.headers | {"X-Auth-Token": token}
    return node.send("GET", f"groups.getIntegrations?roomId={node.group.id}", b"", headers)


def deafen(nodes: Nodes) -> None:
    """End the connections on which nodes listen."""
    until(lambda: nodes.cluster.execute(DATABASE, DEAFEN)[0]["many"] > 0, 30)


@pytest.mark.parametrize("deaf", [False, True], ids=["hearing", "deaf"])
def test_what_was_revoked_is_refused_by_every_node_at_once(nodes: Nodes, deaf: bool) -> None:
    first, *others = nodes.nodes
    made = first.post("users.generatePersonalAccessToken", {"tokenName": "lent", "bypassTwoFactor": True})
    assert [listing(node, made["token"]).status for node in nodes.nodes] == [200, 200, 200]
    wanted = {"permissions": [{"_id": name, "roles": []} for name in MANAGE]}
    for _ in range(5):
        if deaf:
            deafen(nodes)
        first.post("permissions.update", wanted)
        assert [listing(node, made["token"]).status for node in others] == [403, 403]
        given = {"permissions": [{"_id": name, "roles": ["admin"]} for name in MANAGE]}
        first.post("permissions.update", given)
        assert [listing(node, made["token"]).status for node in others] == [200, 200]
    if deaf:
        deafen(nodes)
    first.post("users.removePersonalAccessToken", {"tokenName": "lent"})
    assert [listing(node, made["token"]).status for node in nodes.nodes] == [401, 401, 401]


MANAGE = [f"manage-{own}{kind}-integrations" for own in ("", "own-") for kind in ("incoming", "outgoing")]
