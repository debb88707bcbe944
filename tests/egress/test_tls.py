"""HTTPS is verified: who signed the certificate, for which host, and until when."""

import asyncio
import ipaddress
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from strongback.egress.client import EgressError, Request
from tests.egress.conftest import Connect
from tests.egress.raw_server import serving

pytestmark = pytest.mark.anyio

Certify = Callable[..., tuple[ssl.SSLContext, ssl.SSLContext]]


@pytest.fixture
def certify(tmp_path: Path) -> Certify:
    """Make a self-signed certificate: the context of its server, and that of a client who trusts it."""

    def make(*, host: str = "127.0.0.1", days: int = 1) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver")])
        now = datetime.now(UTC)
        try:
            alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            alternative = x509.DNSName(host)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = tmp_path / "receiver.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.load_cert_chain(pem)
        return server, ssl.create_default_context(cafile=str(pem))

    return make


async def test_a_trusted_certificate(certify: Certify, connect: Connect) -> None:
    server_side, client_side = certify()
    async with serving(tls=server_side) as server:
        for _ in range(2):
            got = await connect(tls=client_side).send(Request("GET", server.url, {}, None, 5000))
            assert (got.status, got.body) == (200, b"ok")


async def test_a_self_signed_certificate_is_not_trusted(certify: Certify, connect: Connect) -> None:
    server_side, _ = certify()
    async with serving(tls=server_side) as server:
        with pytest.raises(EgressError) as caught:
            await connect().send(Request("GET", server.url, {}, None, 5000))
        assert caught.value.kind == "tls"
        assert str(caught.value).startswith("the certificate of 127.0.0.1 is not trusted: self")
        assert server.received == []


async def test_a_certificate_is_for_its_host(certify: Certify, connect: Connect) -> None:
    async def here(_: str) -> list[str]:
        return ["127.0.0.1"]

    server_side, client_side = certify(host="good.example")
    client = connect(tls=client_side, resolver=here)
    async with serving(tls=server_side) as server:
        for host in ("good.example", "good.example."):
            got = await client.send(Request("GET", f"https://{host}:{server.port}/", {}, None, 5000))
            assert got.status == 200
        for host in ("bad.example", "127.0.0.1"):
            with pytest.raises(
                EgressError, match=f"the certificate of {host} is not trusted: .*mismatch"
            ) as caught:
                await client.send(Request("GET", f"https://{host}:{server.port}/", {}, None, 5000))
            assert caught.value.kind == "tls"


async def test_a_certificate_ends(certify: Certify, connect: Connect) -> None:
    server_side, client_side = certify(days=-1)
    async with serving(tls=server_side) as server:
        with pytest.raises(EgressError, match="certificate has expired") as caught:
            await connect(tls=client_side).send(Request("GET", server.url, {}, None, 5000))
        assert caught.value.kind == "tls"


async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()
    await reader.read()


async def test_plain_http_where_tls_is_expected(connect: Connect) -> None:
    async with serving(plain) as server:
        with pytest.raises(EgressError, match=r"there was no TLS with 127\.0\.0\.1: ") as caught:
            await connect().send(Request("GET", server.url.replace("http:", "https:"), {}, None, 5000))
    assert caught.value.kind == "tls"


async def ending(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.transport.abort()


async def test_a_handshake_that_is_cut_off(connect: Connect) -> None:
    async with serving(ending) as server:
        with pytest.raises(EgressError, match=r"127\.0\.0\.1 closed the connection as it was made") as caught:
            await connect().send(Request("GET", server.url.replace("http:", "https:"), {}, None, 5000))
    assert caught.value.kind == "reset"
