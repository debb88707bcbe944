"""`egress.allow`: the networks and hosts that may be called although they are refused by default."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

HOST_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
"""A host that ends so is an address in some spelling, never a name (the URL standard's rule)."""


@dataclass(frozen=True, slots=True)
class Allowlist:
    """Networks, whose addresses are allowed, and host names, allowed whatever they resolve to."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read networks, addresses and host names with commas between them. Raises ValueError."""
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in filter(None, map(str.strip, text.split(","))):
            parsed = _entry(entry)
            if isinstance(parsed, str):
                hosts.add(parsed)
            else:
                networks.append(parsed)
        return cls(tuple(networks), frozenset(hosts))

    def names(self, host: str) -> bool:
        """Tell whether a host, in lower case and without a final dot, is listed by its name."""
        return host in self.hosts

    def covers(self, address: Address) -> bool:
        """Tell whether an address lies in a listed network."""
        return any(address in network for network in self.networks)

    def __str__(self) -> str:
        return ", ".join([*map(str, self.networks), *sorted(self.hosts)])


def _entry(entry: str) -> Network | str:
    name = entry.lower().removesuffix(".")
    if HOST_NAME.fullmatch(name) and not NUMERIC_END.fullmatch(name):
        return name
    if "%" in entry:
        raise ValueError(f"has {entry!r}: a network has no zone")
    try:
        return ipaddress.ip_network(entry.removeprefix("[").removesuffix("]"))
    except ValueError:
        pass
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        raise ValueError(
            f"has {entry!r}, which is neither a network such as 10.0.0.0/8 nor a host such as ci.example.com"
        ) from None
    raise ValueError(f"has {entry!r}, which is an address within a network: write {network}")
