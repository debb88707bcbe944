"""No address that is not public is called by default; the borders of every range are here, written by hand."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.allowlist import Allowlist
from strongback.egress.addresses import Policy, refusal

DEFAULT = Policy()

REFUSED = {
    "loopback": "127.0.0.0 127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1 ::ffff:7f00:1 64:ff9b::7f00:1",
    "unspecified": "0.0.0.0 0.0.0.1 0.255.255.255 :: ::ffff:0.0.0.0 64:ff9b::",
    "private": "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255 fc00:: fdff::1"
    " fd00:ec2::254 ::ffff:10.0.0.1 64:ff9b::a00:1 64:ff9b::192.168.0.1",
    "carrier": "100.64.0.0 100.127.255.255 100.100.100.200 ::ffff:100.64.0.1",
    "link-local": "169.254.0.0 169.254.169.254 169.254.255.255 fe80:: fe80::a9fe:a9fe febf::1 ::ffff:169.254.169.254"
    " 64:ff9b::a9fe:a9fe",
    "metadata": "168.63.129.16",
    "documentation": "192.0.2.0 192.0.2.255 198.51.100.0 198.51.100.255 203.0.113.0 203.0.113.255 2001:db8::1"
    " 3fff::1 3fff:fff:ffff::",
    "benchmarks": "198.18.0.0 198.19.255.255",
    "multicast": "224.0.0.0 239.255.255.255 ff02::1",
    "6to4": "2002:7f00:1:: 2002:808:808:: 192.88.99.1",
    "Teredo": "2001:: 2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "reserved": "240.0.0.0 255.255.255.255 192.0.0.0 192.0.0.192 192.0.0.255 2001:2::1 2001:1ff:ffff:: ::7f00:1"
    " ::ffff:0:7f00:1 64:ff9b:1::7f00:1 100::1 fec0::1 4000:: 1fff:ffff:: 5f00::1",
    "no address": "fe80::1%eth0 localhost 127.1 0177.0.0.1 2130706433 0x7f000001",
}

ALLOWED = """
    1.0.0.0 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15
    168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.3.0
    192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0
    203.0.112.255 203.0.114.0 223.255.255.255
    2000:: 2001:200:: 2001:db7:ffff:: 2001:db9:: 2003:: 2606:4700::1111 3fff:1000:: 3ffe::1
    ::ffff:8.8.8.8 64:ff9b::808:808
""".split()


@pytest.mark.parametrize(
    ("address", "what"), [(address, what) for what, listed in REFUSED.items() for address in listed.split()]
)
def test_refused_by_default(address: str, what: str) -> None:
    assert what in (refusal(address, 443, DEFAULT) or "")


@pytest.mark.parametrize("address", ALLOWED)
def test_allowed_by_default(address: str) -> None:
    assert refusal(address, 443, DEFAULT) is None


RANGES = """
    0.0.0.0-0.255.255.255 10.0.0.0-10.255.255.255 100.64.0.0-100.127.255.255 127.0.0.0-127.255.255.255
    168.63.129.16-168.63.129.16 169.254.0.0-169.254.255.255 172.16.0.0-172.31.255.255 192.0.0.0-192.0.0.255
    192.0.2.0-192.0.2.255 192.88.99.0-192.88.99.255 192.168.0.0-192.168.255.255 198.18.0.0-198.19.255.255
    198.51.100.0-198.51.100.255 203.0.113.0-203.0.113.255 224.0.0.0-255.255.255.255
""".split()
BORDERS = [
    (int(ipaddress.IPv4Address(first)), int(ipaddress.IPv4Address(last)))
    for first, last in (line.split("-") for line in RANGES)
]


def public(number: int) -> bool:
    return not any(first <= number <= last for first, last in BORDERS)


def public6(number: int) -> bool:
    groups = [(number >> shift) & 0xFFFF for shift in range(112, -16, -16)]
    if groups[:6] in ([0, 0, 0, 0, 0, 0xFFFF], [0x64, 0xFF9B, 0, 0, 0, 0]):
        return public(number & 0xFFFFFFFF)
    if not 0x2000 <= groups[0] <= 0x3FFF or groups[0] == 0x2002:
        return False
    if groups[0] == 0x2001 and (groups[1] < 0x200 or groups[1] == 0xDB8):
        return False
    return not (groups[0] == 0x3FFF and groups[1] < 0x1000)


near_borders = st.builds(
    lambda pair, end, step: max(0, min(2**32 - 1, pair[end] + step)),
    st.sampled_from(BORDERS),
    st.integers(0, 1),
    st.integers(-2, 2),
)
ipv4 = near_borders | st.integers(0, 2**32 - 1)
prefixes = (
    "0 0:0:0:0:0:ffff 64:ff9b:0:0:0:0 64:ff9b:1 2001 2001:0 2001:1ff 2001:200 2001:db8 2002 3fff 3fff:fff"
    " fe80 fd00 ff02"
)
ipv6 = st.integers(0, 2**128 - 1) | st.builds(
    lambda prefix, tail: int(
        ipaddress.IPv6Address(
            ":".join([*prefix.split(":"), *(f"{group:x}" for group in tail)][:8]),
        )
    ),
    st.sampled_from(prefixes.split()),
    st.lists(st.integers(0, 0xFFFF), min_size=8, max_size=8),
)


@given(ipv4)
def test_ipv4_is_refused_exactly_within_the_ranges(number: int) -> None:
    address = ipaddress.IPv4Address(number)
    assert (refusal(str(address), 80, DEFAULT) is None) == public(number)
    assert refusal(f"::ffff:{address}", 80, DEFAULT) == refusal(str(address), 80, DEFAULT)
    if address.is_private or address.is_multicast or address.is_reserved:
        assert refusal(str(address), 80, DEFAULT)


@given(ipv6)
def test_ipv6_is_refused_exactly_outside_of_global_unicast(number: int) -> None:
    address = ipaddress.IPv6Address(number)
    assert (refusal(str(address), 80, DEFAULT) is None) == public6(number)
    assert refusal(address.exploded.upper(), 80, DEFAULT) == refusal(str(address), 80, DEFAULT)


@given(st.text(max_size=40))
def test_what_is_no_address_is_refused(text: str) -> None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        assert refusal(text, 80, DEFAULT) == "no address of the internet"


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_dev_allows_loopback(address: str) -> None:
    assert refusal(address, 80, Policy(loopback=True)) is None


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "10.0.0.1", "169.254.169.254", "::7f00:1", "fe80::1"])
def test_dev_allows_nothing_but_loopback(address: str) -> None:
    assert refusal(address, 80, Policy(loopback=True))


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "fd00::1"])
def test_a_listed_network_is_allowed(address: str) -> None:
    assert refusal(address, 80, Policy(Allowlist.parse("10.0.0.0/8, fd00::/8"))) is None


def test_a_listed_network_of_ipv6_does_not_allow_the_ipv4_addresses_within() -> None:
    assert refusal("::ffff:10.1.2.3", 80, Policy(Allowlist.parse("::/0"))) == "a private address"


OWN = frozenset({("192.0.2.7", 3000)})


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "::", "192.0.2.7", "::ffff:192.0.2.7"]
)
def test_the_own_port_is_refused(address: str) -> None:
    own = Policy(loopback=True, own=OWN)
    assert refusal(address, 3000, own) == "where this server listens"
    assert refusal(address, 3001, own) != "where this server listens"
    assert refusal(address, 3000, Policy(Allowlist.parse("0.0.0.0/0, ::/0"), own=OWN)) is None


def test_the_own_port_of_others_is_theirs() -> None:
    assert refusal("8.8.8.8", 3000, Policy(own=OWN)) is None
