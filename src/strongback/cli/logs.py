"""The log: one event a line on stderr, as JSON or for a person; secrets never pass."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_PARTS = ("token", "password", "secret", "authorization", "cookie", "admin_pass", "x-2fa-code")
REMOVED = "[removed]"


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of every key that names a secret, at any depth."""
    for key, value in event.items():
        event[key] = _clean(key, value)
    return event


def _clean(key: str, value: Any) -> Any:
    if any(part in key.lower() for part in SECRET_PARTS):
        return REMOVED
    if isinstance(value, dict):
        return {name: _clean(str(name), member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_clean("", member) for member in value]
    return value


def configure(log_format: str) -> None:
    """Send structlog's events and those of the libraries to stderr, in one shape."""
    pretty = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    final: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if pretty
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
