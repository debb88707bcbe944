"""The log is one JSON object a line on stderr, and no secret passes."""

import json
import subprocess
import sys

from strongback.cli.logs import REMOVED, redact

SCRIPT = """
import logging, structlog
from strongback.cli.logs import configure
configure("json")
structlog.get_logger("test").info("seen", token="t0psecret", nested={"X-Auth-Token": "t0psecret"}, room="a\\nb")
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("test").exception("broken")
logging.getLogger("library").warning("careful")
logging.getLogger("library").info("chatter")
"""


def test_events_of_ours_and_of_libraries_are_json_lines_on_stderr() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "t0psecret" not in done.stderr
    seen, broken, careful = [json.loads(line) for line in done.stderr.splitlines()]
    assert (seen["event"], seen["level"], seen["token"], seen["room"]) == ("seen", "info", REMOVED, "a\nb")
    assert seen["timestamp"].endswith("Z")
    assert "ZeroDivisionError" in broken["exception"]
    assert (careful["event"], careful["level"]) == ("careful", "warning")


def test_secrets_are_removed_at_any_depth() -> None:
    event = {"event": "x", "admin_pass": "s", "body": [{"password": {"digest": "s"}, "name": "kept"}]}
    assert redact(None, "", event) == {
        "event": "x",
        "admin_pass": REMOVED,
        "body": [{"password": REMOVED, "name": "kept"}],
    }
