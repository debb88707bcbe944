"""How fast messages are imported, and that memory stays flat: 200,000 messages of 1 KB, unless told otherwise.

python benchmarks/import_messages.py [messages]
"""

import asyncio
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import bson

from strongback.clock import system_clock
from strongback.importing.dump_reader import open_dump
from strongback.importing.import_dump import import_dump
from strongback.storage.sqlite.store import open_store

MESSAGES = 200_000
MESSAGE_BYTES = 1_000
POINTS = 8
NEEDED_PER_SECOND = 8_000
ROOMS, USERS = 50, 200
WORDS = ("friday", "deploy", "pager", "group", "who", "says", "nothing", "at all", "été", "✨")


def message(number: int, chance: random.Random) -> dict[str, object]:
    """One message as Rocket.Chat stores it, about `MESSAGE_BYTES` long as BSON."""
    user = number % USERS
    when = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    text = " ".join(chance.choices(WORDS, k=200))
    return {
        "_id": f"{number:017}",
        "rid": f"room{number % ROOMS}",
        "msg": text[: MESSAGE_BYTES - 290],
        "ts": when,
        "u": {"_id": f"user{user}", "username": f"user{user}", "name": f"User {user}"},
        "_updatedAt": when,
        "urls": [],
        "mentions": [],
        "channels": [],
    }


def make_dump(folder: Path, count: int) -> None:
    """Write a dump of nothing but messages."""
    chance = random.Random(4)
    with (folder / "rocketchat_message.bson").open("wb") as file:
        for number in range(count):
            file.write(bson.encode(message(number, chance)))


def resident_megabytes() -> float:
    """The memory of this process, now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Meter:
    """Prints speed and memory at a few points of the import."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.start = time.perf_counter()
        self.next = 1
        self.memory: list[float] = []

    def __call__(self, read: int, total: int, _name: str) -> None:
        if read * POINTS >= total * self.next:
            self.next += 1
            self.memory.append(resident_megabytes())
            seconds = time.perf_counter() - self.start
            done = self.count * read / total
            print(f"{done:>10,.0f} {seconds:>8.2f} {done / seconds:>12,.0f} {self.memory[-1]:>9.1f}")


async def measure(folder: Path, count: int) -> None:
    """Import the dump into a new database and print the table."""
    store = await open_store(folder / "store.db")
    size = (folder / "rocketchat_message.bson").stat().st_size
    print(f"{count:,} messages of {size / count:,.0f} bytes\n")
    print(f"{'messages':>10} {'seconds':>8} {'a second':>12} {'RSS (MB)':>9}")
    try:
        with open_dump(folder) as dump:
            meter = Meter(count)
            report = await import_dump(store, dump, clock=system_clock, progress=meter)
            seconds = time.perf_counter() - meter.start
    finally:
        await store.close()
    if report.total.taken != count:
        raise SystemExit(f"only {report.total.taken:,} of {count:,} messages were taken")
    growth = meter.memory[-1] - meter.memory[0]
    print(
        f"\n{count / seconds:,.0f} messages a second: {count / seconds / NEEDED_PER_SECOND:.2f} of what is needed"
    )
    print(f"memory grew by {growth:.1f} MB from the first point to the last")


def main() -> None:
    """Make a dump in a temporary folder and measure its import."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with tempfile.TemporaryDirectory(prefix="import-messages-") as folder:
        make_dump(Path(folder), count)
        asyncio.run(measure(Path(folder), count))


if __name__ == "__main__":
    main()
