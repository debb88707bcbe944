"""The one door out: every request to another server is sent here."""

import asyncio
import io
import os
import ssl
from collections.abc import Mapping

import aiohttp
import structlog

from strongback.egress.addresses import Policy
from strongback.egress.connector import Connector
from strongback.egress.contract import EgressError, Request, Response
from strongback.egress.decoding import read_body
from strongback.egress.failures import CONNECT_SECONDS, explain
from strongback.egress.gate import Gate
from strongback.egress.headers import Header, incoming, outgoing
from strongback.egress.resolver import LookUp, Resolver, SystemLookUp
from strongback.egress.target import Target, origin, read_target
from strongback.faults import armed, reach

__all__ = ["Client", "EgressError", "Policy", "Request", "Response", "origin"]

MAX_BYTES = 1024 * 1024
"""How much of an answer is read."""
LARGE_BODY = 256 * 1024
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class Client:
    """Sends requests that the policy allows; one connection pool, no cookies, no redirects, no proxies.

    `resolver` finds the addresses of a name, `tls` holds the certificates that are trusted.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        resolver: LookUp | None = None,
        tls: ssl.SSLContext | None = None,
        max_bytes: int = MAX_BYTES,
        dns_seconds: int = 10,
    ) -> None:
        self._policy = policy
        self._gate = Gate(policy)
        self._look_up = resolver or SystemLookUp()
        self._tls = tls
        self._max_bytes = max_bytes
        self._dns_seconds = dns_seconds
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._closed = False
        _warn_of_proxies(os.environ)

    async def send(self, request: Request) -> Response:
        """Send a request once and return the answer, whatever its status. Raises EgressError, and nothing else."""
        target = read_target(request.url)
        headers = outgoing(request, target)
        try:
            async with asyncio.timeout(request.timeout_ms / 1000):
                return await self._exchange(request, target, headers)
        except EgressError:
            raise
        except Exception as error:
            raise explain(error, target, request.timeout_ms) from error

    async def close(self) -> None:
        """Close all connections; what is being sent fails."""
        self._closed = True
        for session in self._sessions.values():
            await session.close()

    async def _exchange(self, request: Request, target: Target, headers: Mapping[str, Header]) -> Response:
        response = await self._session(listed=self._policy.allow.names(target.host)).request(
            request.method,
            target.url,
            data=_payload(request.body),
            headers=headers.values(),
            skip_auto_headers=None if "content-type" in headers else ("Content-Type",),
            allow_redirects=False,
        )
        try:
            if response.status == 101:
                raise EgressError("protocol", f"{target.host} answered 101, which nobody asked for")
            coding = response.headers.get("Content-Encoding", "")
            body, truncated = await read_body(response.content, coding, self._max_bytes)
            return Response(response.status, incoming(response.raw_headers), body, truncated)
        finally:
            response.close()

    def _session(self, *, listed: bool) -> aiohttp.ClientSession:
        """Return the pool for hosts that `egress.allow` lists by name, whose addresses are not asked for, or the other."""
        if self._closed:
            raise EgressError("connect", "the server is stopping")
        session = self._sessions.get(listed)
        if session is None:
            gate = None if listed else self._gate
            session = self._sessions[listed] = aiohttp.ClientSession(
                connector=Connector(
                    resolver=Resolver(self._look_up, gate),
                    socket_factory=gate.socket if gate else None,
                    ssl=self._tls or True,
                    ttl_dns_cache=self._dns_seconds,
                ),
                timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                trace_configs=[_end_after_sending()] if armed("after-send") else None,
            )
            # It would send again what was cut off; whether that is done is for the caller to say.
            session._retry_connection = False
        return session


def _payload(body: bytes | None) -> bytes | io.BytesIO | None:
    """Return a large body as a stream, which is written piece by piece; the bytes are the same."""
    return body if body is None or len(body) <= LARGE_BODY else io.BytesIO(body)


def _warn_of_proxies(environ: Mapping[str, str]) -> None:
    present = [name for name in environ if name.upper() in PROXIES and environ[name]]
    if present:
        structlog.get_logger("strongback.egress").warning(
            "proxies are not used: requests go to their targets directly", variables=sorted(present)
        )


def _end_after_sending() -> aiohttp.TraceConfig:
    """Reach the point `after-send` when the bytes of a request have left and nothing of its answer is read."""

    async def sent(*_: object) -> None:
        asyncio.get_running_loop().call_soon(reach, "after-send")  # the bytes leave when this returns

    trace = aiohttp.TraceConfig()
    trace.on_request_chunk_sent.append(sent)
    return trace
