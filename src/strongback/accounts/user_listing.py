"""Listing accounts: users.list and users.listByStatus (spec/08 section 2)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from strongback.accounts.caller import Caller
from strongback.accounts.users import PRIVILEGED
from strongback.documents.document import HIDDEN_OF_USERS
from strongback.errors import Failure
from strongback.listing import Listing, Rules, Wanted, listing
from strongback.query import compile_sort
from strongback.storage.contract import Store
from strongback.storage.selections import Everything

COLUMNS = ("name", "username", "emails", "roles", "status", "active", "avatarETag", "lastLogin", "type")
NESTED = {
    "emails": "emails.address.*",
    "username": "username.*",
    "name": "name.*",
    "type": "type.*",
    "customFields": "customFields.*",
}
"""Columns that a query may look into, with how far."""

OPERATORS = frozenset({"$or", "$and"})
ORDERS: Mapping[tuple[tuple[str, int], ...], str] = {(("username", 1),): "username"}


async def list_users(store: Store, caller: Caller, wanted: Wanted, matching_ms: int) -> Listing:
    """A page of all accounts, with the columns that the caller may see and asked for."""
    secret = _secret(caller)
    columns = _columns(wanted.fields or {}, secret)
    if wanted.filter is not None:
        check_query(wanted.filter, [*columns, *(NESTED[name] for name in columns if name in NESTED)])
    return await _list(store, wanted, columns, secret, matching_ms)


@dataclass(frozen=True, slots=True)
class Status:
    """Which accounts users.listByStatus lists; None for any."""

    active: bool | None = None
    logged_in: bool | None = None
    kind: str | None = None
    roles: Sequence[str] = ()
    term: str = ""


async def list_by_status(
    store: Store, caller: Caller, status: Status, wanted: Wanted, matching_ms: int
) -> Listing:
    """A page of the accounts of a status; roles and logins count for those alone who may see them."""
    secret = _secret(caller)
    columns = _columns({}, secret)
    wanted = replace(wanted, filter=_filter(status, columns) or None, fields=None)
    return await _list(store, wanted, columns, secret, matching_ms)


def _filter(status: Status, columns: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if status.active is not None:
        found["active"] = status.active
    if status.logged_in is not None:
        found["lastLogin"] = {"$exists": status.logged_in}
    if status.kind:
        found["type"] = status.kind
    if status.roles and "all" not in status.roles:
        found["roles"] = {"$in": list(status.roles)}
    if status.term.strip():
        pattern = {"$regex": re.escape(status.term.strip()), "$options": "i"}
        names = ("username", "name", *(("emails.address",) if "emails" in columns else ()))
        found["$or"] = [{name: pattern} for name in names]
    return found


def _secret(caller: Caller) -> frozenset[str]:
    return HIDDEN_OF_USERS if caller.may("view-full-other-user-info") else HIDDEN_OF_USERS | PRIVILEGED


async def _list(
    store: Store, wanted: Wanted, columns: list[str], secret: frozenset[str], matching_ms: int
) -> Listing:
    wanted = replace(wanted, fields=dict.fromkeys(columns, 1) or {"_id": 1}, sort=_with_active(wanted.sort))
    rules = Rules(ORDERS, "username", secret=secret, hidden=HIDDEN_OF_USERS)
    if wanted.sort is None or "name" not in wanted.sort:
        return await listing(store, Everything("users"), wanted, rules, matching_ms=matching_ms)
    return await _by_name(store, wanted, rules, matching_ms)


def _columns(fields: Mapping[str, int], secret: frozenset[str]) -> list[str]:
    """The columns of the answer: the usual ones, changed by what the caller asks for."""
    chosen = {name: 1 for name in COLUMNS if name not in secret}
    for path, value in fields.items():
        if path.partition(".")[0] not in secret:
            chosen[path] = value
        elif value == 1:
            raise Failure(
                f"Invalid fields parameter provided: {path} is never shown",
                "error-invalid-fields",
                details={"helperMethod": "parseJsonQuery"},
            )
    return [path for path, value in chosen.items() if value == 1]


def _with_active(sort: Mapping[str, int] | None) -> Mapping[str, int] | None:
    """Whoever sorts by status sorts by active as well."""
    return sort if sort is None or "status" not in sort else {**sort, "active": sort["status"]}


async def _by_name(store: Store, wanted: Wanted, rules: Rules, matching_ms: int) -> Listing:
    """A listing sorted by name, upper and lower case alike."""
    sort, shown = dict(wanted.sort or {}), dict(wanted.fields or {})
    needed = replace(wanted, offset=0, count=0, fields=shown | dict.fromkeys(sort, 1))
    found = await listing(store, Everything("users"), needed, rules, matching_ms=matching_ms)
    key = compile_sort(sort).key
    bodies = [msgspec.json.decode(text) for text in found.texts]
    bodies.sort(key=lambda body: key({**body, "name": str(body.get("name", "")).lower()}))
    end = wanted.offset + wanted.count if wanted.count else None
    texts = [_cut(body, shown) for body in bodies[wanted.offset : end]]
    return Listing(texts, found.total)


def _cut(body: dict[str, Any], shown: Mapping[str, int]) -> str:
    roots = {path.partition(".")[0] for path in shown} | {"_id"}
    return msgspec.json.encode({name: value for name, value in body.items() if name in roots}).decode()


def check_query(query: Mapping[str, Any], allowed: list[str]) -> None:
    """Raise Failure unless every attribute is allowed and only $or and $and stand at the top (spec/02 section 4)."""
    problem = _problem(query, allowed, "")
    if problem is not None:
        raise Failure(problem, "error-invalid-query")


def _problem(query: object, allowed: list[str], parent: str) -> str | None:
    if not isinstance(query, Mapping):
        raise Failure("query must be an object")
    for key, value in query.items():
        if not parent and key.startswith("$"):
            problem = _operator_problem(key, value, allowed)
        else:
            path = f"{parent}.{key}" if parent else key
            problem = None if is_allowed(path, allowed) else f"Invalid attribute: {path}"
            if problem is None and isinstance(value, Mapping):
                problem = _problem(value, allowed, path)
        if problem is not None:
            return problem
    return None


def _operator_problem(operator: str, value: object, allowed: list[str]) -> str | None:
    if operator not in OPERATORS:
        return f"Invalid operation: {operator}"
    if not isinstance(value, list):
        return f"Invalid parameter for operation: {operator} : {value}"
    problems = (_problem(entry, allowed, "") for entry in value)
    return next((problem for problem in problems if problem is not None), None)


def is_allowed(path: str, allowed: list[str]) -> bool:
    """Whether a path is one of the attributes, or below one that ends with `.*`."""
    return any(
        attribute == path or (attribute.endswith(".*") and f"{path}.".startswith(attribute[:-1]))
        for attribute in allowed
    )
