"""A user's account (spec/08 section 2)."""

from collections.abc import Sequence
from typing import Any

from strongback.documents.document import Document


def new_user(
    id: str, username: str, name: str, now: int, *, roles: Sequence[str], kind: str = "user", **members: Any
) -> Document:
    """An account as it is at its creation, without a password."""
    body: dict[str, Any] = {
        "_id": id,
        "username": username,
        "name": name,
        "type": kind,
        "status": "offline",
        "active": True,
        "roles": list(roles),
        "settings": {},
    }
    document = Document(id, body | members)
    document.set_date("createdAt", now)
    document.set_date("_updatedAt", now)
    return document


def set_password_hash(document: Document, hashed: str) -> None:
    """Store a password's bcrypt hash where a Rocket.Chat database holds it."""
    services = dict(document.body.get("services") or {})
    services["password"] = {**(services.get("password") or {}), "bcrypt": hashed}
    kept = tuple(path for path in document.dates if path[0] == "services")
    document.set("services", services)
    document.dates = (*document.dates, *kept)


def brief(document: Document) -> dict[str, Any]:
    """Who somebody is, as other documents name them."""
    return {key: document.body[key] for key in ("_id", "username", "name") if key in document.body}


def is_active(document: Document) -> bool:
    """Whether the account may log in."""
    return document.body.get("active", True) is True


def password_hash(document: Document) -> str | None:
    """The stored form of the account's password; None where it has none."""
    services = document.body.get("services")
    password = services.get("password") if isinstance(services, dict) else None
    hashed = password.get("bcrypt") if isinstance(password, dict) else None
    return hashed if isinstance(hashed, str) else None
