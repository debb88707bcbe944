"""Every command of the pages runs: the blocks marked `sh`, page by page, in order, in a folder like a fresh clone.

A block of `text` right below one of commands is what they print.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *ROOT.glob("examples/*/README.md"),
    )
    if "```sh" in page.read_text()
]
CLONE = ("Makefile", "pyproject.toml", "constraints.txt", "examples", "tests/data")
"""What the commands use of a clone."""

BLOCK = re.compile(r"```sh\n(.*?)```\n(?:\n```text\n(.*?)```)?", re.DOTALL)
RUNS_ON = re.compile(r"^(?:make run|strongback serve|python3 \S*_server\.py).*$", re.MULTILINE)
"""Commands that do not end by themselves."""

ADDRESS = re.compile(r"(127\.0\.0\.1(?::|\", ))(\d+)")
PORT = "3000"
"""Where the server listens, so the pages say."""


class Reader:
    """Somebody who pastes what a page says; where it names a port, a free one is taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports: dict[str, str] = {}
        self.running: dict[str, subprocess.Popen[str]] = {}
        for name in CLONE:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).symlink_to(ROOT / name)
        (folder / "data").mkdir()
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("STRONGBACK_", "ADMIN_", "TEST_MODE", "MAKE"))
        }
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.env = {**kept, "PATH": path, "STRONGBACK_URL": self.here(f"http://127.0.0.1:{PORT}")}

    def here(self, text: str) -> str:
        """A text of the page with ports that are free here."""
        return ADDRESS.sub(lambda found: found[1] + self.port(found[2]), text)

    def port(self, named: str) -> str:
        """The port that stands for one of the page."""
        if named not in self.ports:
            self.ports[named] = free_port()
        return self.ports[named]

    def paste(self, block: str) -> str:
        """Run the commands of a block that end, then start those that do not; what the former print."""
        script = self.here(block)
        done = subprocess.run(
            ["sh", "-ec", RUNS_ON.sub("", script)],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (script, done.stdout, done.stderr)
        for command in RUNS_ON.findall(script):
            self.start(command)
        return done.stdout

    def start(self, command: str) -> None:
        """Start a command, in the place of an earlier one of its kind, and wait until it says that it listens."""
        words = command.split()
        kind = "bot" if words[0] == "python3" else "server"
        if kind in self.running:
            end(self.running.pop(kind))
        self.running[kind] = process = subprocess.Popen(
            self.complete(words), cwd=self.folder, env=self.env, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert "127.0.0.1:" in process.stdout.readline()

    def complete(self, words: list[str]) -> list[str]:
        """The words of a command, the port of the server among them; make takes the environment that is installed."""
        port = self.port(PORT)
        match words[0]:
            case "make":
                venv = Path(sys.executable).parents[1]
                return [*words, f"PORT={port}", f"VENV={venv}", f"--assume-old={venv / '.runtime'}"]
            case "strongback":
                return [*words, "--port", port]
            case _:
                return words

    def leave(self) -> None:
        """End what runs on."""
        for process in self.running.values():
            end(process)


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reading = Reader(tmp_path)
    yield reading
    reading.leave()


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_of(page: Path, reader: Reader) -> None:
    for block, promised in BLOCK.findall(page.read_text()):
        printed = reader.paste(block)
        if "curl" in block:
            assert '"success":true' in printed, (block, printed)
        if "getIntegrations" in block:
            assert '"integrations":[{' in printed, (block, printed)
        if promised:
            assert printed.strip() == reader.here(promised).strip(), block


def test_pages_that_must_be_among_them() -> None:
    pages = {str(page.relative_to(ROOT)): BLOCK.findall(page.read_text()) for page in PAGES}
    assert len(pages["README.md"]) >= 3
    assert len(pages["examples/gif-bot/README.md"]) >= 3
    assert len(pages["examples/grafana/README.md"]) >= 2
