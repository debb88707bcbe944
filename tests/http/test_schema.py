"""The validator that speaks Ajv."""

from typing import Any

import msgspec
import pytest

from strongback.errors import Failure
from strongback.http.schema import Validator, struct_schema

HISTORY = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "offset": {"type": "number", "nullable": True},
        "flag": {"type": "boolean"},
    },
    "required": ["id"],
    "additionalProperties": False,
}
REMOVE = {
    "oneOf": [
        {
            "type": "object",
            "properties": {
                "type": {"type": "string", "pattern": "webhook-incoming"},
                "integrationId": {"type": "string"},
            },
            "required": ["type", "integrationId"],
        },
        {
            "type": "object",
            "properties": {
                "type": {"type": "string", "pattern": "webhook-outgoing"},
                "target_url": {"type": "string"},
            },
            "required": ["type", "target_url"],
        },
        {
            "type": "object",
            "properties": {"type": {"pattern": "webhook-outgoing"}},
            "required": ["integrationId"],
        },
    ]
}


def errors(schema: dict[str, Any], value: dict[str, Any], *, coerce: bool = False) -> str:
    with pytest.raises(Failure) as caught:
        Validator(schema, coerce=coerce).check(value)
    assert caught.value.error == "invalid-params"
    return caught.value.text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "must have required property 'id'"),
        ({"other": 1}, "must have required property 'id'"),
        ({"id": "", "other": 1}, "must NOT have additional properties"),
        ({"id": ""}, "must NOT have fewer than 1 characters"),
        ({"id": {"$ne": "x"}}, "must be string"),
        ({"id": "x", "offset": "abc"}, "must be number"),
        ({"id": "x", "offset": "1x", "flag": "maybe"}, "must be number"),
        ({"id": "x", "flag": "maybe"}, "must be boolean"),
        ({"id": "x", "offset": "1e999"}, "must be number"),
    ],
)
def test_first_error_of_an_object(value: dict[str, Any], text: str) -> None:
    assert errors(HISTORY, value, coerce=True) == text


def test_coercion_leaves_the_original_alone() -> None:
    value = {"id": "x", "offset": "10", "flag": "true"}
    assert Validator(HISTORY, coerce=True).check(value) == {"id": "x", "offset": 10, "flag": True}
    assert value == {"id": "x", "offset": "10", "flag": "true"}
    assert errors(HISTORY, value) == "must be number"


def test_one_of() -> None:
    check = Validator(REMOVE).check
    check({"type": "webhook-incoming", "integrationId": "i"})
    check({"type": "webhook-outgoing", "target_url": "u"})
    assert errors(REMOVE, {"type": "foo", "integrationId": "i"}) == "\n ".join(
        [
            'must match pattern "webhook-incoming"',
            "must have required property 'target_url'",
            'must match pattern "webhook-outgoing"',
            "must match exactly one schema in oneOf",
        ]
    )
    both = {"type": "webhook-outgoing", "target_url": "u", "integrationId": "i"}
    assert (
        errors(REMOVE, both)
        == 'must match pattern "webhook-incoming"\n must match exactly one schema in oneOf'
    )


@pytest.mark.parametrize(
    ("member", "value", "text"),
    [
        ({"type": "array", "minItems": 1}, [], "must NOT have fewer than 1 items"),
        ({"type": "array", "items": {"type": "string"}}, ["a", 1], "must be string"),
        ({"type": ["string", "null"]}, 1, "must be string,null"),
        ({"type": "string", "nullable": True}, 1, "must be string"),
        ({"type": "integer"}, 1.5, "must be integer"),
        ({"type": "number"}, True, "must be number"),
        ({"type": "object"}, [], "must be object"),
        ({"enum": ["a", "b"]}, "c", "must be equal to one of the allowed values"),
        ({"const": 1}, True, "must be equal to constant"),
        ({"type": "number", "minimum": 0}, -1, "must be >= 0"),
        ({"type": "string", "maxLength": 2}, "abc", "must NOT have more than 2 characters"),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}]},
            1,
            "must be string\n must be null\n must match a schema in anyOf",
        ),
        ({"$ref": "#/$defs/name"}, 1, "must be string"),
    ],
)
def test_members(member: dict[str, Any], value: object, text: str) -> None:
    schema = {"type": "object", "properties": {"a": member}, "$defs": {"name": {"type": "string"}}}
    assert errors(schema, {"a": value}) == text


def test_nullable_takes_null() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}}
    Validator(schema).check({"a": None})


def test_structs() -> None:
    class Inner(msgspec.Struct):
        name: str

    class Outer(msgspec.Struct, forbid_unknown_fields=True):
        inner: Inner
        count: int | None = None

    schema = struct_schema(Outer)
    Validator(schema).check({"inner": {"name": "x", "more": 1}, "count": None})
    assert errors(schema, {"inner": {}}) == "must have required property 'name'"
    assert errors(schema, {"inner": {"name": "x"}, "more": 1}) == "must NOT have additional properties"
