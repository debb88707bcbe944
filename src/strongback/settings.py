"""What the process is told at start: from a flag, else from the environment, else the default.

Settings that the wire can change (`POST settings/:id`) live in the database, not here.
"""

import ipaddress
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from strongback.allowlist import Allowlist

T = TypeVar("T")

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")
SHORTEST_KEY = 32
LOGS = ("auto", "console", "json")
ROLES = ("all", "api", "worker")
YES = frozenset({"true", "yes", "on", "1"})
NO = frozenset({"false", "no", "off", "0", ""})


class SettingsError(ValueError):
    """A setting that can not be used; its text is one line for the person who set it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a setting comes from: the environment variable, the flag of `serve`, and how text is read."""

    env: str
    parse: Callable[[str], Any]
    flag: str | None = None
    name: str | None = None
    secret: bool = False


def text(value: str) -> str:
    """Take the text as it is."""
    return value


def boolean(value: str) -> bool:
    """Read yes or no."""
    folded = value.strip().lower()
    if folded in YES:
        return True
    if folded in NO:
        return False
    raise ValueError("must be true or false")


def exactly_true(value: str) -> bool:
    """Read a switch that nothing but `true` turns on."""
    return value == "true"


def exactly_yes(value: str) -> bool:
    """Read a switch that nothing but `true` or `yes` turns on."""
    return value in ("true", "yes")


def initial_user(value: str) -> str:
    """Check an account that is to be there from the start: a JSON object with an `_id` and a `username`."""
    if value:
        try:
            account = json.loads(value)
        except ValueError:
            raise ValueError("must be JSON") from None
        if not isinstance(account, dict) or not all(
            isinstance(account.get(name), str) and account[name] for name in ("_id", "username")
        ):
            raise ValueError("must be a JSON object with the texts _id and username")
    return value


def number(least: int, most: int) -> Callable[[str], int]:
    """Read a whole number within bounds."""

    def parse(value: str) -> int:
        try:
            result = int(value)
        except ValueError:
            raise ValueError("must be a whole number") from None
        if not least <= result <= most:
            raise ValueError(f"must be from {least} to {most}")
        return result

    return parse


def one_of(*names: str) -> Callable[[str], str]:
    """Read one of some names."""

    def parse(value: str) -> str:
        if value not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return value

    return parse


def database_url(value: str) -> str:
    """Check the URL of a database: `sqlite:///` and a path, or `postgresql://` with a host and a database's name."""
    if "\0" not in value:
        if value.startswith(SQLITE) and value != SQLITE:
            return value
        if value.startswith(POSTGRES) and urlsplit(value).path.strip("/"):
            return value
    raise ValueError(
        "must look like sqlite:///data/strongback.db, sqlite:////srv/strongback.db or"
        " postgresql://user:password@host/name"
    )


def secret_key(value: str) -> str:
    """Check the key that seals secrets in the database."""
    if value and len(value) < SHORTEST_KEY:
        raise ValueError(f"must have at least {SHORTEST_KEY} characters, better random ones")
    return value


def setting(default: T, source: Source) -> T:
    """Declare a setting of the dataclass below."""
    declared: T = field(default=default, metadata={"source": source}, repr=not source.secret)
    return declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a process; docs/settings.md says what each is for."""

    database: str = setting(
        "sqlite:///data/strongback.db",
        Source("STRONGBACK_DATABASE", database_url, flag="--database", secret=True),
    )
    database_connections: int = setting(
        20, Source("STRONGBACK_DATABASE_CONNECTIONS", number(3, 1_000), name="database.connections")
    )
    host: str = setting("127.0.0.1", Source("STRONGBACK_HOST", text, flag="--host"))
    port: int = setting(3000, Source("STRONGBACK_PORT", number(0, 65535), flag="--port"))
    workers: int = setting(1, Source("STRONGBACK_WORKERS", number(1, 64), flag="--workers"))
    role: str = setting("all", Source("STRONGBACK_ROLE", one_of(*ROLES), flag="--role"))
    dev: bool = setting(default=False, source=Source("STRONGBACK_DEV", boolean, flag="--dev"))
    log_format: str = setting("auto", Source("STRONGBACK_LOG_FORMAT", one_of(*LOGS), name="log.format"))
    metrics: bool = setting(default=False, source=Source("STRONGBACK_METRICS", boolean))

    body_bytes: int = setting(
        5 * 1024 * 1024, Source("STRONGBACK_BODY_BYTES", number(1024, 2**30), name="body.bytes")
    )
    query_bytes: int = setting(
        16 * 1024, Source("STRONGBACK_QUERY_BYTES", number(256, 2**20), name="query.bytes")
    )
    matching_ms: int = setting(
        250, Source("STRONGBACK_MATCHING_MS", number(1, 60_000), name="query.matching_ms")
    )
    tokens_reveal: bool = setting(
        default=True, source=Source("STRONGBACK_TOKENS_REVEAL", boolean, name="tokens.reveal")
    )

    hooks_rate: int = setting(
        1_000, Source("STRONGBACK_HOOKS_RATE", number(0, 10_000_000), name="hooks.rate")
    )
    hooks_get: bool = setting(default=False, source=Source("STRONGBACK_HOOKS_GET", boolean, name="hooks.get"))
    scripts_cpu_ms: int = setting(
        500, Source("STRONGBACK_SCRIPTS_CPU_MS", number(10, 60_000), name="scripts.cpu_ms")
    )
    scripts_wall_ms: int = setting(
        1_500, Source("STRONGBACK_SCRIPTS_WALL_MS", number(50, 120_000), name="scripts.wall_ms")
    )
    scripts_heap_mb: int = setting(
        32, Source("STRONGBACK_SCRIPTS_HEAP_MB", number(4, 256), name="scripts.heap_mb")
    )
    scripts_result_bytes: int = setting(
        1_048_576,
        Source("STRONGBACK_SCRIPTS_RESULT_BYTES", number(1_024, 2**26), name="scripts.result_bytes"),
    )
    egress_response_bytes: int = setting(
        1_048_576,
        Source("STRONGBACK_EGRESS_RESPONSE_BYTES", number(1_024, 2**26), name="egress.response_bytes"),
    )
    history_days: int = setting(30, Source("STRONGBACK_HISTORY_DAYS", number(1, 36_500), name="history.days"))
    history_keep: int = setting(
        10_000, Source("STRONGBACK_HISTORY_KEEP", number(1, 10_000_000), name="history.keep")
    )
    secret_key: str = setting("", Source("STRONGBACK_SECRET_KEY", secret_key, name="secret.key", secret=True))

    egress_allow: Allowlist = setting(  # noqa: RUF009  # an Allowlist never changes
        Allowlist(), Source("STRONGBACK_EGRESS_ALLOW", Allowlist.parse, name="egress.allow")
    )
    forwarded_count: int = setting(0, Source("HTTP_FORWARDED_COUNT", number(0, 16), name="forwarded.count"))
    test_mode: bool = setting(default=False, source=Source("TEST_MODE", exactly_true))
    admin_username: str = setting("admin", Source("ADMIN_USERNAME", text))
    admin_name: str = setting("Administrator", Source("ADMIN_NAME", text))
    admin_pass: str = setting("", Source("ADMIN_PASS", text, secret=True))
    admin_email: str = setting("", Source("ADMIN_EMAIL", text))
    admin_id: str = setting("", Source("ADMIN_ID", text))
    initial_user: str = setting("", Source("INITIAL_USER", initial_user, secret=True))
    create_tokens: bool = setting(default=False, source=Source("CREATE_TOKENS_FOR_USERS", exactly_yes))
    custom_roles: bool = setting(
        default=False, source=Source("STRONGBACK_CUSTOM_ROLES", boolean, name="roles.custom")
    )
    freeze_integration_scripts: str = setting("", Source("FREEZE_INTEGRATION_SCRIPTS", text))
    disable_integration_scripts: str = setting("", Source("DISABLE_INTEGRATION_SCRIPTS", text))

    @classmethod
    def load(cls, flags: Mapping[str, Any], environ: Mapping[str, str]) -> Self:
        """Build the settings; a flag that is None was not given. Raises SettingsError."""
        values: dict[str, Any] = {}
        for name, source in sources().items():
            given = flags.get(name)
            origin, raw = (source.flag, given) if given is not None else (source.env, environ.get(source.env))
            if raw is None:
                continue
            try:
                values[name] = source.parse(raw) if isinstance(raw, str) else raw
            except ValueError as error:
                raise SettingsError(f"{origin} {error}") from None
        settings = cls(**values)
        settings.check()
        return settings

    def check(self) -> None:
        """Refuse settings that must not stand together."""
        if self.test_mode and not is_loopback(self.host):
            raise SettingsError(
                f"TEST_MODE=true creates an administrator with a well-known password, so --host {self.host} "
                "is refused: use 127.0.0.1"
            )

    @property
    def database_path(self) -> Path | None:
        """The file of the SQLite database; None on PostgreSQL."""
        return Path(self.database.removeprefix(SQLITE)) if self.database.startswith(SQLITE) else None


def sources() -> dict[str, Source]:
    """Every setting's source, by the name of its field."""
    return {declared.name: declared.metadata["source"] for declared in fields(Settings)}


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
