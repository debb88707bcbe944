"""`strongback serve`: bind, open the database, serve until told to stop."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import click
import uvicorn
import uvloop
from starlette.types import ASGIApp

from strongback import app
from strongback.cli import demo as demonstration
from strongback.cli import workers
from strongback.cli.database import database_option, load
from strongback.cli.demo import Credentials
from strongback.cli.logs import configure
from strongback.cli.signals import stop_signals
from strongback.cli.workers import Ready
from strongback.errors import Unavailable
from strongback.http.protocol import Protocol
from strongback.settings import Settings, SettingsError

BACKLOG = 2048
STOP_SECONDS = 8
"""How long requests may take that are under way when the server is told to stop."""

LAST_SECONDS = 17
"""After so long the kernel ends a server that still stops: a database that answers nothing may hold it up."""


@click.command()
@click.option("--host", metavar="HOST", help="The address to listen on (default: 127.0.0.1).")
@click.option("--port", metavar="PORT", help="The port to listen on; 0 takes a free one (default: 3000).")
@click.option("--workers", metavar="N", help="How many processes serve (default: 1); more need PostgreSQL.")
@click.option(
    "--role",
    metavar="ROLE",
    help="What they do: all, api (no deliveries) or worker (only those) (default: all).",
)
@database_option
@click.option("--dev", is_flag=True, default=None, help="Development: loopback targets are allowed.")
@click.option(
    "--demo", is_flag=True, help="Fill an empty database with a small demo and print a curl for it."
)
def serve(demo: bool, **flags: Any) -> None:
    """Serve until interrupted. Prints one line, `listening on URL`, when requests are welcome."""
    settings = load(**flags)
    if settings.database_path is not None and (settings.workers, settings.role) != (1, "all"):
        raise SettingsError(
            f"--workers {settings.workers} --role {settings.role} is not possible on SQLite, where one process owns "
            "the database: leave both out, or name a PostgreSQL database, as postgresql://user:password@host/name"
        )
    if demo and settings.role == "worker":
        raise SettingsError(
            "--demo needs a process that answers: --role worker only delivers, so choose all or api"
        )
    configure(settings.log_format)
    listener = bind(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def announce(credentials: Credentials | None) -> None:
        click.echo(f"listening on {url}")
        if credentials is not None:
            click.echo(demonstration.greeting(url, credentials))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if settings.workers == 1:
            runner.run(node(settings, listener, announce, demo=demo))
        else:
            runner.run(workers.run(settings, flags, listener, announce, demo=demo))


async def node(settings: Settings, listener: socket.socket, ready: Ready, *, demo: bool) -> None:
    """Serve in this process until told to stop; `ready` hears when requests are welcome, and of a demo."""
    store = await app.open_store(settings, writing=True)
    try:
        host, port = listener.getsockname()[:2]
        services = await app.prepare(store, settings, listening=frozenset({(host, port)}))
        credentials = await demonstration.ensure(services) if demo else None
        async with app.running(services):
            server = Server(app.build(services), lambda: ready(credentials), services.stopping)
            await server.serve(sockets=[listener])
    finally:
        await store.close()


class Server(uvicorn.Server):
    """Uvicorn, which tells when it listens and returns when it is told to stop."""

    def __init__(self, application: ASGIApp, announce: Callable[[], None], stopping: asyncio.Event) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=Protocol,
                loop="none",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._announce = announce
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop when told to, and return: what is under way is finished before the process ends.

        They are handled until the loop is closed, so that a second one does not end that early.
        """
        loop = asyncio.get_running_loop()
        for one in stop_signals():
            loop.add_signal_handler(one, self.handle_exit, one, None)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop, and let everybody know."""
        if not self._stopping.is_set():
            signal.alarm(LAST_SECONDS)
        self._stopping.set()
        super().handle_exit(sig, frame)


def bind(host: str, port: int) -> socket.socket:
    """Take the port, or say why not."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise Unavailable(f"--host {host} is no address of this machine: {error.strerror}") from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise Unavailable(
                f"port {port} on {host} is in use: stop what uses it, or name another --port"
            ) from None
        raise Unavailable(f"port {port} on {host} can not be used: {error.strerror}") from None
    return listener
