"""The PostgreSQL server of benchmarks/postgres.py: durable, on the loopback address only, gone with its folder.

It is the one that the tests start, with more memory and with a count of statements where PostgreSQL has that installed.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeAlias

import asyncpg

sys.path.append(str(Path(__file__).parents[1]))

from tests.postgres import Cluster

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

COUNTING = "pg_stat_statements"
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
}


@contextmanager
def running() -> Iterator[Cluster]:
    """Run a server in a new folder."""
    parent = os.environ.get("BENCH_FOLDER", "/tmp")
    cluster = Cluster.start(Path(tempfile.mkdtemp(prefix="strongback-postgres-", dir=parent)), durable=True)
    try:
        cluster.stop()
        cluster.settings = cluster.settings | SETTINGS | counting(cluster.programs)
        cluster.start_again()
        yield cluster
        cluster.stop()
    finally:
        cluster.remove()


def counting(programs: Path) -> dict[str, str]:
    """The settings that load what counts statements, where it is installed; it counts where `count` asks for it."""
    command = [str(programs / "pg_config"), "--pkglibdir"]
    folder = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    if not (Path(folder) / f"{COUNTING}.so").is_file():
        return {}
    return {"shared_preload_libraries": COUNTING, f"{COUNTING}.track": "none"}


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """A connection of the benchmark's own."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def settle(url: str) -> None:
    """Let PostgreSQL look at what has been filled in, so that nothing of it is done while time is measured."""
    async with connected(url) as connection:
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
