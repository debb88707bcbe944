"""Every command and curl of the pages runs: the blocks marked `sh`, page by page, in order, in an empty folder."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if "```sh" in page.read_text()
]
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
SERVE = re.compile(r"^strongback serve.*$", re.MULTILINE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_of(page: Path, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "tests" / "data").symlink_to(ROOT / "tests" / "data")
    port = str(free_port())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("STRONGBACK_", "ADMIN_", "TEST_MODE"))
    }
    env = {**kept, "PATH": path}
    server: subprocess.Popen[str] | None = None
    try:
        for block in BLOCK.findall(page.read_text()):
            script = block.replace("127.0.0.1:3000", f"127.0.0.1:{port}")
            serve = SERVE.search(script)
            script = SERVE.sub("", script)
            done = subprocess.run(
                ["sh", "-ec", script],
                cwd=tmp_path,
                env=env,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, (script, done.stdout, done.stderr)
            if "curl" in script:
                assert '"success":true' in done.stdout, (script, done.stdout)
                assert '"integrations":[{' in done.stdout, (script, done.stdout)
            if serve is not None:
                command = [*serve.group().split(), "--port", port]
                server = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True)
                assert server.stdout is not None
                assert "listening on" in server.stdout.readline()
    finally:
        if server is not None:
            server.terminate()
            server.wait()
            assert server.stdout is not None
            server.stdout.close()


def test_the_readme_is_among_them() -> None:
    assert PAGES[0].name == "README.md"
    assert len(BLOCK.findall(PAGES[0].read_text())) >= 3
