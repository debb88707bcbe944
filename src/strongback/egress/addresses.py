"""Which addresses may be dialled; pure."""

import ipaddress
from dataclasses import dataclass, field

from strongback.allowlist import Address, Allowlist, Network

_NOT_PUBLIC: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(network), what)
    for network, what in (
        ("127.0.0.0/8", "a loopback address"),
        ("10.0.0.0/8", "a private address"),
        ("172.16.0.0/12", "a private address"),
        ("192.168.0.0/16", "a private address"),
        ("100.64.0.0/10", "an address of a carrier's own network"),
        ("169.254.0.0/16", "a link-local address"),
        ("168.63.129.16/32", "a cloud's metadata address"),
        ("0.0.0.0/8", "an unspecified address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "an address for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("198.18.0.0/15", "an address for benchmarks"),
        ("198.51.100.0/24", "an address for documentation"),
        ("203.0.113.0/24", "an address for documentation"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("::1/128", "a loopback address"),
        ("::/128", "an unspecified address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", "a link-local address"),
        ("ff00::/8", "a multicast address"),
        ("2001::/32", "a Teredo address"),
        ("2001::/23", "a reserved address"),
        ("2001:db8::/32", "an address for documentation"),
        ("2002::/16", "a 6to4 address"),
        ("3fff::/20", "an address for documentation"),
    )
)
"""The special ranges of the IANA registries, written out: `ipaddress.is_global` differs between Python versions."""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOOPBACK = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1/128"))
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104
"""The addresses that stand for all of this machine's."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be called: public addresses, what `allow` lists, and with `loopback` (`--dev`) this machine.

    `own` is where this server listens: it is never called, for a message would go in circles, unless `allow` says so.
    """

    allow: Allowlist = field(default_factory=Allowlist)
    loopback: bool = False
    own: frozenset[tuple[str, int]] = frozenset()


def refusal(address: str, port: int, policy: Policy) -> str | None:
    """Say what keeps an address from being dialled, as the end of "it is ...", or None where it may be."""
    literal = _parse(address)
    if literal is None:
        return "no address of the internet"
    # An IPv4 address inside an IPv6 address is judged as what it leads to, by the allowlist too.
    leads_to = _embedded(literal)
    if policy.allow.covers(leads_to):
        return None
    if _is_own(leads_to, port, policy.own):
        return "where this server listens"
    if policy.loopback and _is_loopback(leads_to):
        return None
    return _special(leads_to)


def _parse(text: str) -> Address | None:
    """Read an address; one with a zone counts for one link only and is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    zoned = isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None
    return None if zoned else address


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv4-mapped or NAT64 address leads to, else the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_loopback(address: Address) -> bool:
    return any(address in network for network in _LOOPBACK)


def _is_own(address: Address, port: int, own: frozenset[tuple[str, int]]) -> bool:
    listeners = [_parse(listener) for listener, own_port in own if own_port == port]
    if address.is_unspecified or _is_loopback(address):
        return bool(listeners)
    return address in listeners


def _special(address: Address) -> str | None:
    for network, what in _NOT_PUBLIC:
        if address in network:
            return what
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return "a reserved address"
    return None
