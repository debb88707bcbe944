"""Scripts of incoming integrations: what they are given, and what each of their results does (spec/06 A4)."""

from typing import Any

import pytest

from strongback.scripts.contract import Run, ScriptError
from tests.webhooks.hook_world import ID, TOKEN, HookWorld, answer

pytestmark = pytest.mark.anyio

DONE = (200, {"success": True})
CONTENT = {"text": "from the script"}


def refused(error: Any, status: int = 400) -> tuple[int, Any]:
    return status, {"success": False, "error": error}


async def test_what_a_script_is_given(hooks: HookWorld) -> None:
    await hooks.script({"content": CONTENT})
    sent = {"user-agent": "GitHub-Hookshot/1", "content-type": "application/json"}
    await hooks.call(b'{"a": [1, "\xc3\xa9"]}', headers=sent, query=b"x=1&y=2")
    ((script, method, argument),) = hooks.scripts.asked
    path = f"/hooks/{ID}/{TOKEN}"
    assert (script.integration_id, script.source, method) == (
        ID,
        "class Script {}",
        "process_incoming_request",
    )
    assert argument == {
        "request": {
            "url": {
                "hash": None,
                "search": "?x=1&y=2",
                "query": {},
                "pathname": path,
                "path": f"{path}?x=1&y=2",
            },
            "url_raw": f"{path}?x=1&y=2",
            "url_params": {"integrationId": ID, "token": TOKEN},
            "content": {"a": [1, "é"]},
            "content_raw": '{"a": [1, "é"]}',
            "headers": sent,
            "body": {"a": [1, "é"]},
            "user": {"_id": "u-bot", "name": "Bot", "username": "bot"},
        }
    }


async def test_without_a_body_a_script_gets_an_empty_one(hooks: HookWorld) -> None:
    await hooks.script(None)
    await hooks.call()
    request = hooks.scripts.asked[0][2]["request"]
    assert (request["content"], request["content_raw"], request["url"]["search"]) == ({}, None, None)


async def test_a_changed_integration_runs_as_a_new_revision(hooks: HookWorld) -> None:
    for _ in range(2):
        await hooks.script(None)
        await hooks.call()
    first, second = (script.revision for script, _, _ in hooks.scripts.asked)
    assert first != second


@pytest.mark.parametrize(
    "result",
    [
        None,
        False,
        0,
        "",
        5,
        "text",
        True,
        [],
        [{"content": CONTENT}],
        {},
        {"content": None},
        {"content": ""},
        {"content": 0},
        {"content": None, "response": {"a": 1}},
        {"response": {"a": 1}},
        {"error": None},
        {"error": ""},
        Run(None, absent=True),
        Run({"content": CONTENT}, absent=True),
    ],
)
async def test_results_that_post_nothing(hooks: HookWorld, result: Any) -> None:
    await hooks.script(result)
    assert answer(await hooks.call({"text": "raw"})) == DONE
    assert await hooks.said() == []
    (record,) = await hooks.history()
    assert (record["step"], record["finished"]) == ("script-ran", True)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("no", {"success": False, "error": "no"}),
        (5, {"success": False, "error": 5}),
        (True, {"success": False, "error": True}),
        (["a"], {"success": False, "error": ["a"]}),
        ({"message": "no", "code": 7}, {"success": False, "message": "no", "code": 7}),
        ({"success": True, "message": "no"}, {"success": False, "message": "no"}),
        ({}, {"success": False}),
    ],
)
async def test_an_error_of_the_script_is_the_answer(hooks: HookWorld, error: Any, expected: Any) -> None:
    await hooks.script({"error": error, "content": CONTENT})
    assert answer(await hooks.call({"text": "raw"})) == (400, expected)
    assert await hooks.said() == []
    (record,) = await hooks.history()
    assert (record["step"], record["errorStack"]) == ("refused", "the script returned an error")


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, {"success": True}),
        ({"response": {"a": 1}}, {"a": 1, "success": True}),
        ({"response": {"success": False}}, {"success": True}),
        ({"response": {}}, {"success": True}),
        ({"response": "ok"}, "ok"),
        ({"response": 5}, 5),
        ({"response": [1]}, [1]),
        ({"response": ""}, {"success": True}),
        ({"response": None}, {"success": True}),
        ({"response": 0}, {"success": True}),
    ],
)
async def test_content_replaces_the_body_and_response_the_answer(
    hooks: HookWorld, members: dict[str, Any], expected: Any
) -> None:
    await hooks.script({"content": CONTENT} | members)
    assert answer(await hooks.call({"text": "raw", "alias": "raw"})) == (200, expected)
    (message,) = await hooks.said()
    assert (message["msg"], "alias" in message) == ("from the script", False)


async def test_an_empty_content_posts_an_empty_message(hooks: HookWorld) -> None:
    await hooks.script({"content": {}})
    assert answer(await hooks.call({"text": "raw"})) == DONE
    assert [message["msg"] for message in await hooks.said()] == [""]


@pytest.mark.parametrize("content", ["text", 5, True, ["x"]])
async def test_content_must_be_an_object(hooks: HookWorld, content: Any) -> None:
    await hooks.script({"content": content})
    assert answer(await hooks.call()) == refused("What is to be posted must be a JSON object")


async def test_a_script_does_not_choose_who_posts(hooks: HookWorld) -> None:
    user = {"_id": "u-ann", "username": "ann", "roles": ["admin"]}
    await hooks.script({"content": CONTENT | {"user": user, "u": user, "bot": {"i": "x"}}, "user": user})
    assert answer(await hooks.call()) == DONE
    (message,) = await hooks.said()
    assert (message["u"]["_id"], message["bot"]) == ("u-bot", {"i": ID})


async def test_a_script_is_bound_by_the_integrations_channels(hooks: HookWorld) -> None:
    await hooks.script({"content": CONTENT | {"channel": "#town"}})
    off = "overriding destination channel is disabled for this integration"
    assert answer(await hooks.call()) == refused(off)
    await hooks.script({"content": CONTENT | {"channel": "#town"}}, overrideDestinationChannelEnabled=True)
    assert answer(await hooks.call()) == DONE
    assert [message.get("t") for message in await hooks.said("r-town")] == ["uj", None]


async def test_the_response_of_a_script_wins_over_answers_by_target(hooks: HookWorld) -> None:
    await hooks.script(
        {"content": CONTENT | {"separateResponse": True, "channel": ["#no", "#eng"]}, "response": {"a": 1}},
        overrideDestinationChannelEnabled=True,
    )
    assert answer(await hooks.call()) == (200, {"a": 1, "success": True})


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("evaluating", "error-evaluating-script"),
        ("running", "error-running-script"),
        ("timeout", "error-running-script"),
        ("memory", "error-running-script"),
        ("killed", "error-running-script"),
        ("result", "error-running-script"),
    ],
)
async def test_a_script_that_fails_fails_the_call(hooks: HookWorld, kind: Any, error: str) -> None:
    await hooks.script(ScriptError(kind, "x is not defined", ("before",)))
    assert answer(await hooks.call({"text": "raw"})) == refused(error)
    assert await hooks.said() == []
    (record,) = await hooks.history()
    assert (record["step"], record["errorStack"]) == ("refused", "x is not defined")
    assert record["console"] == ["before"]


@pytest.mark.parametrize(("kind", "wait"), [("busy", b"1"), ("resting", b"60")])
async def test_a_script_that_can_not_run_now_asks_to_come_back(
    hooks: HookWorld, kind: Any, wait: bytes
) -> None:
    await hooks.script(ScriptError(kind, "No worker was free."))
    given = await hooks.call({"text": "raw"}, headers={"idempotency-key": "k"})
    assert answer(given) == refused("No worker was free.", 503)
    assert given.headers == ((b"retry-after", wait),)
    hooks.scripts.result = {"content": CONTENT}
    assert answer(await hooks.call({"text": "raw"}, headers={"idempotency-key": "k"})) == DONE


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"scriptCompiled": None}, "error-evaluating-script"),
        ({"scriptCompiled": " "}, "error-evaluating-script"),
        ({"scriptCompiled": None, "scriptError": {"message": "Unexpected }"}}, "error-evaluating-script"),
    ],
)
async def test_a_script_that_does_not_compile_fails_the_call(
    hooks: HookWorld, members: dict[str, Any], error: str
) -> None:
    await hooks.script({"content": CONTENT}, **members)
    assert answer(await hooks.call({"text": "raw"})) == refused(error)
    assert (await hooks.said(), hooks.scripts.asked) == ([], [])
    (record,) = await hooks.history()
    reason = "Unexpected }" if "scriptError" in members else "save the integration again."
    assert record["errorStack"] == f"The script is not compiled: {reason}"


@pytest.mark.parametrize("enabled", [False, None, "true"])
async def test_a_script_that_is_not_enabled_does_not_run(hooks: HookWorld, enabled: Any) -> None:
    await hooks.script({"content": CONTENT}, scriptEnabled=enabled)
    assert answer(await hooks.call({"text": "raw"})) == DONE
    assert [message["msg"] for message in await hooks.said()] == ["raw"]


@pytest.mark.parametrize(
    ("setting", "engine", "ran"),
    [
        ("true", "isolated-vm", False),
        ("Yes", "vm2", False),
        ("ivm", "isolated-vm", False),
        ("ivm", "vm2", True),
        ("ivm", None, True),
        ("vm2", "vm2", False),
        ("vm2", None, False),
        ("vm2", "isolated-vm", True),
        ("", "isolated-vm", True),
        ("false", "isolated-vm", True),
    ],
)
async def test_disabled_scripts_leave_the_body_as_it_came(
    hooks: HookWorld, setting: str, engine: str | None, ran: bool
) -> None:
    await hooks.script({"content": CONTENT}, scriptEngine=engine)
    receiver = hooks.receiver(hooks.store, disabled=setting)
    assert answer(await hooks.call({"text": "raw"}, incoming=receiver)) == DONE
    assert [message["msg"] for message in await hooks.said()] == ["from the script" if ran else "raw"]


async def test_the_record_of_a_script(hooks: HookWorld) -> None:
    await hooks.script(Run({"content": CONTENT}, console=("one", f"two {TOKEN}")))
    await hooks.call({"text": "raw"})
    (record,) = await hooks.history()
    assert (record["step"], record["data"]) == ("posted", {"text": "raw"})
    assert record["console"] == ["one", "two " + "*" * 44 + TOKEN[-4:]]
    assert [sent["message"]["msg"] for sent in record["resultMessage"]] == ["from the script"]


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "result",
    [
        {"content": {"customFields": {"a": nested(99)}}},
        {"error": nested(100)},
        {"content": {}, "response": nested(100)},
    ],
)
async def test_bottomless_results_are_refused(hooks: HookWorld, result: Any) -> None:
    await hooks.script(result)
    assert answer(await hooks.call()) == refused(
        "JSON that is nested deeper than 100 levels is not welcome here"
    )
