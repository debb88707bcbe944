"""What groups.getIntegrations asks of PostgreSQL: statements and locks of a request, with one node and with three."""

import asyncio
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass

from get_integrations import latencies, request, serving
from postgres_data import GROUPS
from postgres_server import COUNTING, Connection, connected

from tests.postgres import Cluster

REQUESTS = 300
"""So many to each node: what a node asks now and then, for itself, is asked far less often."""
NODES = (1, 3)

COUNTED = (
    f"SELECT c.query, c.calls FROM {COUNTING} c JOIN pg_database d ON d.oid = c.dbid"
    " WHERE d.datname = current_database()"
)
READ = "'tokens', 'users', 'state', 'rooms', 'subscriptions', 'links', 'integrations'"
LOCKS = (
    "SELECT l.pid, l.mode, l.granted FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " LEFT JOIN pg_index i ON i.indexrelid = l.relation"
    " JOIN pg_class c ON c.oid = coalesce(i.indrelid, l.relation)"
    " WHERE l.database = a.datid AND a.datname = current_database()"
    f" AND a.application_name = 'strongback' AND c.relname IN ({READ})"
)
"""The locks of nodes on the tables that a request reads, and on their indexes."""


@dataclass
class Asked:
    """What was seen: the statements of a request and the others of the same time, locks of a connection, and waits."""

    statements: float
    others: int
    modes: str
    most: int
    waited: int


def serve(url: str) -> list[str]:
    """The command of a server on a free port."""
    return ["-m", "strongback.cli.main", "serve", "--port", "0", "--database", url]


async def asked(url: str, nodes: int) -> Asked:
    """Send requests to so many nodes, one after the other on each, and look at what they ask."""
    requests = [request(n, GROUPS) for n in range(GROUPS)]
    with ExitStack() as running:
        ports = [running.enter_context(serving(serve(url), 0))[0] for _ in range(nodes)]
        await asyncio.gather(*(latencies(port, requests, GROUPS) for port in ports))
        async with connected(url) as connection:
            await connection.execute(f"SET {COUNTING}.track = 'none'; SELECT {COUNTING}_reset()")
            load = asyncio.gather(*(latencies(port, requests, REQUESTS) for port in ports))
            locks = await watch(connection, load)
            counted = await connection.fetch(COUNTED)
    sent = REQUESTS * nodes
    often = sum(row["calls"] for row in counted if row["calls"] >= sent)
    return Asked(often / sent, sum(row["calls"] for row in counted if row["calls"] < sent), *locks)


async def watch(connection: Connection, load: asyncio.Future[list[list[float]]]) -> tuple[str, int, int]:
    """Look at the locks of the nodes until the load ends: their modes, the most of one connection, how many waited."""
    modes: set[str] = set()
    most = waited = 0
    while not load.done():
        rows = await connection.fetch(LOCKS)
        modes |= {row["mode"] for row in rows}
        most = max([most, *Counter(row["pid"] for row in rows).values()])
        waited += sum(not row["granted"] for row in rows)
    await load
    return ", ".join(sorted(modes)), most, waited


async def compare(cluster: Cluster, urls: dict[int, str]) -> None:
    """Print what a request asks, by the number of rows and of nodes."""
    if COUNTING not in cluster.settings.get("shared_preload_libraries", ""):
        print(f"\nstatements were not counted: {COUNTING} is not installed; it is in PostgreSQL's contrib")
        return
    print(
        f"\n{'rows':>9} {'nodes':>5} {'statements a request':>21} {'others':>7} {'locks':>6} {'waits':>6}  modes"
    )
    for rows, url in urls.items():
        name = url.rpartition("/")[2]
        cluster.execute(name, f"CREATE EXTENSION IF NOT EXISTS {COUNTING}")
        cluster.execute(name, f"ALTER DATABASE {name} SET {COUNTING}.track = 'top'")
        for nodes in NODES:
            seen = await asked(url, nodes)
            print(
                f"{rows:9,} {nodes:5} {seen.statements:21.2f} {seen.others:7} {seen.most:6} {seen.waited:6}  {seen.modes}"
            )
        cluster.execute(name, f"ALTER DATABASE {name} RESET {COUNTING}.track")
