"""Whatever bytes, JSON, headers or results of scripts come: an answer below 500, and nothing half-written."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongback.errors import Failure
from tests.webhooks.hook_world import ENG, TOWN, HookWorld, answer

pytestmark = pytest.mark.anyio

CASES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(max_size=20) | st.sampled_from(
    ["#eng", "@ann", "r-eng", "\0", "\ud800", "javascript:x", "http://a"]
)
SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ANY = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
NAMES = st.sampled_from(
    "text msg channel roomId username alias icon_url icon_emoji avatar emoji attachments parseUrls groupable tmid"
    " customFields bot separateResponse payload _id ts u t blocks".split()
)
FIELD = st.dictionaries(
    st.sampled_from(["title", "value", "short", "text", "fields", "actions", "ts"]), ANY, max_size=4
)
BODY = st.dictionaries(NAMES, ANY | st.lists(FIELD, max_size=2), max_size=5)
TYPE = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "text/plain; charset=utf-16", "x/y", ""]
)
KEY = st.text(st.characters(max_codepoint=255), max_size=300)


async def calm(hooks: HookWorld) -> None:
    await hooks.hook(ENG, TOWN, overrideDestinationChannelEnabled=True)


def sound(given: Any) -> None:
    status, _ = answer(given)
    assert status < 500


@CASES
@given(raw=st.binary(max_size=100) | ANY.map(lambda value: json.dumps(value).encode()), type=TYPE, key=KEY)
async def test_any_bytes(hooks: HookWorld, raw: bytes, type: str, key: str) -> None:
    await calm(hooks)
    sound(await hooks.call(raw, headers={"content-type": type, "idempotency-key": key}))


@CASES
@given(body=BODY)
async def test_any_members(hooks: HookWorld, body: dict[str, Any]) -> None:
    await calm(hooks)
    before = len(await hooks.history())
    given = await hooks.call(json.dumps(body).encode())
    sound(given)
    record = (await hooks.history())[-1]
    assert len(await hooks.history()) == before + 1
    assert ("finished" in record) is (given.status == 200)


@CASES
@given(result=ANY | st.fixed_dictionaries({"content": BODY | ANY}, optional={"response": ANY, "error": ANY}))
async def test_any_result_of_a_script(hooks: HookWorld, result: Any) -> None:
    try:
        result = json.loads(json.dumps(result).encode("utf-8", "strict"))
        json.dumps(result, ensure_ascii=False, allow_nan=False).encode()
    except (UnicodeError, ValueError):
        return  # workers answer in JSON, which has neither lone surrogates nor NaN
    await hooks.script(result, overrideDestinationChannelEnabled=True)
    sound(await hooks.call({"text": "raw"}))


@CASES
@given(id=TEXT, token=TEXT)
async def test_any_path(hooks: HookWorld, id: str, token: str) -> None:
    with pytest.raises(Failure) as caught:
        await hooks.call({"text": "x"}, id=id, token=token)
    assert caught.value.status == 404


@CASES
@given(
    members=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            "alias avatar emoji channel userId username name script scriptCompiled scriptError"
            " overrideDestinationChannelEnabled _createdBy scriptEnabled scriptEngine".split(),
            ANY,
        ),
    )
)
async def test_any_integration_that_an_import_brought(hooks: HookWorld, members: dict[str, Any]) -> None:
    try:
        json.dumps(members, ensure_ascii=False, allow_nan=False).encode()
    except (UnicodeError, ValueError):
        return
    hooks.scripts.result = {"content": {"text": "x"}}
    await hooks.hook(**members)
    status = 200
    try:
        sound(await hooks.call({"text": "x", "channel": "#town"}))
        sound(await hooks.call({"text": "x"}))
    except Failure as failure:
        status = failure.status
    assert status in {200, 401, 404}
