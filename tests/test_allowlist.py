"""`egress.allow` is read whole or refused in a sentence."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.allowlist import Allowlist
from strongback.settings import Settings, SettingsError


def test_networks_and_hosts_are_told_apart() -> None:
    allow = Allowlist.parse("10.0.0.0/8, CI.Internal., fd00::/8,192.168.1.7, [::1] ,,build_1")
    assert [str(network) for network in allow.networks] == [
        "10.0.0.0/8",
        "fd00::/8",
        "192.168.1.7/32",
        "::1/128",
    ]
    assert allow.hosts == {"ci.internal", "build_1"}


@pytest.mark.parametrize("text", ["", " ", " , ,"])
def test_nothing_is_listed_by_default(text: str) -> None:
    assert Allowlist.parse(text) == Allowlist()


def test_addresses_lie_in_networks_and_hosts_are_names() -> None:
    allow = Allowlist.parse("10.0.0.0/8, fd00::/8, ci.internal")
    covered = ["10.0.0.0", "10.255.255.255", "fd00::1"]
    assert [address for address in covered if not allow.covers(ipaddress.ip_address(address))] == []
    assert not allow.covers(ipaddress.ip_address("11.0.0.0"))
    assert not allow.covers(ipaddress.ip_address("::ffff:10.0.0.1"))
    assert allow.names("ci.internal")
    assert not allow.names("x.ci.internal")


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("10.0.0.1/8", "an address within a network: write 10.0.0.0/8"),
        ("10.0.0.0/33", "neither a network"),
        ("*.internal", "neither a network"),
        ("http://ci.internal", "neither a network"),
        ("ci.internal:8080", "neither a network"),
        ("ci..internal", "neither a network"),
        ("bücher.example", "neither a network"),
        ("0x7f.1", "neither a network"),
        ("2130706433", "neither a network"),
        ("fe80::1%eth0", "has no zone"),
        ("a" * 64, "neither a network"),
        (".".join(["a" * 60] * 5), "neither a network"),
        ("10.0.0.0 /8", "neither a network"),
    ],
)
def test_a_bad_entry_is_named_in_a_sentence(entry: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        Settings.load({}, {"STRONGBACK_EGRESS_ALLOW": f"ci.internal, {entry}"})
    assert str(caught.value).startswith("STRONGBACK_EGRESS_ALLOW has ")
    assert repr(entry) in str(caught.value)


def test_the_setting_is_an_allowlist() -> None:
    settings = Settings.load({}, {"STRONGBACK_EGRESS_ALLOW": "10.0.0.0/8,ci.internal"})
    assert settings.egress_allow == Allowlist(
        (ipaddress.ip_network("10.0.0.0/8"),), frozenset({"ci.internal"})
    )
    assert Settings().egress_allow == Allowlist()


entries = st.lists(
    st.ip_addresses(network="10.0.0.0/8").map(str)
    | st.ip_addresses(v=6).map(str)
    | st.from_regex(r"[a-z][a-z0-9_-]{0,20}(\.[a-z][a-z0-9-]{0,10}){0,3}", fullmatch=True)
)


@given(entries)
def test_what_is_written_is_read_again(texts: list[str]) -> None:
    allow = Allowlist.parse(",".join(texts))
    assert Allowlist.parse(str(allow)) == allow
    assert all(allow.names(text) or allow.covers(ipaddress.ip_address(text)) for text in texts)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    said = "has "
    try:
        Allowlist.parse(text)
    except ValueError as error:
        said = str(error)
    assert said.startswith("has ")
