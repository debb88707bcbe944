"""Names to addresses: all of them are looked at, and only those that may be dialled are handed on."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence

from aiohttp.abc import AbstractResolver, ResolveResult

from strongback.egress.gate import Gate, RefusedAddress

LookUp = Callable[[str], Awaitable[Sequence[str]]]
"""Finds the addresses of a name; raises OSError where there are none."""

LOOKUPS = 64
"""How many lookups run at a time."""
TRIED = 8
"""How many of a name's addresses are dialled at most."""


class Resolver(AbstractResolver):
    """Resolves for aiohttp; without a gate every address is handed on."""

    def __init__(self, look_up: LookUp, gate: Gate | None) -> None:
        self._look_up = look_up
        self._gate = gate

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses to dial. Raises RefusedAddress where none of a name's addresses may be."""
        allowed: list[str] = []
        refused: list[str] = []
        for address in dict.fromkeys(await self._look_up(host)):
            reason = self._gate.refusal(address, port) if self._gate else None
            if reason is None:
                allowed.append(address)
            else:
                refused.append(f"{address} is {reason}")
        if not allowed:
            if refused:
                raise RefusedAddress("; ".join(refused[:TRIED]))
            raise OSError("it has no address")
        return [_result(host, address, port) for address in allowed[:TRIED]]

    async def close(self) -> None:
        """Do nothing: lookups end by themselves."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=address,
        port=port,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET,
        proto=0,
        flags=socket.AI_NUMERICHOST,
    )


class SystemLookUp:
    """Asks the system in threads of its own.

    The loop's threads are few and shared: six names with slow name servers would hold up everything else. These are
    daemons, so that none of them holds up the end of the process either.
    """

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(LOOKUPS)

    async def __call__(self, host: str) -> list[str]:
        """Return all addresses of a name, IPv4 and IPv6. Raises OSError."""
        loop = asyncio.get_running_loop()
        await self._free.acquire()
        answer: asyncio.Future[list[str]] = loop.create_future()

        def arrived(addresses: list[str], error: OSError | None) -> None:
            self._free.release()
            if answer.done():
                return
            if error is None:
                answer.set_result(addresses)
            else:
                answer.set_exception(error)

        def ask() -> None:
            addresses: list[str] = []
            failed: OSError | None = None
            try:
                found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
                addresses = [str(address[0]) for *_, address in found]
            except OSError as error:
                failed = error
            except UnicodeError:
                failed = OSError("it is no host name")
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(arrived, addresses, failed)

        try:
            threading.Thread(target=ask, name=f"lookup {host}", daemon=True).start()
        except RuntimeError as error:
            self._free.release()
            raise OSError(str(error)) from error
        return await answer
