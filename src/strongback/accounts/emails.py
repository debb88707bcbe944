"""Which e-mail addresses an account may have, and how they are stored (spec/08 section 1)."""

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.storage.contract import Store
from strongback.storage.guards import EmailFree

LONGEST = 254


def check_email(address: str) -> None:
    """Raise Failure for a text that is no e-mail address."""
    name, _, domain = address.rpartition("@")
    printable = not any(mark.isspace() or mark < " " for mark in address)
    if not (name and "." in domain.strip(".") and len(address) <= LONGEST and printable):
        raise Failure(f"Invalid email {address}", "error-invalid-email")


async def free(store: Store, address: str, user_id: str) -> EmailFree:
    """The guard under which nobody else has the address; Failure where somebody has it."""
    taken = await store.user_by_email(address)
    if taken is not None and taken.id != user_id:
        raise Failure(f"{address} is already in use :(", "error-field-unavailable")
    return EmailFree(address, user_id)


def addresses(user: Document) -> list[str]:
    """The addresses of an account, its first one first."""
    emails = user.body.get("emails")
    found = (
        [one.get("address") for one in emails if isinstance(one, dict)] if isinstance(emails, list) else []
    )
    return [address for address in found if isinstance(address, str)]
