"""Databases for tests on one PostgreSQL server: copied from a template, and cleaned for the next test."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import asyncpg

from tests.postgres import Cluster, in_thread

TEMPLATE = "template"
MOST_USES = 50
"""What is deleted stays as dead rows: a database that has been used so often goes."""
TABLES = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
SEQUENCES = """
SELECT format('SELECT setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),
    coalesce(last_value, start_value), last_value IS NOT NULL) AS statement FROM pg_sequences
"""


@dataclass
class Database:
    """A database, and how many folders it has been given to."""

    name: str
    uses: int = 1


@dataclass
class Databases:
    """One database for each folder, as long as the folder is in use."""

    cluster: Cluster
    _tables: list[str]
    _clean: str
    _given: dict[Path, Database] = field(default_factory=dict)
    _free: list[Database] = field(default_factory=list)
    _made: int = 0

    @classmethod
    def prepare(cls, cluster: Cluster, migrate: Callable[[str], None]) -> Self:
        """Make the template, and write down how a copy becomes like it again."""
        migrate(cluster.create(TEMPLATE))
        tables = [row["name"] for row in cluster.execute(TEMPLATE, TABLES)]
        clean = ["SET session_replication_role = replica"]  # without triggers
        for table in tables:
            clean.append(f'DELETE FROM "{table}"')
            kept = f"""SELECT format('INSERT INTO %I SELECT (%L::%I).*', '{table}', t::text, '{table}') AS statement"""
            clean += [row["statement"] for row in cluster.execute(TEMPLATE, f'{kept} FROM "{table}" t')]
        clean += [row["statement"] for row in cluster.execute(TEMPLATE, SEQUENCES)]
        return cls(cluster, tables, ";\n".join(clean))

    def name(self, folder: Path) -> str:
        """The name of a folder's database."""
        folder = folder.resolve()
        if folder not in self._given:
            self._given[folder] = self._take()
        return self._given[folder].name

    def forget(self, folder: Path) -> None:
        """Take back what was given to a folder and to those in it; nobody may use it any more."""
        folder = folder.resolve()
        for one in [one for one in self._given if one.is_relative_to(folder)]:
            self._free.append(self._given.pop(one))

    def _take(self) -> Database:
        while self._free:
            used = self._free.pop()
            if used.uses < MOST_USES and in_thread(self._is_clean(used.name)):
                used.uses += 1
                return used
            self.cluster.drop(used.name)
        self._made += 1
        made = Database(f"test{self._made}")
        self.cluster.create(made.name, TEMPLATE)
        return made

    async def _is_clean(self, name: str) -> bool:
        """Clean a database, unless it has other tables than the template."""
        connection = await asyncpg.connect(self.cluster.url(name))
        try:
            await connection.execute(OTHERS)
            if [row["name"] for row in await connection.fetch(TABLES)] != self._tables:
                return False
            await connection.execute(self._clean)
        finally:
            await connection.close()
        return True
