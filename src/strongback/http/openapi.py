"""The OpenAPI 3.1 document of the endpoints."""

from collections.abc import Iterable
from typing import Any

from strongback.http.endpoint import Endpoint


def document(endpoints: Iterable[Endpoint[Any, Any]], *, title: str, version: str) -> dict[str, object]:
    """Return the document."""
    return {"openapi": "3.1.0", "info": {"title": title, "version": version}, "paths": {}}
