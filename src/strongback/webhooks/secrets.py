"""Signing secrets at rest: sealed with a key that is not in the database (AES-256-GCM, bound to the integration)."""

import os
import secrets
import stat
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from strongback.errors import Failure, Unavailable
from strongback.settings import SHORTEST_KEY

KEY_FILE = "secret.key"
FILE_MODE = 0o600
VERSION = b"\x01"
NONCE_BYTES = 12


class Secrets:
    """Seals and unseals; the key comes from the setting, else from a file that the first seal makes.

    Where many nodes share a database there is no such file: it would be another key on each.
    """

    def __init__(self, key: str, file: Path | None) -> None:
        self._given = key
        self._file = file
        self._cipher: AESGCM | None = None

    def seal(self, integration_id: str, secret: str) -> bytes:
        """Encrypt the secret of an integration; what comes back is of use for no other integration."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._key(make=True).encrypt(nonce, secret.encode(), integration_id.encode())
        return VERSION + nonce + sealed

    def unseal(self, integration_id: str, sealed: bytes) -> str:
        """Decrypt what `seal` made. Raises Unavailable, naming the key, where that is not the one it was sealed with."""
        nonce, content = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] == VERSION and len(nonce) == NONCE_BYTES:
            try:
                return self._key(make=False).decrypt(nonce, content, integration_id.encode()).decode()
            except InvalidTag:
                pass
        raise Unavailable(
            f"the signing secret of the integration {integration_id} was not sealed with the key in {self._source}: "
            "bring back the key that it was sealed with, or set the secret anew"
        )

    @property
    def _source(self) -> str:
        return "STRONGBACK_SECRET_KEY" if self._given or self._file is None else str(self._file)

    def _key(self, *, make: bool) -> AESGCM:
        if self._cipher is None:
            text = self._given or self._kept(make=make)
            if not text:
                raise Unavailable(
                    f"the key {self._file} is gone, and signing secrets in the database were sealed with it: "
                    "bring it back, or set STRONGBACK_SECRET_KEY"
                )
            derived = HKDF(SHA256(), 32, salt=None, info=b"strongback signing secrets").derive(text.encode())
            self._cipher = AESGCM(derived)
        return self._cipher

    def _kept(self, *, make: bool) -> str:
        """The text of the key file, made where that is wanted; nothing where there is none."""
        if self._file is not None:
            return _read(self._file) or (_make(self._file) if make else "")
        if make:
            raise Failure(
                "This server has no key to seal secrets with: its operator sets STRONGBACK_SECRET_KEY, the same on "
                "every node",
                "error-no-secret-key",
            )
        raise Unavailable(
            "signing secrets in the database were sealed with a key: set STRONGBACK_SECRET_KEY to it"
        )


def _read(file: Path) -> str:
    """The text of the key file; nothing where there is no file. Raises Unavailable where it can not be trusted."""
    try:
        mode = file.stat().st_mode
        text = file.read_text().strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"the key {file} can not be read: {error}") from error
    if stat.S_IMODE(mode) & 0o077:
        raise Unavailable(f"the key {file} can be read by others on this machine: run chmod 600 on it")
    if len(text) < SHORTEST_KEY:
        raise Unavailable(f"the key {file} is damaged: it has fewer than {SHORTEST_KEY} characters")
    return text


def _make(file: Path) -> str:
    """Write a new key, whole or not at all, so that a crash leaves no half of one."""
    text = secrets.token_urlsafe(32)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(descriptor, "w") as opened:
            os.fchmod(descriptor, FILE_MODE)
            opened.write(f"{text}\n")
            opened.flush()
            os.fsync(descriptor)
        draft.rename(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Unavailable(f"the key {file} can not be written: {error.strerror}") from error
    return text
