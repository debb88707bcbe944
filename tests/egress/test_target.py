"""A URL is taken apart by one reader; what is sent, checked and counted by origin comes from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.egress.contract import EgressError
from strongback.egress.target import MAX_URL, origin, read_target


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.com", "http://example.com:80"),
        ("HTTPS://Example.COM/a?b#c", "https://example.com:443"),
        ("http://example.com.:8080/", "http://example.com:8080"),
        ("http://example.com:/", "http://example.com:80"),
        (" http://example.com/ ", "http://example.com:80"),
        ("https://user:secret@example.com/", "https://example.com:443"),
        ("http://bücher.example/", "http://xn--bcher-kva.example:80"),
        ("http://build_1:8080/", "http://build_1:8080"),
        ("http://127.0.0.1/", "http://127.0.0.1:80"),
        ("http://１２７.0.0.1/", "http://127.0.0.1:80"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
        ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]:80"),
        ("http://[2001:DB8::A]/", "http://[2001:db8::a]:80"),
    ],
)
def test_the_origin(url: str, expected: str) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "must start with http:// or https://"),
        ("example.com", "must start with"),
        ("//example.com/", "must start with"),
        ("ftp://example.com/", "must start with"),
        ("file:///etc/passwd", "must start with"),
        ("javascript:alert(1)", "must start with"),
        ("ws://example.com/", "must start with"),
        ("http:///x", "names no host"),
        ("http:example.com", "names no host"),
        ("http://user@/", "names no host"),
        ("http://example.com:0/", "from 1 to 65535"),
        ("http://example.com:65536/", "from 1 to 65535"),
        ("http://example.com:x/", "from 1 to 65535"),
        ("http://example.com:-1/", "from 1 to 65535"),
        ("http://2130706433/", "four decimal numbers"),
        ("http://0177.0.0.1/", "four decimal numbers"),
        ("http://0x7f.0.0.1/", "four decimal numbers"),
        ("http://0x7f000001/", "four decimal numbers"),
        ("http://127.1/", "four decimal numbers"),
        ("http://127.0.0.1./", "four decimal numbers"),
        ("http://127.0.0.01/", "four decimal numbers"),
        ("http://256.0.0.1/", "four decimal numbers"),
        ("http://1.2.3.4.5/", "four decimal numbers"),
        ("http://0/", "four decimal numbers"),
        ("http://example.0x/", "four decimal numbers"),
        ("http://[fe80::1%25eth0]/", "has a zone"),
        ("http://[::1/", "can not be read"),
        ("http://[::g]/", "can not be read|is no IPv6 address"),
        ("http://[v1.x]/", "can not be read|is no IPv6 address"),
        ("http://[::1]x/", "only a port may follow"),
        ("http://%31%32%37.0.0.1/", "four decimal numbers"),
        ("http://%61.example/", "is no host name"),
        ("http://a b/", "is no host name"),
        ("http://a..b/", "is no host name"),
        ("http://.a/", "is no host name"),
        ("http://a../", "is no host name"),
        (f"http://{'a' * 64}/", "is no host name"),
        ("http://evil\\@127.0.0.1/", "backslash"),
        ("http://evil\\.example/", "backslash"),
        ("http://a/\r\nX: y", "control characters"),
        ("http://a/\x00", "control characters"),
        ("http://a/\ud800", "lone surrogates"),
        ("http://a/" + "x" * MAX_URL, "8192 characters"),
    ],
)
def test_what_can_not_be_called_is_refused_in_a_sentence(url: str, says: str) -> None:
    with pytest.raises(EgressError, match=says) as caught:
        read_target(url)
    assert caught.value.kind == "refused"
    assert origin(url) == ""


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("http://a", "/"),
        ("http://a?b", "/?b"),
        ("http://a/x%2Fy%7E?q=%20+%21&r=é#f", "/x%2Fy%7E?q=%20+%21&r=%C3%A9"),
        ("http://a/b c/ü/../d", "/b%20c/%C3%BC/../d"),
        ("http://a/\\b|c", "/%5Cb%7Cc"),
        ("http://a/%zz;p=1", "/%zz;p=1"),
    ],
)
def test_path_and_query_are_sent_as_they_are_written(url: str, sent: str) -> None:
    assert read_target(url).url.raw_path_qs == sent


def test_user_and_password_become_basic_authentication() -> None:
    assert read_target("http://a/").authorization is None
    assert (
        read_target("http://Aladdin:open%20sesame@a/").authorization == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    )
    assert read_target("http://b%40c:@a/").authorization == "Basic YkBjOg=="
    assert "b%40c" not in str(read_target("http://b%40c:@a/").url)


@given(
    st.text(max_size=40)
    | st.text(max_size=40).map("http://{}".format)
    | st.text(max_size=20).map("http://a{}/".format)
)
def test_any_text_has_an_origin_or_none(text: str) -> None:
    found = origin(text)
    assert found == "" or origin(found) == found
