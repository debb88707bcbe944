"""The OpenAPI 3.1 document of the endpoints, made from the same types that the routes use."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

import msgspec

from strongback.http.endpoint import Endpoint

TEMPLATE = "#/components/schemas/{name}"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


class Refusal(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a request is told that is not granted (spec/01 section 2)."""

    success: bool
    error: str | msgspec.UnsetType = msgspec.UNSET
    errorType: str | msgspec.UnsetType = msgspec.UNSET  # noqa: N815
    details: Any | msgspec.UnsetType = msgspec.UNSET
    stack: str | msgspec.UnsetType = msgspec.UNSET


class StatusRefusal(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a request is told that does not log in, or whose method does not exist."""

    status: str
    message: str
    error: str | int | msgspec.UnsetType = msgspec.UNSET
    details: Any | msgspec.UnsetType = msgspec.UNSET


REFUSED = {
    "description": "Refused",
    "content": {
        JSON: {"schema": {"anyOf": [{"$ref": TEMPLATE.format(name=n)} for n in ("Refusal", "StatusRefusal")]}}
    },
}
ANY_REFUSAL = {"description": "Refused", "content": {JSON: {"schema": {}}}}
"""What a script may answer that refuses a call."""

PLAIN: Mapping[type, str] = {str: "string"}
"""The types of answers that are no object."""

HEADERS = (
    ("X-User-Id", "The id of the account"),
    ("X-Auth-Token", "A login token or a personal access token of that account"),
)


def document(endpoints: Iterable[Endpoint[Any, Any]], *, title: str, version: str) -> dict[str, object]:
    """Return the document: every path and method, parameters, bodies, answers, and the schemas they name."""
    served = list(endpoints)
    structs = {kind for one in served for kind in (one.query, one.body, one.answer) if _is_struct(kind)}
    ordered = sorted(structs, key=lambda struct: f"{struct.__module__}.{struct.__name__}")
    schemas, components = msgspec.json.schema_components(
        [*ordered, Refusal, StatusRefusal], ref_template=TEMPLATE
    )
    by_type = dict(zip([*ordered, Refusal, StatusRefusal], schemas, strict=True))
    paths: dict[str, dict[str, object]] = {}
    for endpoint in served:
        for path in endpoint.paths:
            paths.setdefault(path, {})[endpoint.method.lower()] = _operation(
                endpoint, path, by_type, components
            )
    security = {
        name: {"type": "apiKey", "in": "header", "name": name, "description": text} for name, text in HEADERS
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": security},
    }


def _is_struct(kind: object) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _operation(
    endpoint: Endpoint[Any, Any], path: str, by_type: Mapping[Any, Any], components: Mapping[str, Any]
) -> dict[str, object]:
    """One method of one path; an answer of ``object`` may be any JSON."""
    anything = endpoint.answer is object
    schema = {} if anything else by_type.get(endpoint.answer, {"type": PLAIN.get(endpoint.answer, "object")})
    operation: dict[str, object] = {
        "operationId": f"{endpoint.method.lower()} {path}",
        "summary": endpoint.summary,
        "responses": {
            str(endpoint.status): {
                "description": "Done",
                "content": {JSON: {"schema": schema}},
            },
            "default": ANY_REFUSAL if anything else REFUSED,
        },
        "security": _security(endpoint),
    }
    parameters = [
        {"name": part.strip("{}"), "in": "path", "required": True, "schema": {"type": "string"}}
        for part in path.split("/")
        if part.startswith("{")
    ]
    parameters += _query(endpoint, by_type, components)
    if parameters:
        operation["parameters"] = parameters
    body = _body(endpoint, by_type)
    if body is not None:
        content = {kind: {"schema": body} for kind in (JSON, FORM)}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _security(endpoint: Endpoint[Any, Any]) -> list[dict[str, list[str]]]:
    both: dict[str, list[str]] = {name: [] for name, _ in HEADERS}
    return {"required": [both], "optional": [{}, both], "none": []}[endpoint.auth]


def _query(
    endpoint: Endpoint[Any, Any], by_type: Mapping[Any, Any], components: Mapping[str, Any]
) -> list[dict[str, object]]:
    """The parameters of a query string, from the Struct or from the schema of a validated GET."""
    schema: Mapping[str, Any] = {}
    if endpoint.query is not None:
        schema = components[by_type[endpoint.query]["$ref"].rpartition("/")[2]]
    elif endpoint.method == "GET" and endpoint.schema is not None:
        schema = endpoint.schema
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": one}
        for name, one in schema.get("properties", {}).items()
    ]


def _body(endpoint: Endpoint[Any, Any], by_type: Mapping[Any, Any]) -> object:
    if endpoint.method == "GET":
        return None
    if endpoint.schema is not None:
        return endpoint.schema
    return None if endpoint.body is None else by_type[endpoint.body]
