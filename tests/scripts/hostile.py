"""The corpus of hostile scripts: what each says of itself in its first line, and what it does without a wall."""

import json
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "corpus"
NAIVE = Path(__file__).with_name("naive.py")
HEADER = re.compile(r"// harm: (\w+): (.+) \| expect: (.+) \| kill: (yes|no)")
CANARY = "canary-7f3a91"

HANGS_SECONDS = 1.0
PATIENCE = 20.0
OUT_OF_MEMORY = 3
"""What the naive sandbox exits with where it has used up 256 megabytes."""
MUCH_OUTPUT = 5_000_000
MANY_REQUESTS = 500


@dataclass(frozen=True, slots=True)
class Hostile:
    """A script of the corpus."""

    path: Path
    harm: str
    about: str
    kinds: tuple[str, ...]
    """Kinds of error with the wall; empty where it answers."""
    value: Any
    kill: bool
    """Whether the engine's own limits do not stop it, so that somebody has to kill its process."""

    @property
    def source(self) -> str:
        return self.path.read_text()


def read(path: Path) -> Hostile:
    """Read a script and its first line."""
    with path.open() as file:
        line = file.readline().rstrip("\n")
    found = HEADER.fullmatch(line)
    assert found is not None, f"{path.name}: {line}"
    harm, about, expect, kill = found.groups()
    answers = expect.startswith("= ")
    value = json.loads(expect[2:]) if answers else None
    kinds = () if answers else tuple(expect.split("|"))
    return Hostile(path, harm, about, kinds, value, kill == "yes")


CORPUS = [read(path) for path in sorted(FOLDER.glob("*.js"))]
CASES = [
    pytest.param(hostile, id=hostile.path.stem, marks=[pytest.mark.slow] if hostile.harm == "hangs" else [])
    for hostile in CORPUS
]


@dataclass(frozen=True, slots=True)
class Damage:
    """What a script did without a wall: `code` None means that it had to be ended."""

    code: int | None
    outcome: Any
    sizes: tuple[int, ...]


def unwalled(script: Hostile, folder: Path) -> Damage:
    """Run a script without a wall, and without limits except for those that are not enough."""
    canary = folder / "canary"
    canary.write_text(CANARY)
    output = folder / f"{script.path.stem}.out"
    seconds = HANGS_SECONDS if script.harm == "hangs" and not script.kill else PATIENCE
    command = [
        sys.executable,
        str(NAIVE),
        str(script.path),
        str(canary),
        *(["--limits"] if script.kill else []),
    ]
    with output.open("wb") as file:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL)
        code = wait(child, seconds)
    lines = output.read_text().splitlines()
    complete = len(lines) == 2
    return Damage(
        code,
        json.loads(lines[1]) if complete else None,
        (len(lines[1]), *map(int, lines[0].split())) if complete else (),
    )


def wait(child: subprocess.Popen[bytes], seconds: float) -> int | None:
    """Its exit code, or None where it had to be ended."""
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        return None


def happened(script: Hostile, damage: Damage) -> bool:
    """Whether it did the harm that it claims."""
    told = json.dumps(damage.outcome)
    overran = damage.code == -signal.SIGXCPU
    output, lines, requests, sent, kept = damage.sizes or (0, 0, 0, 0, 0)
    return {
        "hangs": overran if script.kill else damage.code is None,
        "memory": damage.code == OUT_OF_MEMORY or "out of memory" in told,
        "crashes": damage.code is not None and damage.code < 0,
        "breaks": damage.code == 1,
        "forges": "forged" in told,
        "leaks": "leaked" in told,
        "escapes": CANARY in told,
        "floods": max(output, lines, sent, kept) > MUCH_OUTPUT or requests > MANY_REQUESTS,
    }[script.harm]
