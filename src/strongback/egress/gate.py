"""The check of every address that is dialled, made where its socket is made."""

import dataclasses
import socket

import aiohttp

from strongback.egress.addresses import EVERYWHERE, Policy, refusal


class RefusedAddress(OSError):
    """An address that may not be dialled; the text says which and why."""


class Gate:
    """Applies a policy, and makes the sockets for what it allows."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._ports_everywhere = {port for address, port in policy.own if address in EVERYWHERE}

    def refusal(self, address: str, port: int) -> str | None:
        """Say what keeps an address from being dialled, or None where it may be."""
        reason = refusal(address, port, self._policy)
        if reason is None and port in self._ports_everywhere and is_here(address, port):
            policy = dataclasses.replace(self._policy, own=frozenset({(address, port)}))
            return refusal(address, port, policy)
        return reason

    def socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """Make the socket for an address that is about to be dialled. Raises RefusedAddress."""
        family, kind, protocol, _, (address, port, *_) = info
        reason = self.refusal(address, port)
        if reason is not None:
            raise RefusedAddress(f"{address} is {reason}")
        return socket.socket(family, kind, protocol)


def is_here(address: str, port: int) -> bool:
    """Tell whether an address is this machine's: a route to itself starts at the address itself."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, port))  # sends nothing
        except OSError:
            return False
        return bool(probe.getsockname()[0] == address)
