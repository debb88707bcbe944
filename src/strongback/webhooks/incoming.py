"""A call of a hook, from its token to its answer: the message, its key and its history are one commit (spec/06 A)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from strongback import ids
from strongback.accounts.permissions import AccessCache
from strongback.accounts.retry import retry
from strongback.clock import Clock
from strongback.errors import Conflict, Failure
from strongback.messages.sender import Sender
from strongback.scripts.contract import FetchCall, ScriptError
from strongback.scripts.pool import Pool
from strongback.storage.changes import Changes, OnEvent
from strongback.storage.contract import Store
from strongback.storage.deliveries import StoredAnswer
from strongback.storage.guards import KeyFree, Present
from strongback.storage.steps import PutHistory
from strongback.webhooks import idempotency
from strongback.webhooks.hook import NO_ACCOUNT, Hook, Hooks
from strongback.webhooks.idempotency import Once
from strongback.webhooks.incoming_post import Posted, Poster, Posting, posting
from strongback.webhooks.incoming_script import (
    METHOD,
    HookCall,
    Wish,
    accepted,
    check_depth,
    refused,
    script_request,
    wish,
)
from strongback.webhooks.script import script_of
from strongback.webhooks.secrets import Secrets
from strongback.webhooks.sign import parse_secret, verify
from strongback.webhooks.steps import Record

Read = Callable[[bytes, str | None], tuple[str | None, Any]]
"""Reads a body of some content type: its text, None for no body, and what it says."""

REPLAYED = (b"idempotency-replayed", b"true")
SECONDS = {"busy": b"1", "resting": b"60"}
"""When a script may be asked again that could not run."""


class HookAnswer(NamedTuple):
    """What a call is answered; the body is JSON."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


DISABLED = HookAnswer(503, b'"Service Unavailable"')


@dataclass(slots=True)
class Course:
    """A call on its way: what history will say of it. A `console` of None says that no script ran."""

    hook: Hook
    began: int
    once: Once | None = None
    data: Any = None
    console: Sequence[str] | None = None

    def record(self) -> Record:
        """The record so far."""
        record = Record.incoming(
            ids.ordered_id(self.began), self.hook.id, self.hook.token, self.data, self.began
        )
        if self.console is not None:
            record.move("script-ran", self.began, {"console": list(self.console)} if self.console else None)
        return record

    def kept(self, record: Record) -> PutHistory:
        """The step that keeps a record."""
        hook = self.hook
        return PutHistory(record.document, hook.id, hook.copy, hook.integration.revision)


class Incoming:
    """Receives the calls of all hooks."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        access: AccessCache,
        *,
        read: Read,
        secrets: Secrets,
        scripts: Pool,
        fetch: FetchCall,
        on_event: Sequence[OnEvent] = (),
        scripts_disabled: str = "",
    ) -> None:
        self._store = store
        self._clock = clock
        self._read = read
        self._secrets = secrets
        self._scripts = scripts
        self._fetch = fetch
        self._scripts_disabled = scripts_disabled
        self._hooks = Hooks(store, access)
        self._poster = Poster(store, clock, on_event)

    async def find(self, id: str, token: str) -> tuple[Hook, Sender]:
        """The hook that a caller may use, and the account that it posts as; Failure 404 or 401 for none."""
        return await self._hooks.find(id, token)

    async def receive(self, hook: Hook, account: Sender, call: HookCall) -> HookAnswer:
        """Do what a call asks for; a 2xx says that the message is on the disk."""
        if hook.body.get("enabled") is not True:
            return DISABLED
        course = Course(hook, self._clock())
        try:
            self._verify(hook, call, course.began)
            course.once = idempotency.once(
                hook.id, call.headers, call.query, call.body, signed=hook.sealed is not None
            )
            if course.once is not None:
                first = await course.once.answered(self._store, course.began)
                if first is not None:
                    return _replayed(first)
            return await self._run(course, account, call)
        except Failure as failure:
            members = refused(failure.error or failure.text)
            return await self._refuse(course, failure.status, members, failure.message)
        except ScriptError as error:
            course.console = error.console
            return await self._without_script(course, error)

    def _verify(self, hook: Hook, call: HookCall, now: int) -> None:
        """Raise Failure for a call that is not signed with the integration's secret, if it has one."""
        if hook.sealed is None:
            return
        key = parse_secret(self._secrets.unseal(hook.id, hook.sealed))
        reason = verify(key, call.headers, call.body, now // 1000)
        if reason is not None:
            raise Failure(reason, status=401)

    async def _run(self, course: Course, account: Sender, call: HookCall) -> HookAnswer:
        """Read the body, ask the script if there is one, and post."""
        hook = course.hook
        text, content = self._read(call.body, call.headers.get("content-type"))
        check_depth(content)
        course.data = content
        script = script_of(hook.integration, self._scripts_disabled)
        if script is None:
            if not content and hook.body.get("scriptEnabled") is not True:
                return await self._finish(course, accepted(None))
            return await self._post(course, account, posting(hook, content), None)
        request = script_request(call, text, content, account)
        run = await self._scripts.run(script, METHOD, {"request": request}, self._fetch)
        course.console = run.console
        return await self._obey(course, account, wish(run))

    async def _obey(self, course: Course, account: Sender, wanted: Wish) -> HookAnswer:
        """Do what a script wants."""
        check_depth([wanted.content, wanted.answer, wanted.error])
        if wanted.error is not None:
            return await self._refuse(course, 400, refused(wanted.error), "the script returned an error")
        if wanted.content is None:
            return await self._finish(course, accepted(None))
        return await self._post(course, account, posting(course.hook, wanted.content), wanted.answer)

    async def _post(self, course: Course, account: Sender, wanted: Posting, answer: Any) -> HookAnswer:
        async def attempt() -> HookAnswer:
            posted = await self._poster.prepare(course.hook, account, wanted)
            record, changes = course.record(), posted.changes
            if posted.messages:
                record.sent("posted", posted.messages, self._clock())
            status, members = _outcome(posted, wanted, answer)
            if status != 200 and posted.failure is not None:
                record.refused(posted.failure.message, self._clock())
            try:
                return await self._commit(course, changes, record, status, members)
            except Conflict as lost:
                self._poster.known.forget()
                if lost.guard == Present("users", account.id):
                    raise Failure(NO_ACCOUNT, status=401) from None
                raise

        return await retry(attempt)

    async def _finish(self, course: Course, members: Any) -> HookAnswer:
        """Accept a call that posts nothing."""
        record = course.record()
        record.move(record.document.body["step"], self._clock(), ending="finished")
        return await self._commit(course, Changes(), record, 200, members)

    async def _refuse(
        self, course: Course, status: int, members: Mapping[str, Any], reason: str
    ) -> HookAnswer:
        """Refuse a call; it may be sent again under the same key."""
        record = course.record()
        record.refused(reason, self._clock())
        return await self._commit(course, Changes(), record, status, members)

    async def _without_script(self, course: Course, error: ScriptError) -> HookAnswer:
        """Refuse a call whose script gave no answer: what it would have held back must not be posted."""
        if error.kind in SECONDS:
            answer = await self._refuse(course, 503, refused(str(error)), str(error))
            return answer._replace(headers=((b"retry-after", SECONDS[error.kind]),))
        id = "error-evaluating-script" if error.kind == "evaluating" else "error-running-script"
        return await self._refuse(course, 400, refused(id), str(error))

    async def _commit(
        self, course: Course, changes: Changes, record: Record, status: int, members: Any
    ) -> HookAnswer:
        """Write what a call leads to; of two calls with one key, the second gets the answer to the first."""
        body = msgspec.json.encode(members)
        changes.steps.append(course.kept(record))
        once = course.once if status == 200 else None
        if once is not None:
            once.keep(changes, status, body.decode(), self._clock())
        try:
            await self._store.commit(changes)
        except Conflict as lost:
            first = None
            if once is not None and isinstance(lost.guard, KeyFree):
                first = await once.answered(self._store, self._clock())
            if first is None:
                raise
            return _replayed(first)
        return HookAnswer(status, body)


def _outcome(posted: Posted, wanted: Posting, answer: Any) -> tuple[int, Any]:
    """The status and the body that a call has earned."""
    failure = posted.failure
    if wanted.separate and (answer is None or not posted.messages):
        members = {"responses": posted.responses}
        return (200, accepted(members)) if posted.messages else (400, refused(members))
    if failure is not None and not wanted.separate:
        return failure.status, refused(failure.error or failure.text)
    return 200, accepted(answer)


def _replayed(first: StoredAnswer) -> HookAnswer:
    return HookAnswer(first.status, first.body.encode(), (REPLAYED,))
