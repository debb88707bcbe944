"""OPTIONS and the CORS headers (spec/01 §1, §5)."""

from strongback.http.envelope import Header, Response

ALLOWED_HEADERS = b"Origin, X-Requested-With, Content-Type, Accept, X-User-Id, X-Auth-Token"
HOOK_HEADERS = b"Origin, X-Requested-With, Content-Type, Accept"
PREFLIGHT_HEADERS = ALLOWED_HEADERS + b", x-visitor-token, Authorization"
METHODS = b"GET, POST, PUT, DELETE, HEAD, PATCH"

DISABLED = b'CORS not enabled. Go to "Admin > General > REST Api" to enable it.'

_EMPTY = Response(200, b"")


def always(hooks: bool) -> tuple[Header, ...]:
    """Return the CORS headers of every answer; under ``/hooks`` two names are absent (spec/01 §1)."""
    return (
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-headers", HOOK_HEADERS if hooks else ALLOWED_HEADERS),
    )


def options(origin: str | None, requested: str | None, *, enabled: bool, origins: str) -> Response:
    """Answer an OPTIONS request under ``/api`` by the settings ``API_Enable_CORS`` and ``API_CORS_Origin``.

    The answer carries all its CORS headers itself: the ones of ``always`` are not added to it.
    """
    if origin is None or requested is None:
        return _EMPTY
    if not enabled:
        return Response(405, DISABLED, content_type=b"text/plain")
    allowed = [entry.strip().lower() for entry in origins.split(",")]
    if "*" in allowed:
        return _granted(b"*")
    if origin.lower() in allowed:
        return _granted(origin.encode("latin-1"), (b"vary", b"Origin"))
    return _EMPTY


def hook_options() -> Response:
    """Answer an OPTIONS request under ``/hooks``: everybody may (spec/01 §5)."""
    return Response(200, b"", (*always(hooks=True), (b"access-control-allow-methods", METHODS)))


def _granted(origin: bytes, *more: Header) -> Response:
    return Response(
        200,
        b"",
        (
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-methods", METHODS),
            (b"access-control-allow-headers", PREFLIGHT_HEADERS),
            *more,
        ),
    )
