"""The writer: one thread, many jobs per commit, each answered after the disk has it."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from strongback.errors import Unavailable
from strongback.storage.sqlite.connection import unavailable

JOBS_PER_COMMIT = 256


T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


@dataclass(slots=True)
class Job(Generic[T]):
    """A write that waits for its commit."""

    work: Work[T]
    done: asyncio.Future[T]
    loop: asyncio.AbstractEventLoop
    result: T | None = None
    failure: Exception | None = None

    def answer(self) -> None:
        """Answer the waiting coroutine, from its loop."""
        if self.done.done():
            return
        if self.failure is None:
            self.done.set_result(cast("T", self.result))
        else:
            self.done.set_exception(self.failure)


class Writer:
    """Owns the only connection that writes to the file.

    A thread takes what waits, runs each job behind a savepoint, commits once for all of them, and only then
    answers. A job that fails is undone alone; a commit that fails, fails all of its jobs.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._closing = False
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Work[T]) -> T:
        """Hand in a write and wait until it is on the disk; answers what the function returned."""
        if self._closing:
            raise Unavailable("the storage is closing; try again in a moment")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._jobs.put(Job(work, done, loop))
        return await done

    async def close(self) -> None:
        """Finish what was handed in, then end the thread."""
        self._closing = True
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        try:
            while batch := self._batch():
                self._commit(self.connection, batch)
        finally:
            self.connection.close()

    def _batch(self) -> list[Job[Any]]:
        """Wait for a job, then take all that wait behind it; empty when closing and nothing is left."""
        batch: list[Job[Any]] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == JOBS_PER_COMMIT:
                return batch
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch
        if batch:
            self._jobs.put(None)  # the sign to end: seen again after this batch
        return batch

    def _commit(self, connection: sqlite3.Connection, batch: list[Job[Any]]) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                attempt(connection, job)
            connection.execute("COMMIT")
            self.commits += 1
        except sqlite3.Error as error:
            undo(connection)
            for job in batch:
                job.failure = unavailable(error)
        settle(batch)


def settle(batch: list[Job[Any]]) -> None:
    """Answer what was committed, from the writer's thread: each loop is woken once, for that costs."""

    def answer(jobs: list[Job[Any]]) -> None:
        for job in jobs:
            job.answer()

    for loop in {job.loop for job in batch}:
        try:
            loop.call_soon_threadsafe(answer, [job for job in batch if job.loop is loop])
        except RuntimeError:  # the loop has ended: nobody waits any more
            continue


def attempt(connection: sqlite3.Connection, job: Job[Any]) -> None:
    """Run a job behind a savepoint; undo it alone where it fails by itself."""
    connection.execute("SAVEPOINT job")
    try:
        job.result = job.work(connection)
    except sqlite3.OperationalError:
        raise  # the disk or the lock, not the job: the whole commit fails
    except Exception as error:
        job.failure = error
        connection.execute("ROLLBACK TO job")
    connection.execute("RELEASE job")


def undo(connection: sqlite3.Connection) -> None:
    """Roll back what is open; a full disk may have done so already."""
    if connection.in_transaction:
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            return
