"""JSON-schema checks that speak with Ajv's words (spec/01 §7)."""

import copy
import operator
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

import msgspec

from strongback.errors import Failure
from strongback.http.body import Json
from strongback.http.coercion import coerced_value

Schema = Mapping[str, object]
Holder: TypeAlias = "dict[str, Json] | list[Json]"
Key = str | int
REF = "#/$defs/"

_BOUNDS: tuple[tuple[str, str, Callable[[float, float], bool]], ...] = (
    ("maximum", "<=", operator.le),
    ("minimum", ">=", operator.ge),
    ("exclusiveMaximum", "<", operator.lt),
    ("exclusiveMinimum", ">", operator.gt),
)


def struct_schema(struct: type[msgspec.Struct]) -> dict[str, object]:
    """Return the schema of a Struct with its components beside it."""
    (schema,), components = msgspec.json.schema_components([struct], ref_template=REF + "{name}")
    return {**schema, "$defs": components}


class Validator:
    """Checks values against one schema: the first error of each branch, in Ajv's order and words."""

    def __init__(self, schema: Schema, *, coerce: bool = False) -> None:
        self._schema = schema
        self._coerce = coerce

    def check(self, value: Mapping[str, object]) -> dict[str, Json]:
        """Return the value, in a query string with numbers and booleans coerced; else raise the 400."""
        holder: dict[str, Json] = {"": cast("Json", copy.deepcopy(dict(value)) if self._coerce else value)}
        errors = self._errors(self._schema, holder, "")
        if errors:
            raise Failure("\n ".join(errors), "invalid-params")
        return cast("dict[str, Json]", holder[""])

    def _errors(self, schema: Schema, holder: Holder, key: Key) -> list[str]:
        """Return the errors of ``holder[key]``; a coercion is written back there."""
        schema = self._resolve(schema)
        value = _get(holder, key)
        if "type" in schema:
            types = _types(schema)
            if not any(_is(kind, value) for kind in types):
                coerced, value = coerced_value(types, value) if self._coerce else (False, value)
                if not coerced:
                    return [f"must be {_joined(schema['type'])}"]
                _set(holder, key, value)
        for rule in (self._untyped, _number_errors, _string_errors, self._array_errors, self._object_errors):
            if errors := rule(schema, holder, key):
                return errors
        return []

    def _resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            reference = str(schema["$ref"])
            target: object = self._schema
            for part in reference.removeprefix("#").split("/")[1:]:
                target = cast("Schema", target)[part]
            schema = cast("Schema", target)
        return schema

    def _untyped(self, schema: Schema, holder: Holder, key: Key) -> list[str]:
        value = _get(holder, key)
        if "const" in schema and not _same(value, schema["const"]):
            return ["must be equal to constant"]
        if "enum" in schema and not any(_same(value, one) for one in cast("list[object]", schema["enum"])):
            return ["must be equal to one of the allowed values"]
        for name, text in (
            ("anyOf", "must match a schema in anyOf"),
            ("oneOf", "must match exactly one schema in oneOf"),
        ):
            if name in schema and (errors := self._branches(schema, name, holder, key)) is not None:
                return [*errors, text]
        for part in cast("list[Schema]", schema.get("allOf", [])):
            if errors := self._errors(part, holder, key):
                return errors
        return []

    def _branches(self, schema: Schema, name: str, holder: Holder, key: Key) -> list[str] | None:
        """Return None if as many branches match as ``name`` wants, else the errors of the others."""
        collected: list[str] = []
        matches = 0
        for branch in cast("list[Schema]", schema[name]):
            errors = self._errors(branch, holder, key)
            matches += not errors
            collected += errors
            if matches == (1 if name == "anyOf" else 2):
                break
        return None if matches == 1 else collected

    def _array_errors(self, schema: Schema, holder: Holder, key: Key) -> list[str]:
        value = _get(holder, key)
        if not isinstance(value, list):
            return []
        if len(value) > cast("int", schema.get("maxItems", len(value))):
            return [f"must NOT have more than {schema['maxItems']} items"]
        if len(value) < cast("int", schema.get("minItems", 0)):
            return [f"must NOT have fewer than {schema['minItems']} items"]
        items = schema.get("items")
        if isinstance(items, Mapping):
            for index in range(len(value)):
                if errors := self._errors(items, value, index):
                    return errors
        return []

    def _object_errors(self, schema: Schema, holder: Holder, key: Key) -> list[str]:
        value = _get(holder, key)
        if not isinstance(value, dict):
            return []
        for name in cast("list[str]", schema.get("required", [])):
            if name not in value:
                return [f"must have required property '{name}'"]
        properties = cast("Mapping[str, Schema]", schema.get("properties", {}))
        others = schema.get("additionalProperties", True)
        for name in value:
            if name in properties:
                continue
            if others is False:
                return ["must NOT have additional properties"]
            if isinstance(others, Mapping) and (errors := self._errors(others, value, name)):
                return errors
        for name, member in properties.items():
            if name in value and (errors := self._errors(member, value, name)):
                return errors
        return []


def _get(holder: Holder, key: Key) -> Json:
    return holder[cast("str", key)] if isinstance(holder, dict) else holder[cast("int", key)]


def _set(holder: Holder, key: Key, value: Json) -> None:
    if isinstance(holder, dict):
        holder[cast("str", key)] = value
    else:
        holder[cast("int", key)] = value


def _number_errors(schema: Schema, holder: Holder, key: Key) -> list[str]:
    value = _get(holder, key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return []
    for name, sign, holds in _BOUNDS:
        if name in schema and not holds(value, cast("float", schema[name])):
            return [f"must be {sign} {schema[name]}"]
    return []


def _string_errors(schema: Schema, holder: Holder, key: Key) -> list[str]:
    value = _get(holder, key)
    if not isinstance(value, str):
        return []
    if len(value) > cast("int", schema.get("maxLength", len(value))):
        return [f"must NOT have more than {schema['maxLength']} characters"]
    if len(value) < cast("int", schema.get("minLength", 0)):
        return [f"must NOT have fewer than {schema['minLength']} characters"]
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and re.search(pattern, value) is None:
        return [f'must match pattern "{pattern}"']
    return []


def _types(schema: Schema) -> list[str]:
    kinds = schema["type"]
    listed = [str(kind) for kind in kinds] if isinstance(kinds, list | tuple) else [str(kinds)]
    return [*listed, "null"] if schema.get("nullable") is True else listed


def _joined(kinds: object) -> str:
    return ",".join(map(str, kinds)) if isinstance(kinds, list | tuple) else str(kinds)


def _is(kind: str, value: Json) -> bool:
    if kind in {"number", "integer"}:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return kind == "number" or float(value).is_integer()
    python = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}[kind]
    return isinstance(value, python)


def _same(value: object, other: object) -> bool:
    return value == other and isinstance(value, bool) == isinstance(other, bool)
