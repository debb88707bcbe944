"""One worker of `serve --workers`: a node on the port that another process holds; `cli/workers.py` starts it.

Standard input carries nothing: its end says that the parent is gone. Standard output carries one line, for the parent.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from dataclasses import asdict
from typing import Any

import structlog
import uvloop

from strongback.cli.database import load
from strongback.cli.demo import Credentials
from strongback.cli.logs import configure
from strongback.cli.serve import node
from strongback.errors import Unavailable
from strongback.settings import SettingsError


def main() -> None:
    """Serve until told to stop, or until the parent is gone."""
    descriptor, *demo = sys.argv[1:]
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    structlog.contextvars.bind_contextvars(worker=os.getpid())
    try:
        settings = load()
        configure(settings.log_format)
        listener = socket.socket(fileno=int(descriptor))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(node(settings, listener, _ready, demo=bool(demo)))
    except (Unavailable, SettingsError) as error:
        _tell(failed=str(error))
        sys.exit(1)


def _stop_with_parent() -> None:
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _ready(credentials: Credentials | None) -> None:
    _tell(demo=None if credentials is None else asdict(credentials))


def _tell(**said: Any) -> None:
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
