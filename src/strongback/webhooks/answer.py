"""What a receiver's answer says: to the integration's script, and to the room (spec/06 B4)."""

from dataclasses import dataclass
from typing import Any

import msgspec

from strongback.egress.contract import Response
from strongback.scripts.contract import ScriptError
from strongback.webhooks.classify import Verdict
from strongback.webhooks.outgoing import Attempt, Parts
from strongback.webhooks.replies import Reply
from strongback.webhooks.request import Prepared
from strongback.webhooks.script_fetch import script_fetch

PROCESS = "process_outgoing_response"
JSON_TYPES = frozenset(
    {"application/json", "text/javascript", "application/javascript", "application/x-javascript"}
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the script made of an answer, and the message that is to be posted."""

    verdict: Verdict | None = None
    reply: Reply | None = None


async def read(parts: Parts, one: Attempt, response: Response, text: str) -> Reading:
    """Let the script read the answer; where it has nothing to say, a JSON answer with a message speaks for itself."""
    if one.script is not None:
        argument = {"request": _request(one.request), "response": _response(response, text)}
        try:
            run = await parts.scripts.run(one.script, PROCESS, argument, script_fetch(parts.egress))
        except ScriptError as error:
            one.record.printed(error.console, parts.clock())
            one.record.script_failed(PROCESS, str(error), parts.clock())
            return Reading("error")
        one.record.printed(run.console, parts.clock())
        if run.value is False:
            return Reading("false")
        if isinstance(run.value, dict) and run.value.get("content"):
            return Reading("message", Reply("after-process-send-message", run.value["content"]))
    message = _message(response, text)
    return Reading() if message is None else Reading(None, Reply("url-response-sent-message", message))


def _message(response: Response, text: str) -> dict[str, Any] | None:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in JSON_TYPES or response.truncated:
        return None
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) and (value.get("text") or value.get("attachments")) else None


def _request(request: Prepared) -> dict[str, Any]:
    body = None if request.body is None else request.body.decode("utf-8", "replace")
    try:
        data = None if body is None else msgspec.json.decode(body)
    except msgspec.DecodeError:
        data = body
    return {"method": request.method, "url": request.url, "headers": dict(request.headers), "data": data}


def _response(response: Response, text: str) -> dict[str, Any]:
    """What a script is told of an answer; `content` is text here too, JSON or not, as upstream gives it."""
    return {
        "error": None,
        "status_code": response.status,
        "content": text,
        "content_raw": text,
        "headers": response.headers,
    }
