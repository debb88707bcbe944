"""What a save does to a script (spec/05 section 5)."""

import asyncio
from typing import Any

import pytest

from strongback.documents.document import Document
from strongback.integrations.create import create
from strongback.integrations.script import compile_script
from strongback.integrations.update import update
from strongback.scripts.compile import Compiled
from strongback.scripts.contract import ScriptError
from strongback.storage.steps import PutIntegration
from tests.integrations.examples import IN, INCOMING, OUT, OUTGOING, fake_compile
from tests.room_world import ALL_FOUR, RoomWorld

pytestmark = pytest.mark.anyio

ERROR = {"name": "SyntaxError", "message": "does not parse", "stack": "SyntaxError: does not parse"}
OUTCOMES = {"scriptCompiled", "scriptError"}


def outcomes(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name in OUTCOMES}


@pytest.mark.parametrize("given", [INCOMING, OUTGOING])
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"script": "good", "scriptEnabled": True}, {"scriptCompiled": "compiled good"}),
        ({"script": "broken", "scriptEnabled": True}, {"scriptError": ERROR}),
        ({"script": "good"}, {}),
        ({"script": " \n", "scriptEnabled": True}, {}),
        ({"script": None, "scriptEnabled": True}, {}),
        ({"scriptEnabled": True}, {}),
    ],
)
async def test_a_new_one(
    rooms: RoomWorld, given: dict[str, Any], sent: dict[str, Any], expected: dict[str, Any]
) -> None:
    caller = rooms.caller("ann", *ALL_FOUR)
    made = await create(
        rooms.store, rooms.clock, caller, given["type"], given | sent, frozen="", compile=fake_compile
    )
    assert outcomes(made.body) == expected
    assert outcomes(await rooms.body("integrations", made.id)) == expected


COMPILED, FAILED = {"scriptCompiled": "compiled good"}, {"scriptError": ERROR}


@pytest.mark.parametrize(
    ("sent", "frozen", "expected"),
    [
        ({"script": "new"}, "", {"scriptCompiled": "compiled new"}),
        ({"script": "broken"}, "", FAILED),
        ({}, "", COMPILED),  # the stored script
        ({"script": ""}, "", {}),  # nothing runs that nobody can read
        ({"scriptEnabled": False}, "", {"scriptCompiled": "imported", "scriptError": None}),
        ({"scriptEnabled": False, "script": "new"}, "", {"scriptCompiled": "imported", "scriptError": None}),
        ({"script": "good"}, "yes", {"scriptCompiled": "imported", "scriptError": None}),
        ({"script": "good"}, "ivm", {"scriptCompiled": "imported", "scriptError": None}),
        ({"script": "new"}, "vm2", {"scriptCompiled": "compiled new"}),
    ],
)
@pytest.mark.parametrize("kind", [IN, OUT])
async def test_a_changed_one(
    rooms: RoomWorld,
    made: dict[str, str],
    kind: str,
    sent: dict[str, Any],
    frozen: str,
    expected: dict[str, Any],
) -> None:
    stored = await rooms.store.get("integrations", made[kind])
    assert stored is not None
    document = stored.decode()
    for name, value in {"script": "good", "scriptCompiled": "imported", "scriptError": None}.items():
        document.set(name, value)
    await rooms.write(PutIntegration(document, await rooms.store.links(made[kind])))
    given = {IN: INCOMING, OUT: OUTGOING | {"token": "t"}}[kind]
    after = await update(
        rooms.store,
        rooms.clock,
        rooms.caller("ann", *ALL_FOUR),
        kind,
        given | {"integrationId": made[kind], "scriptEnabled": True} | sent,
        frozen=frozen,
        compile=fake_compile,
    )
    assert outcomes(after.body) == expected
    assert outcomes(await rooms.body("integrations", made[kind])) == expected


async def test_a_refused_one_is_not_compiled(rooms: RoomWorld, made: dict[str, str]) -> None:
    async def never(source: str) -> Compiled:
        raise AssertionError("compiled for nothing")

    given = {"script": "good", "scriptEnabled": True, "channel": "#gone"}
    stranger = rooms.caller("bot", *ALL_FOUR)
    for kind, body in ((IN, INCOMING), (OUT, OUTGOING | {"token": "t"})):
        for write, more in ((create, {}), (update, {"integrationId": made[kind]})):
            with pytest.raises(Exception, match="Invalid room"):
                await write(
                    rooms.store, rooms.clock, stranger, kind, body | given | more, frozen="", compile=never
                )


async def test_writes_that_race_compile_once_each(rooms: RoomWorld, made: dict[str, str]) -> None:
    compiled: list[str] = []

    async def slowly(source: str) -> Compiled:
        compiled.append(source)
        await asyncio.sleep(0)
        return Compiled(f"compiled {source}")

    given = INCOMING | {"integrationId": made[IN], "scriptEnabled": True}
    caller, scripts = rooms.caller("ann", *ALL_FOUR), ["a", "b", "c", "d"]
    await asyncio.gather(
        *(
            update(rooms.store, rooms.clock, caller, IN, given | {"script": one}, frozen="", compile=slowly)
            for one in scripts
        )
    )
    assert sorted(compiled) == scripts
    after = await rooms.body("integrations", made[IN])
    assert after["scriptCompiled"] == f"compiled {after['script']}"


async def test_a_compiler_that_does_not_start_fails_no_save() -> None:
    async def absent(source: str) -> Compiled:
        raise ScriptError("killed", "The compiler of scripts does not start.")

    document = Document("x", {"script": "good", "scriptEnabled": True})
    await compile_script(document, absent, frozen="")
    assert document.body["scriptError"]["message"] == "The compiler of scripts does not start."
