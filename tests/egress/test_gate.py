"""The check is where the socket is made: whatever is dialled passes it."""

import socket

import pytest

from strongback.allowlist import Allowlist
from strongback.egress import gate as gate_module
from strongback.egress.addresses import Policy
from strongback.egress.gate import Gate, RefusedAddress, is_here

TCP = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")


def test_a_socket_is_made_for_what_is_allowed() -> None:
    with Gate(Policy()).socket((socket.AF_INET, *TCP, ("8.8.8.8", 443))) as made:
        assert (made.family, made.type) == (socket.AF_INET, socket.SOCK_STREAM)


@pytest.mark.parametrize(
    ("family", "address"),
    [
        (socket.AF_INET, ("127.0.0.1", 80)),
        (socket.AF_INET6, ("::1", 80, 0, 0)),
        (socket.AF_INET6, ("::ffff:10.0.0.1", 80, 0, 0)),
        (socket.AF_INET, ("localhost", 80)),
    ],
)
def test_no_socket_is_made_for_what_is_refused(family: int, address: tuple[str, int]) -> None:
    with pytest.raises(RefusedAddress, match=f"{address[0]} is (a|no) "):
        Gate(Policy()).socket((family, *TCP, address))


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "::"])
def test_a_server_that_listens_everywhere_is_not_called_on_any_of_its_addresses(
    everywhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "is_here", lambda address, _: address == "8.8.8.8")
    own = frozenset({(everywhere, 3000)})
    gate = Gate(Policy(own=own))
    assert gate.refusal("8.8.8.8", 3000) == "where this server listens"
    assert gate.refusal("8.8.8.8", 3001) is None
    assert gate.refusal("8.8.4.4", 3000) is None
    assert Gate(Policy(Allowlist.parse("8.8.8.8"), own=own)).refusal("8.8.8.8", 3000) is None
    assert Gate(Policy(own=frozenset({("127.0.0.1", 3000)}))).refusal("8.8.8.8", 3000) is None


def test_addresses_of_this_machine_are_known() -> None:
    assert is_here("127.0.0.1", 9)
    assert not is_here("192.0.2.1", 9)
    assert not is_here("2001:db8::1", 9)
