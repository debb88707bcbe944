"""A document of a dump on its way into the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bson import Code, ObjectId

from strongback.documents.conversion import from_bson
from strongback.documents.document import Document


class Refused(Exception):
    """The document can not be kept; the message says why."""


class Rival(NamedTuple):
    """Another document that has what a document asks for alone, such as a room's name."""

    id: str | None
    sentence: str


@dataclass(slots=True)
class Draft:
    """A converted document, and what was changed in it so far."""

    kind: str
    document: Document
    source: str
    notes: list[str]

    @property
    def id(self) -> str:
        """The document's id."""
        return self.document.id

    @property
    def body(self) -> dict[str, Any]:
        """The document's members."""
        return self.document.body

    def text(self, name: str) -> str:
        """A member that must be a text and not empty; raises Refused otherwise."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise Refused(f"its {name} is {described(value)}, not a text")
        return value

    def change(self, name: str, value: Any, reason: str) -> None:
        """Set a member to another value than the dump gives, and say why."""
        self.document.set(name, value)
        self.notes.append(reason)

    def texts(self, name: str) -> list[str]:
        """A member that must be a list of texts: a single text becomes one, anything else is left out."""
        value = self.body.get(name)
        if isinstance(value, str):
            self.change(name, [value], f"{name}: a single text became a list")
        elif not isinstance(value, list):
            self.change(name, [], f"{name} was {described(value)} and became an empty list")
        elif not all(isinstance(item, str) for item in value):
            kept = [item for item in value if isinstance(item, str)]
            self.change(
                name, kept, f"{name}: {len(value) - len(kept)} entries that are no text were left out"
            )
        found: list[str] = self.body[name]
        return found


def draft(kind: str, raw: Mapping[str, Any], source: str) -> Draft:
    """Convert a document of a dump; raises Refused where it has no usable id or can not be converted."""
    id = identify(raw)
    try:
        body, dates, notes = from_bson(raw)
    except (ValueError, RecursionError) as error:
        raise Refused(str(error)) from None
    body["_id"] = id
    said = [f"{note.path}: {note.reason}" for note in notes] if notes else []
    return Draft(kind, Document(id, body, dates), source, said)


def identify(raw: Mapping[str, Any]) -> str:
    """The id of a document as text, an ObjectId as its hexadecimal digits."""
    id = raw.get("_id")
    if isinstance(id, str) and not isinstance(id, Code) and id:  # code is a text to bson, to nobody else
        return id if id.isascii() else id.encode("utf-8", "replace").decode()
    if isinstance(id, ObjectId):
        return str(id)
    raise Refused(f"its _id is {described(id)}; only texts and ObjectIds can be kept")


def described(value: Any) -> str:
    """A value in a sentence, without its content."""
    if value is None:
        return "missing"
    if value == "":
        return "empty"
    names = {"str": "a text", "bool": "a boolean", "dict": "an object", "list": "a list", "tuple": "a list"}
    name = type(value).__name__
    return names.get(name, "a number" if isinstance(value, int | float) else f"of the type {name}")


def shown_id(raw: Mapping[str, Any]) -> str | None:
    """An id for the report, whatever its type."""
    return None if raw.get("_id") is None else str(raw["_id"]).encode("utf-8", "replace").decode()
