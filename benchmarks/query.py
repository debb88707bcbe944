"""Documents per second of the query language against other implementations, all measured in one run.

Run `python benchmarks/query.py`. mingo takes part when `node` and `npm` are there. Only the columns with an x say
something about the code: they divide our speed by the other's, so that above 1 we are faster.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mongoquery
from mongomock.filtering import filter_applies
from rich.console import Console
from rich.table import Table

from strongback.query import compile_filter

COUNT = 10_000
ROUNDS = 5
FILTERS: dict[str, dict[str, Any]] = {
    "equality": {"type": "webhook-outgoing"},
    "two fields": {"type": "webhook-outgoing", "enabled": True},
    "in, over an array": {"channel": {"$in": ["#room17", "#room42", "@bob"]}},
    "dotted path": {"_createdBy.username": "bob"},
    "range in an or": {"$or": [{"retryCount": {"$gte": 5, "$lt": 8}}, {"alias": None}]},
    "plain regex": {"name": {"$regex": "^Jira"}},
    "regex": {"name": {"$regex": "^(Jira|CI) [0-9]+5$"}},
}
MINGO = """
const {Query} = require("mingo");
const {docs, filters, rounds} = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
const result = {};
for (const [name, filter] of Object.entries(filters)) {
  const query = new Query(filter);
  let best = Infinity, hits = 0;
  for (let i = 0; i < rounds; i++) {
    hits = 0;
    const start = process.hrtime.bigint();
    for (const doc of docs) if (query.test(doc)) hits++;
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9);
  }
  result[name] = [docs.length / best, hits];
}
console.log(JSON.stringify(result));
"""


def documents() -> list[dict[str, Any]]:
    """Make integration-like documents of about 2 KB, decoded."""
    pick = random.Random(1)
    names = ["Jira", "GitHub", "Grafana", "CI", "PagerDuty"]
    users = ["bob", "alice", "ops", "deploy-bot"]
    return [
        {
            "_id": f"integration{number}",
            "type": pick.choice(["webhook-outgoing", "webhook-incoming"]),
            "name": f"{pick.choice(names)} {number}",
            "enabled": pick.random() < 0.8,
            "username": pick.choice(users),
            "alias": pick.choice([None, "CI", "Bot"]),
            "channel": [f"#room{pick.randrange(100)}" for _ in range(pick.randrange(1, 4))],
            "token": f"{pick.getrandbits(128):032x}",
            "scriptEnabled": True,
            "script": "class Script { process(request) { return request; } }\n" * 26,
            "urls": [f"https://example.com/{pick.randrange(999)}"],
            "retryCount": pick.randrange(10),
            "_createdAt": "2024-05-01T10:00:00.000Z",
            "_createdBy": {"_id": f"user{pick.randrange(50)}", "username": pick.choice(users)},
        }
        for number in range(COUNT)
    ]


def speed(matches: Callable[[dict[str, Any]], Any], docs: list[dict[str, Any]]) -> tuple[float, int]:
    """Return documents per second, the best of some rounds, and how many matched."""
    best, hits = float("inf"), 0
    for _ in range(ROUNDS):
        start = time.perf_counter()
        hits = sum(1 for document in docs if matches(document))
        best = min(best, time.perf_counter() - start)
    return len(docs) / best, hits


def mingo(docs: list[dict[str, Any]]) -> dict[str, tuple[float, int]]:
    """Measure mingo inside Node, without the time for reading the documents; empty without Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        install = [npm, "install", "--silent", "--no-audit", "--no-fund", "mingo@6"]
        subprocess.run(install, cwd=folder, check=True, capture_output=True)
        data = Path(folder, "data.json")
        data.write_text(json.dumps({"docs": docs, "filters": FILTERS, "rounds": ROUNDS}), "utf-8")
        Path(folder, "run.js").write_text(MINGO, "utf-8")
        command = [node, "run.js", str(data)]
        output = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    return {name: (rate, hits) for name, (rate, hits) in json.loads(output).items()}


def main() -> None:
    """Measure and print."""
    docs = documents()
    theirs = mingo(docs)
    size = len(json.dumps(docs[0]))
    table = Table(title=f"{COUNT} documents of {size} bytes, in 1000 documents per second")
    for column in ("filter", "matched", "ours", "mongomock", "x", "mongoquery", "x", "mingo", "x"):
        table.add_column(column, justify="left" if column == "filter" else "right")
    for name, raw in FILTERS.items():
        ours, hits = speed(compile_filter(raw).matches, docs)
        few = docs[: COUNT // 10]  # enough for the slow ones
        mock, _ = speed(lambda document, raw=raw: filter_applies(raw, document), few)
        query, _ = speed(mongoquery.Query(raw).match, few)
        cells = [name, str(hits), f"{ours / 1000:.0f}"]
        for other in (mock, query):
            cells += [f"{other / 1000:.0f}", f"{ours / other:.1f}"]
        if name in theirs:
            rate, their_hits = theirs[name]
            if their_hits != hits:
                raise SystemExit(f"{name}: we match {hits} documents, mingo {their_hits}")
            cells += [f"{rate / 1000:.0f}", f"{ours / rate:.2f}"]
        table.add_row(*cells)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
