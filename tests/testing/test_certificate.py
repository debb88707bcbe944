"""A receiver that speaks TLS, with certificates good and bad."""

import ssl
from pathlib import Path

import pytest

from strongback.testing import Answer, Receiver, half, reset
from strongback.testing.certificate import self_signed, serving, trusting
from tests.testing.raw import Raw


def test_a_caller_that_trusts_the_certificate(tmp_path: Path) -> None:
    file = self_signed(tmp_path)
    with Receiver(tls=serving(file)) as receiver:
        assert receiver.url.startswith("https://127.0.0.1:")
        receiver.script("/json", [Answer(200, {"a": 1})])
        with Raw(receiver.url, trusting(file)) as caller:
            caller.send("POST", "/json", b"secret").head()
            assert caller.exactly(8) == b'{"a": 1}'
        assert receiver.wait(1)[0].body == b"secret"


@pytest.mark.parametrize(
    ("names", "expired", "reason"),
    [
        (["elsewhere.example"], False, "IP address mismatch"),
        (["127.0.0.1"], True, "certificate has expired"),
    ],
)
def test_bad_certificates(tmp_path: Path, names: list[str], expired: bool, reason: str) -> None:
    file = self_signed(tmp_path, names, expired=expired)
    with Receiver(tls=serving(file)) as receiver:
        with pytest.raises(ssl.SSLCertVerificationError, match=reason):
            Raw(receiver.url, trusting(file))
        assert (receiver.connections, receiver.count) == (1, 0)


def test_a_certificate_that_nobody_trusts(tmp_path: Path) -> None:
    file = self_signed(tmp_path)
    assert file.stat().st_mode & 0o077 == 0
    with (
        Receiver(tls=serving(file)) as receiver,
        pytest.raises(ssl.SSLCertVerificationError, match="self-signed"),
    ):
        Raw(receiver.url, ssl.create_default_context())


def test_faults_under_tls(tmp_path: Path) -> None:
    file = self_signed(tmp_path)
    with Receiver(tls=serving(file)) as receiver:
        receiver.script("/", [reset(), half(b"0123456789")])
        with Raw(receiver.url, trusting(file)) as caller, pytest.raises(ssl.SSLEOFError):
            caller.send().rest()
        with Raw(receiver.url, trusting(file)) as caller:
            assert caller.send().rest().endswith(b"\r\n\r\n01234")


def test_plain_bytes_and_silence_where_tls_is_spoken(tmp_path: Path) -> None:
    file = self_signed(tmp_path)
    with Receiver(tls=serving(file)) as receiver:
        plain = receiver.url.replace("https", "http")
        with Raw(plain) as caller:
            caller.send()
            caller.socket.recv(100)
        silent = Raw(plain)
        with Raw(receiver.url, trusting(file)) as caller:
            caller.send().head()
        assert (receiver.connections, receiver.count) == (3, 1)
    silent.socket.close()
