"""The table of paths: which resource a path names, and what each of its verbs is (spec/01 §3)."""

from collections.abc import Iterable
from typing import Any, Generic

from strongback.http import cors
from strongback.http.endpoint import C, Endpoint, S
from strongback.http.envelope import Header
from strongback.http.schema import Validator, struct_schema

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CONTENT_TYPE = (b"content-type", b"application/json")
MAX_TAIL = 3


def always(hooks: bool) -> list[Header]:
    """Return the headers of every answer, Content-Type and Content-Length aside (spec/01 §1)."""
    return [(b"cache-control", b"no-store"), (b"pragma", b"no-cache"), *cors.always(hooks)]


API_HEADERS = [CONTENT_TYPE, *always(hooks=False)]
HOOK_HEADERS = [CONTENT_TYPE, *always(hooks=True)]
BARE_HEADERS = [CONTENT_TYPE, *always(hooks=False)[:2]]


class Resource(Generic[S, C]):
    """All verbs of one path."""

    __slots__ = ("allow", "headers", "hooks", "methods", "names", "path")

    def __init__(self, path: str, names: tuple[str, ...]) -> None:
        self.path = path
        self.names = names
        self.methods: dict[str, tuple[Endpoint[S, C], Validator | None]] = {}
        self.hooks = path.startswith("/hooks/")
        self.headers = HOOK_HEADERS if self.hooks else API_HEADERS
        self.allow = b""

    def add(self, endpoint: Endpoint[S, C]) -> None:
        """Add a verb; the same verb twice is a programming error."""
        if endpoint.method in self.methods:
            raise ValueError(f"{endpoint.method} {self.path} is defined twice")
        self.methods[endpoint.method] = (endpoint, _validator(endpoint))
        self.allow = ", ".join(verb for verb in VERBS if verb in self.methods or verb == "OPTIONS").encode()


def _validator(endpoint: Endpoint[Any, Any]) -> Validator | None:
    if not endpoint.validate:
        return None
    reads_query = endpoint.method == "GET"
    struct = endpoint.query if reads_query else endpoint.body
    if endpoint.schema is not None:
        return Validator(endpoint.schema, coerce=reads_query)
    if struct is None:
        raise ValueError(f"{endpoint.method} {endpoint.path} is to be validated but has no schema")
    return Validator(struct_schema(struct), coerce=reads_query)


class Table(Generic[S, C]):
    """Finds the resource of a path: by the whole path, else by the path without its last segments."""

    def __init__(self, endpoints: Iterable[Endpoint[S, C]]) -> None:
        self._exact: dict[str, Resource[S, C]] = {}
        self._tails: dict[tuple[str, int], Resource[S, C]] = {}
        for endpoint in endpoints:
            for path in endpoint.paths:
                self._resource(path).add(endpoint)

    def _resource(self, path: str) -> Resource[S, C]:
        head, *tail = path.split("/{")
        names = tuple(name.removesuffix("}") for name in tail)
        if any("/" in name or "{" in name for name in names) or len(names) > MAX_TAIL or "}" in head:
            raise ValueError(f"{path}: only the last {MAX_TAIL} segments may be parameters")
        if not names:
            return self._exact.setdefault(path, Resource(path, names))
        found = self._tails.setdefault((head, len(names)), Resource(path, names))
        if found.names != names:
            raise ValueError(f"{path} and {found.path} differ in the names of their parameters")
        return found

    def find(self, path: str) -> tuple[Resource[S, C], dict[str, str]] | None:
        """Return the resource of ``path`` and its path parameters."""
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        head, values = path, list[str]()
        for count in range(1, MAX_TAIL + 1):
            head, _, last = head.rpartition("/")
            if not head or not last:
                return None
            values.insert(0, last)
            found = self._tails.get((head, count))
            if found is not None:
                return found, dict(zip(found.names, values, strict=True))
        return None
