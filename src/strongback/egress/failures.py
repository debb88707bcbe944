"""What went wrong, as a kind and a sentence."""

import os

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from strongback.egress.contract import EgressError
from strongback.egress.gate import RefusedAddress
from strongback.egress.target import Target

CONNECT_SECONDS = 5


def explain(error: Exception, target: Target, timeout_ms: int) -> EgressError:
    """Turn what a library raised into the one error that leaves this package."""
    host, seconds = target.host, timeout_ms / 1000
    match error:
        case aiohttp.ConnectionTimeoutError():
            return EgressError(
                "timeout", f"there was no connection to {host} within {CONNECT_SECONDS} seconds"
            )
        case TimeoutError():
            return EgressError(
                "timeout", f"there was no complete answer from {host} within {seconds:g} seconds"
            )
        case aiohttp.ClientConnectorCertificateError():
            return EgressError(
                "tls", f"the certificate of {host} is not trusted: {_reason(error.certificate_error)}"
            )
        case aiohttp.ClientSSLError():
            return EgressError("tls", f"there was no TLS with {host}: {_reason(error.os_error)}")
        case aiohttp.ClientConnectorError():
            return _not_connected(error, target)
        case aiohttp.ClientPayloadError():
            return EgressError("reset", f"{host} closed the connection in the middle of its answer")
        case aiohttp.ClientConnectionError() | ConnectionError():
            return EgressError("reset", f"{host} closed the connection without a whole answer")
        case aiohttp.ClientResponseError() | HttpProcessingError():
            what = error.message.partition(":")[0].strip()
            return EgressError("protocol", f"{host} answered with something that is no HTTP: {what}")
    return EgressError("protocol", f"the request to {host} failed: {type(error).__name__}")


def _not_connected(error: aiohttp.ClientConnectorError, target: Target) -> EgressError:
    reason = error.os_error
    if isinstance(reason, RefusedAddress):
        return EgressError(
            "refused", f"{target.host} is refused: {reason} (egress.allow can name the host or the network)"
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return EgressError("dns", f"the name {target.host} does not resolve: {reason.strerror or reason}")
    if isinstance(reason, ConnectionResetError):
        return EgressError("reset", f"{target.host} closed the connection as it was made")
    why = os.strerror(reason.errno) if reason.errno else str(reason)
    return EgressError("connect", f"there is no connection to {target.host}:{target.port}: {why}")


def _reason(error: Exception) -> str:
    return getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
