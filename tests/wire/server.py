"""A real server as a process of its own, and HTTP clients whose every answer is compared with the OpenAPI file."""

import os
import re
import select
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import httpx
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.stores import database_url

ADMIN = "admin"
ADMIN_PASSWORD = "pw-admin"
LISTENING = re.compile(r"listening on (http://\S+)")
SECRET_KEY = "a-key-that-every-node-is-given-alike"
PATIENCE = 30.0
WITHOUT_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Spares every client the reading of all certificate authorities, which takes longer than a request."""
OURS = (
    "STRONGBACK_",
    "ADMIN_",
    "TEST_MODE",
    "HTTP_FORWARDED_COUNT",
    "CREATE_TOKENS",
    "INITIAL_USER",
    "FREEZE_",
    "DISABLE_",
)


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without any setting of Strongback, then changed."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    return kept | changes


class OpenApi:
    """The server's description of itself, as a judge of answers."""

    URI = "urn:strongback:openapi"

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(self.URI, resource)
        self._paths = [
            (
                re.compile(
                    "/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/"))
                ),
                path,
            )
            for path in sorted(document["paths"], key=lambda path: path.count("{"))
        ]

    def check(self, response: httpx.Response) -> None:
        """Fail where the answer is not one that the description promises."""
        request = response.request
        path = next((path for pattern, path in self._paths if pattern.fullmatch(request.url.path)), None)
        method, status = request.method.lower(), str(response.status_code)
        asked = f"{request.method} {request.url.path} -> {status}"
        if path is None:
            assert status == "404", f"{asked}: the path is not described"
            return
        if method not in self.document["paths"][path]:
            assert method in {"options", "head"} or status == "405", f"{asked}: the method is not described"
            return
        answers = self.document["paths"][path][method]["responses"]
        key = status if status in answers else "default"
        assert key in answers, f"{asked}: the status is not described"
        assert response.headers.get("content-type") == "application/json", f"{asked}: wrong content type"
        pointer = "/".join(
            part.replace("~", "~0").replace("/", "~1")
            for part in ("paths", path, method, "responses", key, "content", "application/json", "schema")
        )
        validator = Draft202012Validator({"$ref": f"{self.URI}#/{pointer}"}, registry=self._registry)
        problems = [
            f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(response.json())
        ]
        assert not problems, f"{asked}: {problems}"


class Server:
    """One running server. It is ended by `stop` or `kill`, and nothing else is."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
        self.process = process
        self.url = url
        self.folder = folder
        self._clients: list[httpx.Client] = []

    @classmethod
    def start(cls, folder: Path, *flags: str, database: str | None = None, **env: str) -> Self:
        """Start a server on a free port, on the database of `folder`, and wait until it listens."""
        folder.mkdir(parents=True, exist_ok=True)
        url = database or database_url(folder)
        command = [
            sys.executable,
            "-m",
            "strongback.cli.main",
            "serve",
            "--port",
            "0",
            "--database",
            url,
            *flags,
        ]
        settings = {"ADMIN_USERNAME": ADMIN, "ADMIN_PASS": ADMIN_PASSWORD, "ADMIN_EMAIL": "admin@example.com"}
        if not url.startswith("sqlite:"):
            settings["STRONGBACK_SECRET_KEY"] = SECRET_KEY
        log = folder / "server.log"
        with log.open("ab") as errors:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(**(settings | env)),
                cwd=folder,
            )
        try:
            return cls(process, _listening(process, log), folder)
        except BaseException:
            process.kill()
            process.wait()
            raise

    @property
    def database(self) -> str:
        """The URL of the database of its folder."""
        return database_url(self.folder)

    @property
    def log(self) -> str:
        """What the server wrote to stderr."""
        return (self.folder / "server.log").read_text(errors="replace")

    @cached_property
    def openapi(self) -> OpenApi:
        """The server's description of itself."""
        return OpenApi(self.anonymous(check=False).get("/api/openapi.json").raise_for_status().json())

    def anonymous(self, headers: dict[str, str] | None = None, *, check: bool = True) -> httpx.Client:
        """A client that is not logged in; `check=False` leaves its answers uncompared."""
        hooks: dict[str, list[Callable[..., Any]]] = {"response": [self._check]} if check else {}
        client = httpx.Client(
            base_url=self.url, headers=headers, event_hooks=hooks, timeout=PATIENCE, verify=WITHOUT_TLS
        )
        self._clients.append(client)
        return client

    @cached_property
    def admin(self) -> httpx.Client:
        """A client logged in as the administrator."""
        return self.client(ADMIN, ADMIN_PASSWORD)

    def client(self, username: str, password: str | None = None) -> httpx.Client:
        """A client logged in as a user; the password is `pw-<username>` unless given."""
        with self.anonymous() as visitor:
            answer = visitor.post(
                "/api/v1/login", json={"user": username, "password": password or f"pw-{username}"}
            )
        data = answer.raise_for_status().json()["data"]
        return self.anonymous({"X-User-Id": data["userId"], "X-Auth-Token": data["authToken"]})

    def create_user(self, username: str, **more: Any) -> httpx.Client:
        """Create a user and log in as it."""
        body = {
            "username": username,
            "name": username.title(),
            "email": f"{username}@example.com",
            "password": f"pw-{username}",
        }
        self.admin.post("/api/v1/users.create", json=body | more).raise_for_status()
        return self.client(username)

    def stop(self) -> int:
        """End the server as an operator does; its exit code is returned."""
        self._close()
        self.process.terminate()
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        self._close()
        self.process.kill()
        self.process.wait()

    def _close(self) -> None:
        for client in self._clients:
            client.close()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _check(self, response: httpx.Response) -> None:
        response.read()
        self.openapi.check(response)


def _listening(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait for the line that names the port."""
    assert process.stdout is not None
    deadline = time.monotonic() + PATIENCE
    printed = b""
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            break
        if not (chunk := os.read(process.stdout.fileno(), 4096)):
            break
        printed += chunk
        if (found := LISTENING.search(printed.decode(errors="replace"))) and b"\n" in printed[
            found.end() - 1 :
        ]:
            return found[1]
    raise AssertionError(f"the server did not listen: {printed!r}\n{log.read_text(errors='replace')}")
