"""A real server as a process of its own, with an administrator, a token and a private group."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from strongback.settings import sources
from strongback.testing.client import PATIENCE, Client

ADMIN = "admin"
PASSWORD = "pw-admin"  # noqa: S105 - of a server that lives as long as a test
GROUP = "bot-test"
LISTENING = re.compile(rb"listening on (http://\S+)\n")
LOOK_AGAIN = 0.02


@dataclass(frozen=True)
class Group:
    """The private group that is there from the start."""

    id: str
    name: str


class Server(Client):
    """A running `strongback serve --dev`; its database and its log are in `folder`.

    `flags` are added to the command, `env` to its environment, which is this process's without any setting of
    Strongback. The rate limiter is off.
    """

    def __init__(
        self, folder: Path, *flags: str, port: int = 0, env: Mapping[str, str] | None = None
    ) -> None:
        super().__init__("")
        self.folder = folder
        self.port = port
        self.process: subprocess.Popen[bytes]
        self.user_id = ""
        self.token = ""
        self.group = Group("", "")
        self._flags = ("--dev", *flags)
        self._env = _environment() | dict(env or {})

    def __enter__(self) -> Self:
        """Start, and make the token and the group."""
        self.start()
        try:
            self._settle()
        except BaseException as error:
            self.kill()
            error.add_note(self.log)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, unless it has ended before."""
        if self.process.poll() is None:
            self.stop()
        self.wait()

    @property
    def database(self) -> Path:
        """The file of the database."""
        return self.folder / "strongback.db"

    @property
    def database_url(self) -> str:
        """The URL of the database."""
        return f"sqlite:///{self.database}"

    @property
    def log(self) -> str:
        """What the server has written to its log, over all its starts."""
        file = self.folder / "server.log"
        return file.read_text(errors="replace") if file.exists() else ""

    def start(self, **env: str) -> None:
        """Start, at the second time on the same port and database, and wait until it listens."""
        command = [sys.executable, "-m", "strongback.cli.main", "serve", *self._flags]
        command += ["--port", str(self.port), "--database", self.database_url]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._env | env,
                cwd=self.folder,
            )
        try:
            self.url = self._listening()
        except BaseException:
            self.kill()
            raise
        self.port = int(self.url.rpartition(":")[2])

    def stop(self) -> int:
        """End the server as an operator does, and return its exit code."""
        self.resume()
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        finally:
            self.kill()

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        self.process.kill()
        self.wait()

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait until the server has ended by itself, and return its exit code."""
        code = self.process.wait(timeout)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def restart(self, **env: str) -> None:
        """Stop the server if it runs, and start it on the same port and database."""
        if self.process.poll() is None:
            self.stop()
        self.wait()
        self.start(**env)

    def pause(self) -> None:
        """Freeze the process, as a machine that is out of breath does."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        self.process.send_signal(signal.SIGCONT)

    def messages(self) -> list[Any]:
        """The messages of the group, the newest first."""
        found: list[Any] = self.get("groups.messages", roomId=self.group.id)["messages"]
        return found

    def wait_for_message(self, wanted: str | Callable[[Any], bool], timeout: float = 10.0) -> Any:
        """Wait until the group has a message with this text, or of which a function is true, and return it."""
        deadline = time.monotonic() + timeout
        while True:
            for message in (messages := self.messages()):
                if message.get("msg") == wanted if isinstance(wanted, str) else wanted(message):
                    return message
            if time.monotonic() > deadline:
                texts = [message.get("msg") for message in messages]
                raise TimeoutError(f"the group waited {timeout:g} s for its message; it has {texts}")
            time.sleep(LOOK_AGAIN)

    def _settle(self) -> None:
        user = self.post("login", {"user": ADMIN, "password": PASSWORD})["data"]
        self.headers = {"X-User-Id": user["userId"], "X-Auth-Token": user["authToken"]}
        wanted = {"tokenName": "test", "bypassTwoFactor": True}
        self.user_id = user["userId"]
        self.token = self.post("users.generatePersonalAccessToken", wanted)["token"]
        self.headers = {"X-User-Id": self.user_id, "X-Auth-Token": self.token}
        self.post("settings/API_Enable_Rate_Limiter", {"value": False})
        group = self.post("groups.create", {"name": GROUP})["group"]
        self.group = Group(group["_id"], group["name"])

    def _listening(self) -> str:
        assert self.process.stdout is not None
        printed, deadline = b"", time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self.process.stdout], [], [], left)[0]:
                break
            if not (chunk := os.read(self.process.stdout.fileno(), 4096)):
                break
            printed += chunk
            if found := LISTENING.search(printed):
                return found[1].decode()
        raise RuntimeError(f"the server did not listen: {printed.decode(errors='replace')}\n{self.log}")


def _environment() -> dict[str, str]:
    ours = {source.env for source in sources().values()}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith("STRONGBACK_")
    }
    return kept | {"ADMIN_USERNAME": ADMIN, "ADMIN_PASS": PASSWORD, "ADMIN_EMAIL": "admin@example.com"}
