"""What the script of an incoming integration is given, and what its result means (spec/06 A4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strongback.errors import Failure
from strongback.messages.match import truthy
from strongback.messages.sender import Sender
from strongback.scripts.contract import Run

METHOD = "process_incoming_request"
DEEPEST = 100
"""JSON that is nested deeper is refused."""


@dataclass(frozen=True, slots=True)
class HookCall:
    """A call of a hook as HTTP brought it: the names of `headers` are in lower case, `names` are those in the path."""

    path: str
    query: bytes
    parameters: Mapping[str, Any]
    names: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """What a script wants: `content` posted, None for nothing; `answer` given, None for the usual one.

    `error` is the member of that name, for which the answer is a refusal.
    """

    content: Any = None
    answer: Any = None
    error: Any = None


def script_request(call: HookCall, text: str | None, content: Any, poster: Sender) -> dict[str, Any]:
    """The `request` of process_incoming_request."""
    search = f"?{call.query.decode('latin-1')}" if call.query else None
    path = f"{call.path}{search or ''}"
    return {
        "url": {
            "hash": None,
            "search": search,
            "query": dict(call.parameters),
            "pathname": call.path,
            "path": path,
        },
        "url_raw": path,
        "url_params": dict(call.names),
        "content": content,
        "content_raw": text,
        "headers": dict(call.headers),
        "body": content,
        "user": {name: poster.account.body.get(name) for name in ("_id", "name", "username")},
    }


def wish(run: Run) -> Wish:
    """What a run's result asks for. Its `user` is left aside: a script does not choose who posts."""
    result = run.value if not run.absent and isinstance(run.value, dict) else {}
    if truthy(result.get("error")):
        return Wish(error=result["error"])
    if not truthy(result.get("content")):
        return Wish()
    return Wish(result["content"], result.get("response"))


def accepted(answer: Any) -> Any:
    """The body of a success: an object says so itself, another value stands alone, none is `{"success":true}`."""
    if isinstance(answer, dict):
        return {name: value for name, value in answer.items() if name != "success"} | {"success": True}
    return answer if truthy(answer) else {"success": True}


def refused(error: Any) -> dict[str, Any]:
    """The body of a refusal: the members of an object, or the error as it is."""
    members = error if isinstance(error, dict) else {"error": error}
    return {"success": False} | {name: value for name, value in members.items() if name != "success"}


def check_depth(content: Any) -> None:
    """Raise Failure for JSON that is nested too deeply."""
    level = [content]
    for _ in range(DEEPEST):
        level = [
            item
            for one in level
            if isinstance(one, dict | list)
            for item in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise Failure(f"JSON that is nested deeper than {DEEPEST} levels is not welcome here")
