"""The Dockerfile does what it says, as far as that can be seen without an engine that builds it."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from strongback.settings import Settings
from tests.wire.server import Server

ROOT = Path(__file__).parents[1]


def instructions() -> list[tuple[str, str]]:
    """The instructions, each as its word and the rest, with continued lines joined."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.partition(" ")[0], " ".join(line.partition(" ")[2].split())) for line in lines]


COPIED = {
    name
    for word, rest in instructions()
    if word == "COPY" and "--from" not in rest
    for name in rest.split()[:-1]
}


def last(word: str) -> str:
    """What the last instruction of this name says."""
    return [rest for name, rest in instructions() if name == word][-1]


def environment() -> dict[str, str]:
    """What the image sets."""
    return dict(part.split("=", 1) for part in shlex.split(last("ENV")))


def health_check(port: str) -> int:
    """Run the health check as an engine would, with this Python; answers its exit code."""
    command = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    assert command[0] == "python"
    done = subprocess.run(
        [sys.executable, *command[1:]],
        check=False,
        env=os.environ | {"STRONGBACK_PORT": port},
        capture_output=True,
        timeout=20,
    )
    return done.returncode


def test_the_image_has_two_stages_and_runs_as_nobody_in_particular() -> None:
    words = [word for word, _ in instructions()]
    assert words.count("FROM") == 2
    assert words.index("USER") > len(words) - words[::-1].index("FROM") - 1
    assert last("USER") == "strongback"
    assert words.index("USER") < words.index("ENTRYPOINT")


def test_what_is_copied_is_there_and_not_ignored() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert allowed == COPIED
    assert all((ROOT / name).exists() for name in COPIED)


def test_the_health_check_tells_a_server_that_answers_from_one_that_does_not(tmp_path: Path) -> None:
    server = Server.start(tmp_path)
    port = server.url.rpartition(":")[2]
    try:
        assert health_check(port) == 0
    finally:
        server.stop()
    assert health_check(port) != 0


def test_what_is_copied_is_enough_to_build_the_package(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        str(tmp_path),
        str(source),
    ]
    subprocess.run(build, check=True, timeout=110, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (wheel,) = tmp_path.glob("strongback-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"strongback/cli/main.py", "strongback/scripts/prelude.js"} <= names


def test_the_settings_of_the_image_are_settings() -> None:
    env = environment()
    assert env["STRONGBACK_HOST"] == "0.0.0.0"
    assert env["STRONGBACK_DATABASE"] == "sqlite:////data/strongback.db"
    assert Settings.load({}, env).port == 3000
