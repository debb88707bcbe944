"""The plugin, as bot developers meet it: pytest in a folder of its own."""

import subprocess
import sys

import pytest

import strongback.testing

pytest_plugins = ["pytester"]

BOT = """
def test_server(strongback_server):
    me = strongback_server.get("me")
    assert me["_id"] == strongback_server.user_id

def test_receiver(receiver):
    assert receiver.url.startswith("http://127.0.0.1:")
    assert receiver.requests == []
"""


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty folder, with no options of the run that this test is part of."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return pytester


def run(folder: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return folder.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:xdist", *arguments, timeout=60)


def test_both_fixtures_are_there_without_any_configuration(folder: pytest.Pytester) -> None:
    folder.makepyfile(BOT)
    run(folder, "-W", "error").assert_outcomes(passed=2)


def test_strict_markers_and_strict_configuration(folder: pytest.Pytester) -> None:
    folder.makeini("[pytest]\naddopts = --strict-markers --strict-config\nstrongback_scope = session\n")
    folder.makepyfile("import pytest\n@pytest.mark.strongback_env(A='b')\ndef test_nothing():\n    pass\n")
    run(folder).assert_outcomes(passed=1)


def test_every_test_has_a_server_of_its_own(folder: pytest.Pytester) -> None:
    folder.makepyfile(
        """
        seen = []
        def test_one(strongback_server):
            seen.append(strongback_server.process.pid)
        def test_two(strongback_server):
            assert strongback_server.process.pid not in seen
        """
    )
    run(folder).assert_outcomes(passed=2)


def test_or_a_module_has(folder: pytest.Pytester) -> None:
    folder.makeini("[pytest]\nstrongback_scope = module\n")
    folder.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.strongback_env(STRONGBACK_QUERY_BYTES="300")
        seen = []
        def test_one(strongback_server):
            seen.append(strongback_server.process.pid)
        def test_two(strongback_server):
            assert strongback_server.process.pid in seen
            params = {"roomName": "bot-test", "query": "x" * 301}
            with pytest.raises(AssertionError, match="300"):
                strongback_server.get("groups.getIntegrations", **params)
        """
    )
    run(folder).assert_outcomes(passed=2)


def test_settings_of_one_test_of_a_class_and_of_all(folder: pytest.Pytester) -> None:
    folder.makeini(
        "[pytest]\nstrongback_env =\n    STRONGBACK_QUERY_BYTES=257\n    STRONGBACK_MATCHING_MS=9\n"
    )
    folder.makepyfile(
        """
        import pytest
        @pytest.mark.strongback_env(STRONGBACK_QUERY_BYTES="258")
        class TestClass:
            def test_of_the_class(self, strongback_server):
                self.check(strongback_server, 258)
            @pytest.mark.strongback_env(STRONGBACK_QUERY_BYTES="259")
            def test_of_its_own(self, strongback_server):
                self.check(strongback_server, 259)
            def check(self, server, limit):
                with pytest.raises(AssertionError, match=str(limit)):
                    server.get("groups.getIntegrations", roomName="bot-test", query="x" * (limit + 1))
        def test_of_all(strongback_server):
            TestClass().check(strongback_server, 257)
        """
    )
    run(folder).assert_outcomes(passed=3)


def test_a_scope_that_does_not_exist(folder: pytest.Pytester) -> None:
    folder.makeini("[pytest]\nstrongback_scope = forever\n")
    folder.makepyfile(BOT)
    result = run(folder)
    result.stdout.fnmatch_lines(["*strongback_scope must be one of function, class, *, not 'forever'*"])


def test_a_failure_shows_the_servers_log(folder: pytest.Pytester) -> None:
    folder.makepyfile(
        """
        def test_wrong(strongback_server):
            with (strongback_server.folder / "server.log").open("a") as log:
                log.write("a line of the log")
            assert strongback_server.get("me") == {}
        """
    )
    result = run(folder)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- log of strongback_server -*", "*a line of the log*"])


def test_nothing_heavy_is_imported_before_a_test_asks() -> None:
    code = (
        "import sys, pytest, strongback.testing.plugin;"
        "print({'asyncio', 'ssl', 'http.client', 'strongback.settings', 'cryptography'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_only_the_plugin_needs_pytest() -> None:
    code = (
        "import sys; sys.modules['pytest'] = None\n"
        "import strongback.testing as t, strongback.testing.certificate\n"
        "assert all(getattr(t, name) for name in t.__all__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        strongback.testing.Nothing  # noqa: B018
