"""Real workers, one pool a test module."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from strongback.scripts.contract import FetchCall, Limits, Run, Script, ScriptError, no_fetch
from strongback.scripts.pool import Pool

RunScript = Callable[..., Awaitable[Run]]
FailScript = Callable[..., Awaitable[ScriptError]]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Scripts run on uvloop, as the server does."""
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="module")
async def pool() -> AsyncIterator[Pool]:
    """Kills late, so that the engine's own limits are what a busy machine sees."""
    pool = Pool(limits=Limits(wall=15))
    yield pool
    await pool.close()


def script(body: str, integration_id: str | None = None, revision: str | None = None) -> Script:
    """A class Script with this body, of an integration of its own."""
    name = f"integration-{next(_numbers)}" if integration_id is None else integration_id
    return Script(name, body if revision is None else revision, f"class Script {{ {body} }}")


@pytest.fixture
def run(pool: Pool) -> RunScript:
    """Run the method `go` of a script that is given as the body of its class, or as a Script."""

    async def run(body: str | Script, argument: Any = None, fetch: FetchCall = no_fetch) -> Run:
        return await pool.run(script(body) if isinstance(body, str) else body, "go", argument, fetch)

    return run


@pytest.fixture
def fail(run: RunScript) -> FailScript:
    """Run a script that is expected to give no answer; the error."""

    async def fail(body: str | Script, argument: Any = None, fetch: FetchCall = no_fetch) -> ScriptError:
        with pytest.raises(ScriptError) as caught:
            await run(body, argument, fetch)
        return caught.value

    return fail
