"""Every form of MongoDB Extended JSON: version 2, canonical and relaxed, and the older strict form."""

import json
import math
from typing import Any

import pytest
from bson import Binary, Code, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from strongback.importing.extended_json import revive
from strongback.importing.json_file import BAD_VALUE

FORMS: list[tuple[str, Any]] = [
    ('{"$oid":"507f1f77bcf86cd799439011"}', ObjectId("507f1f77bcf86cd799439011")),
    ('{"$date":"2023-11-14T22:13:20.123Z"}', DatetimeMS(1_700_000_000_123)),
    ('{"$date":"2023-11-14T22:13:20Z"}', DatetimeMS(1_700_000_000_000)),
    ('{"$date":"2023-11-14T22:13:20.1Z"}', DatetimeMS(1_700_000_000_100)),
    ('{"$date":"2023-11-14T22:13:20.123456Z"}', DatetimeMS(1_700_000_000_123)),
    ('{"$date":"2023-11-14T22:13Z"}', DatetimeMS(1_699_999_980_000)),
    ('{"$date":"2023-11-15T00:13:20.123+0200"}', DatetimeMS(1_700_000_000_123)),
    ('{"$date":"2023-11-14T20:43:20.123-01:30"}', DatetimeMS(1_700_000_000_123)),
    ('{"$date":"+010000-01-01T00:00:00.000Z"}', DatetimeMS(253_402_300_800_000)),
    ('{"$date":1700000000123}', DatetimeMS(1_700_000_000_123)),
    ('{"$date":{"$numberLong":"-62167219200001"}}', DatetimeMS(-62_167_219_200_001)),
    ('{"$date":{"$numberLong":"9223372036854775807"}}', DatetimeMS(2**63 - 1)),
    ('{"$numberInt":"42"}', 42),
    ('{"$numberLong":"9007199254740993"}', Int64(9007199254740993)),
    ('{"$numberLong":5}', Int64(5)),
    ('{"$numberDouble":"5.0"}', 5.0),
    ('{"$numberDouble":"-Infinity"}', -math.inf),
    ('{"$numberDecimal":"1.50"}', Decimal128("1.50")),
    ('{"$binary":{"base64":"aGk=","subType":"00"}}', Binary(b"hi", 0)),
    ('{"$binary":{"base64":"aGk=","subType":"80"}}', Binary(b"hi", 128)),
    ('{"$binary":"aGk=","$type":"05"}', Binary(b"hi", 5)),
    ('{"$type":"0","$binary":"aGk="}', Binary(b"hi", 0)),
    ('{"$binary":"aGk=","$type":2}', Binary(b"hi", 2)),
    ('{"$uuid":"00000000-0000-0000-0000-000000000001"}', Binary(bytes(15) + b"\1", 4)),
    ('{"$timestamp":{"t":7,"i":1}}', Timestamp(7, 1)),
    ('{"$regex":"^a","$options":"im"}', Regex("^a", "im")),
    ('{"$regularExpression":{"pattern":"^a","options":"x"}}', Regex("^a", "x")),
    ('{"$symbol":"s"}', "s"),
    ('{"$code":"f()"}', Code("f()")),
    ('{"$code":"f()","$scope":{"x":{"$numberInt":"1"}}}', Code("f()", {"x": 1})),
    ('{"$undefined":true}', None),
    ('{"$minKey":1}', MinKey()),
    ('{"$maxKey":1}', MaxKey()),
]


@pytest.mark.parametrize(("text", "value"), FORMS)
def test_forms(text: str, value: Any) -> None:
    revived = json.loads(text, object_hook=revive)
    assert revived == value
    assert type(revived) is type(value)
    if isinstance(value, Code):
        assert revived.scope == value.scope


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a":1}',
        '{"$ref":"users","$id":"x"}',
        '{"$regex":"a"}',
        '{"$gt":5}',
        '{"$oid":"x","b":1}',
        '{"oid":"507f1f77bcf86cd799439011"}',
    ],
)
def test_other_objects_stay(text: str) -> None:
    assert json.loads(text, object_hook=revive) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"$oid":"zz"}',
        '{"$oid":5}',
        '{"$oid":null}',
        '{"$date":true}',
        '{"$date":null}',
        '{"$date":"2023-02-30T00:00:00Z"}',
        '{"$date":"2023-02-01"}',
        '{"$numberLong":"1.5"}',
        '{"$numberLong":[]}',
        '{"$numberDouble":"x"}',
        '{"$numberDecimal":"x"}',
        '{"$binary":{"base64":"a"}}',
        '{"$binary":{"base64":"?","subType":"00"}}',
        '{"$binary":"aGk=","$type":"999"}',
        '{"$timestamp":{"t":-1,"i":1}}',
        '{"$timestamp":5}',
        '{"$regularExpression":"a"}',
        '{"$code":5}',
        '{"$uuid":"x"}',
    ],
)
def test_nonsense_is_an_error(text: str) -> None:
    with pytest.raises(BAD_VALUE):
        json.loads(text, object_hook=revive)
