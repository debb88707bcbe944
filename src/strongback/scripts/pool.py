"""Runs scripts: one run of an integration at a time, in a worker that knows it where there is one."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from strongback import metrics
from strongback.scripts import outcome
from strongback.scripts.breaker import Breaker
from strongback.scripts.contract import FetchCall, Limits, Run, Script, ScriptError
from strongback.scripts.conversation import Conversation, WorkerEnded
from strongback.scripts.process import Process
from strongback.scripts.turns import Turns
from strongback.scripts.values import encode
from strongback.scripts.workers import Workers

MOST_STORES = 1024
"""Integrations whose Store is remembered; the one that was written longest ago goes first."""
MOST_PEAK = 256 * 1024
"""Kilobytes that a worker may ever have grown by before it is replaced."""


class Pool:
    """Starts its workers with the first run; `store` holds the Store of each integration as JSON text."""

    def __init__(self, *, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits or Limits()
        self.store: OrderedDict[str, str] = OrderedDict()
        self.workers = Workers(self.limits)
        self._turns = Turns()
        self._breaker = Breaker(self.limits.kills, self.limits.rest, clock)

    async def run(self, script: Script, method: str, argument: Any, fetch: FetchCall) -> Run:
        """Call a method of a script with a JSON value; a script that gives no answer raises ScriptError."""
        try:
            run = await self._run(script, method, argument, fetch)
        except ScriptError as error:
            metrics.SCRIPT_RUNS[error.kind].inc()
            raise
        metrics.SCRIPT_RUNS["answered"].inc()
        return run

    async def _run(self, script: Script, method: str, argument: Any, fetch: FetchCall) -> Run:
        self._refuse_resting(script.integration_id)
        try:
            text = encode(argument)
        except RecursionError:
            raise ScriptError("running", "The argument of the script is nested too deeply.") from None
        process = await self._enter(script.integration_id)
        try:
            self._refuse_resting(script.integration_id)
            return await self._converse(process, script, method, text, fetch)
        finally:
            self.workers.give(process)
            self._turns.give(script.integration_id)

    async def close(self) -> None:
        """End all workers at once."""
        await self.workers.close()

    def _refuse_resting(self, integration_id: str) -> None:
        if rest := self._breaker.resting(integration_id):
            raise ScriptError("resting", f"The scripts of this integration rest for another {rest:.0f} s.")

    async def _enter(self, integration_id: str) -> Process:
        """Wait until no other run of the integration is under way and a worker is idle."""
        if self.workers.idle and not self._turns.taken(integration_id):
            await self._turns.take(integration_id)  # neither waits: a run is spared the cost of a deadline
            return await self.workers.take(integration_id)
        try:
            async with asyncio.timeout(self.limits.queue):
                await self._turns.take(integration_id)
                try:
                    return await self.workers.take(integration_id)
                except BaseException:
                    self._turns.give(integration_id)
                    raise
        except TimeoutError:
            text = f"No script worker was free within {self.limits.queue:g} s."
            raise ScriptError("busy", text) from None

    async def _converse(
        self, process: Process, script: Script, method: str, argument: bytes, fetch: FetchCall
    ) -> Run:
        name = process.integration_id = script.integration_id
        head = process.contexts.enter(script, method, self.store.get(name, "{}"))
        try:
            answer = await Conversation(process, self.limits, fetch).hold(encode(head) + b"\n" + argument)
        except WorkerEnded as error:
            if not error.waiting:
                self._breaker.killed(name)
            raise outcome.ended(error, self.limits) from None
        self._breaker.ended(name)
        return self._settle(process, name, *answer)

    def _settle(self, process: Process, name: str, tag: int, body: bytes) -> Run:
        """Keep what a run leaves behind, and hand on its answer."""
        try:
            ended = outcome.read(tag, body, self.limits)
        except outcome.Garbled:
            process.contexts.drop(name)
            raise ScriptError("result", "The result of the script cannot be read.") from None
        if ended.peak > MOST_PEAK:
            process.kill("it once grew too large", quiet=True)
        if ended.store is not None:
            self.store[name] = ended.store
            self.store.move_to_end(name)
            if len(self.store) > MOST_STORES:
                self.store.popitem(last=False)
        if ended.run is None:
            process.contexts.forget(name)
            assert ended.error is not None
            raise ended.error
        process.contexts.keep(name, self.store.get(name, "{}"), ended.run.memory)
        return ended.run
