"""A door out that leads nowhere: it records what is sent, and answers as it is told."""

import asyncio
import json
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from strongback.egress.contract import EgressError, Request, Response

Mode = Literal["works", "503", "429", "resets", "hangs"]
MODES: tuple[Mode, ...] = ("works", "503", "429", "resets", "hangs")
RETRY_AFTER = "3600"


@dataclass(slots=True, eq=False)
class Sent:
    """A request that went out; `answered` says that a 200 came back."""

    path: str
    text: str
    id: str
    life: int
    answered: bool = False


class Wire:
    """Receivers by path; `life` is raised whenever the server that sends is started anew."""

    def __init__(self) -> None:
        self.modes: dict[str, Mode] = {}
        self.sent: list[Sent] = []
        self.life = 0
        self._changed = asyncio.Event()

    def become(self, path: str, mode: Mode) -> None:
        """Let a receiver do something else; those that wait for its answer have it at once."""
        self.modes[path] = mode
        self._changed.set()
        self._changed = asyncio.Event()

    async def send(self, request: Request) -> Response:
        """What `egress` offers."""
        path = urlsplit(request.url).path
        body = json.loads(request.body or b"{}")
        sent = Sent(path, body["text"], request.headers["webhook-id"], self.life)
        self.sent.append(sent)
        while (mode := self.modes.get(path, "works")) == "hangs":
            await self._changed.wait()
        await asyncio.sleep(0)
        if mode == "resets":
            raise EgressError("reset", "the receiver closed the connection without a whole answer")
        if mode != "works":
            return Response(
                int(mode), {"retry-after": RETRY_AFTER} if mode == "429" else {}, b"", truncated=False
            )
        sent.answered = True
        return Response(200, {}, b"", truncated=False)

    async def close(self) -> None:
        """There is nothing to close."""
