"""Imports point one way, storage engines are named in one file, and nothing but `egress` may call out."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "strongback"

LAYERS = (
    ("errors", "ids", "clock", "allowlist", "settings", "faults", "metrics"),
    ("query",),
    ("documents",),
    (
        "storage.kinds",
        "storage.guards",
        "storage.steps",
        "storage.changes",
        "storage.selections",
        "storage.deliveries",
        "storage.tables",
        "storage.login_failures",
        "storage.tallies",
        "storage.contract",
    ),
    ("listing",),
    ("accounts",),
    ("groups", "messages"),
    ("scripts", "egress"),
    ("integrations",),
    ("webhooks",),
    ("realtime", "importing", "copying"),
    ("http", "web"),
    ("cli", "testing"),
)
"""From the bottom up; a part imports itself and parts of lower layers, `app` and `cli` import anything above `app`."""

CLIENTS = {
    "aiohttp",
    "aiohappyeyeballs",
    "httpx",
    "httpcore",
    "requests",
    "urllib3",
    "http.client",
    "urllib.request",
} | {f"{protocol}lib" for protocol in ("ftp", "imap", "nntp", "pop", "smtp", "telnet")}
CONNECTING = {
    "create_connection",
    "create_datagram_endpoint",
    "create_unix_connection",
    "open_connection",
    "open_unix_connection",
    "sock_connect",
}
SOCKETS = ("cli.serve", "cli.worker", "cli.workers", "egress", "testing")
"""They listen, or are the door out; nothing else touches a socket."""


def modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__"): path
        for path in SRC.rglob("*.py")
    }


def imported(path: Path, module: str) -> Iterator[str]:
    package = (
        ["strongback", *module.split(".")]
        if path.name == "__init__.py"
        else ["strongback", *module.split(".")[:-1]]
    )
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def layer(module: str) -> int | None:
    for number, parts in enumerate(LAYERS):
        if any(module == part or module.startswith(f"{part}.") for part in parts):
            return number
    return None


@pytest.mark.parametrize("module", sorted(modules()))
def test_imports_point_down(module: str) -> None:
    own = layer(module)
    for name in imported(modules()[module], module):
        target = name.removeprefix("strongback.")
        if target == name or own is None:
            continue
        other = layer(target)
        assert other is None or other <= own, f"{module} imports {target}"
        if target == "app" or target.startswith("app."):
            assert module.startswith("cli"), f"{module} imports the composition root"


def test_engines_are_named_in_one_file() -> None:
    for module, path in modules().items():
        if module == "app" or module.startswith("storage."):
            continue
        for name in imported(path, module):
            assert not name.startswith(("strongback.storage.sqlite", "strongback.storage.postgres")), module


def within(module: str, parts: tuple[str, ...]) -> bool:
    return any(module == part or module.startswith(f"{part}.") for part in parts)


def attributes(path: Path) -> set[str]:
    return {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}


@pytest.mark.parametrize("module", sorted(modules()))
def test_nothing_calls_out(module: str) -> None:
    path = modules()[module]
    names = set(imported(path, module))
    if not within(module, ("egress", "testing.client")):  # the latter runs in bots' tests
        assert {name for name in names if within(name, tuple(CLIENTS))} == set()
    if not within(module, SOCKETS):
        assert "socket" not in names
        assert CONNECTING.isdisjoint(attributes(path) | {name.rpartition(".")[2] for name in names})


def test_every_part_has_a_layer() -> None:
    parts = {module.split(".")[0] for module in modules()} - {"app", "__init__", "storage"}
    assert {part for part in parts if layer(part) is None} == set()
