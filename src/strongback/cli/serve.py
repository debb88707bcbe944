"""`strongback serve`: bind, open the database, serve until told to stop."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator

import click
import uvicorn
import uvloop
from starlette.types import ASGIApp

from strongback import app
from strongback.cli import demo as demonstration
from strongback.cli.database import database_option, load
from strongback.cli.logs import configure
from strongback.errors import Unavailable
from strongback.http.protocol import Protocol
from strongback.settings import Settings

BACKLOG = 2048
STOP_SECONDS = 8


@click.command()
@click.option("--host", metavar="HOST", help="The address to listen on (default: 127.0.0.1).")
@click.option("--port", metavar="PORT", help="The port to listen on; 0 takes a free one (default: 3000).")
@database_option
@click.option("--dev", is_flag=True, default=None, help="Development: loopback targets are allowed.")
@click.option(
    "--demo", is_flag=True, help="Fill an empty database with a small demo and print a curl for it."
)
def serve(host: str | None, port: str | None, database: str | None, dev: bool | None, demo: bool) -> None:
    """Serve until interrupted. Prints one line, `listening on URL`, when requests are welcome."""
    settings = load(host=host, port=port, database=database, dev=dev)
    configure(settings.log_format)
    listener = bind(settings.host, settings.port)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, listener, demo))


async def _serve(settings: Settings, listener: socket.socket, demo: bool) -> None:
    store = await app.open_store(settings, writing=True)
    try:
        host, port = listener.getsockname()[:2]
        services = await app.prepare(store, settings, listening=frozenset({(host, port)}))
        credentials = await demonstration.ensure(services) if demo else None
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

        def announce() -> None:
            click.echo(f"listening on {url}")
            if credentials is not None:
                click.echo(demonstration.greeting(url, credentials))

        async with app.delivering(services):
            await Server(app.build(services), announce).serve(sockets=[listener])
    finally:
        await store.close()


class Server(uvicorn.Server):
    """Uvicorn, which tells when it listens and returns when it is told to stop."""

    def __init__(self, application: ASGIApp, announce: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=Protocol,
                loop="none",
                ws="none",
                lifespan="auto",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._announce()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT and SIGTERM, and return: the database is closed before the process ends."""
        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(one, self.handle_exit, one, None)
        try:
            yield
        finally:
            for one in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(one)


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
