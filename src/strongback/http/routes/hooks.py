"""The hooks of incoming integrations: the token in the path is the only credential (spec/06 A1)."""

from typing import Any

from strongback import ids
from strongback.documents.dates import format_date
from strongback.errors import Failure
from strongback.http.endpoint import UNLIMITED
from strongback.http.envelope import Answer, Response, encode, refusal
from strongback.http.routes.documents import Done
from strongback.http.services import ServerCall, ServerEndpoint
from strongback.messages.sender import Sender
from strongback.webhooks.hook import Hook
from strongback.webhooks.incoming_script import HookCall

MINUTE_MS = 60_000
GET_IS_OFF = refusal(
    405,
    "GET does not run an integration here: send a POST, or start the server with STRONGBACK_HOOKS_GET=true",
    ((b"allow", b"POST, OPTIONS"),),
)


async def find(call: ServerCall) -> tuple[Hook, Sender]:
    """The hook that the path names, once its call is counted; wrong guesses count together, whatever they name."""
    known = ""
    try:
        hook, account = await call.services.incoming.find(call.path["integrationId"], call.path["token"])
        known = hook.id
    finally:
        count(call, known)
    return hook, account


def count(call: ServerCall, integration_id: str) -> None:
    """Count a call of an integration's hook from an address; Failure 429 beyond the setting."""
    services, calls = call.services, call.services.settings.hooks_rate
    if not (calls and call.limits.rate_enabled):
        return
    now = services.clock()
    window = services.hook_calls.hit((call.client_ip, integration_id, "hooks"), calls, MINUTE_MS, now)
    call.extra += window.headers(now)
    if window.exceeded:
        raise window.failure(now)


async def execute(call: ServerCall) -> Answer:
    """Do what the body asks for."""
    hook, account = await find(call)
    scope = call.scope
    received = HookCall(
        path=scope["path"],
        query=scope["query_string"],
        parameters=call.query,
        names=call.path,
        headers=call.headers,
        body=call.raw_body,
    )
    return Response(*await call.services.incoming.receive(hook, account, received))


async def execute_get(call: ServerCall) -> Answer:
    """The same, where the setting allows it: whoever previews a link sends a GET, and must not post."""
    if not call.services.settings.hooks_get or call.scope["method"] == "HEAD":
        return GET_IS_OFF
    return await execute(call)


async def info(call: ServerCall) -> Answer:
    """That the token is right."""
    await find(call)
    return {}


async def sample(call: ServerCall) -> Answer:
    """Three payloads as an outgoing integration sends them."""
    await find(call)
    now = format_date(call.services.clock())
    return Response(200, encode([_sample(number, now) for number in (1, 2, 3)]))


def _sample(number: int, now: str) -> dict[str, Any]:
    return {
        "token": ids.unmistakable(24),
        "channel_id": ids.user_id(),
        "channel_name": "general",
        "timestamp": now,
        "user_id": ids.user_id(),
        "user_name": "rocket.cat",
        "text": f"Sample text {number}",
        "trigger_word": "Sample",
    }


async def add(call: ServerCall) -> Answer:
    """Refuse: in 6.14 no body makes this work, and a hook's token is not to make integrations that read a room."""
    await find(call)
    raise Failure("Match error: Missing key 'type'")


async def remove(call: ServerCall) -> Answer:
    """Refuse, as 6.14 does: it looks for a member that no integration has."""
    await find(call)
    raise Failure("integration-not-found")


def _endpoint(method: Any, prefix: str, handler: Any, answer: type, summary: str) -> ServerEndpoint:
    return ServerEndpoint(
        method=method,
        path=f"{prefix}/{{integrationId}}/{{token}}",
        aliases=(f"{prefix}/{{integrationId}}/{{userId}}/{{token}}",),
        handler=handler,
        auth="none",
        answer=answer,
        summary=summary,
        rate=UNLIMITED,
        raw_body=True,
    )


ENDPOINTS: list[ServerEndpoint] = [
    _endpoint("POST", "/hooks", execute, object, "Run an incoming integration"),
    _endpoint("GET", "/hooks", execute_get, object, "Run an incoming integration, where a setting allows it"),
    _endpoint("GET", "/hooks/info", info, Done, "Tell whether the token of an integration is right"),
    _endpoint("GET", "/hooks/sample", sample, object, "Show three payloads of an outgoing integration"),
    _endpoint("POST", "/hooks/add", add, Done, "Refuse to make an outgoing integration, as Rocket.Chat 6.14"),
    _endpoint("POST", "/hooks/remove", remove, Done, "Refuse to remove an outgoing integration, as 6.14"),
]
