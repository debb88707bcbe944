"""Scripts are compiled when they are saved, over HTTP (spec/05 section 5)."""

from typing import Any

import httpx
import pytest

from tests.wire.conftest import StartServer
from tests.wire.making import post, reach_bot
from tests.wire.server import Server

API = "/api/v1/integrations"
SCRIPT = "class Script { process_incoming_request({ request }) { return { content: { text: `${request.content.a}` } }; } }"
COMPILED = (
    "var Script=function(){function Script(){}var _proto=Script.prototype;"
    "_proto.process_incoming_request=function process_incoming_request(_ref){var request=_ref.request;"
    'return{content:{text:""+request.content.a}}};return Script}();'
)
BODY = {
    "type": "webhook-incoming",
    "username": "reach-bot",
    "channel": "#scripted",
    "name": "builds",
    "enabled": True,
    "scriptEnabled": True,
    "script": SCRIPT,
}
OUTCOMES = ("scriptCompiled", "scriptError")


@pytest.fixture(scope="module")
def admin(server: Server) -> httpx.Client:
    """The administrator, who is in the group `scripted`."""
    reach_bot(server)
    post(server.admin, "groups.create", {"name": "scripted"})
    return server.admin


def outcomes(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return {name: value for name, value in answer.json()["integration"].items() if name in OUTCOMES}


def test_the_life_of_a_script(admin: httpx.Client) -> None:
    made = admin.post(f"{API}.create", json=BODY)
    assert outcomes(made) == {"scriptCompiled": COMPILED}
    id = {"integrationId": made.json()["integration"]["_id"]}
    assert outcomes(admin.get(f"{API}.get", params=id)) == {"scriptCompiled": COMPILED}

    broken = admin.put(f"{API}.update", json=BODY | id | {"script": "class Script { x( }"})
    message = "unknown: Unexpected token (1:18)\n\n> 1 | class Script { x( }\n    |                   ^"
    error = {"name": "SyntaxError", "message": message, "stack": f"SyntaxError: {message}"}
    assert outcomes(broken) == {"scriptError": error}

    mended = admin.put(f"{API}.update", json=BODY | id)
    assert outcomes(mended) == {"scriptCompiled": COMPILED}
    off = admin.put(f"{API}.update", json=BODY | id | {"scriptEnabled": False, "script": "let a = ;"})
    assert outcomes(off) == {"scriptCompiled": COMPILED}


def test_a_script_of_an_outgoing_integration(admin: httpx.Client) -> None:
    body = BODY | {"type": "webhook-outgoing", "event": "sendMessage", "urls": ["https://example.com/"]}
    assert outcomes(admin.post(f"{API}.create", json=body)) == {"scriptCompiled": COMPILED}


def test_a_script_that_is_too_long_is_saved_all_the_same(admin: httpx.Client) -> None:
    made = admin.post(f"{API}.create", json=BODY | {"script": "/*" + "x" * 1024 * 1024})
    assert outcomes(made)["scriptError"]["message"] == "The script is longer than 1048576 bytes."


def test_frozen_scripts_are_not_compiled(start_server: StartServer) -> None:
    server = start_server(FREEZE_INTEGRATION_SCRIPTS="vm2")
    reach_bot(server)
    post(server.admin, "groups.create", {"name": "scripted"})
    made = server.admin.post(f"{API}.create", json=BODY)
    assert outcomes(made) == {"scriptCompiled": COMPILED}
    frozen = server.admin.post(f"{API}.create", json=BODY | {"scriptEngine": "vm2"})
    assert frozen.json()["error"] == "integration-scripts-vm2-disabled"
