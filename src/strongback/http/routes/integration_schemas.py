"""The shapes of the bodies of integrations.*, as JSON schemas (spec/05)."""

from typing import Any

STRING = {"type": "string"}
BOOLEAN = {"type": "boolean"}
MAYBE_STRING = {"type": ["string", "null"]}
MAYBE_BOOLEAN = {"type": ["boolean", "null"]}
STRINGS = {"type": ["array", "null"], "items": {"type": "string"}}
WORDS = {"type": ["array", "null"], "items": {"type": "string", "minLength": 1}}

Schema = dict[str, Any]


def _type(name: str) -> Schema:
    return {"type": "string", "pattern": name}


def _object(required: str, properties: Schema, *, closed: bool) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": not closed,
    }


SCRIPT = {"script": MAYBE_STRING, "scriptEngine": MAYBE_STRING, "scriptEnabled": BOOLEAN}
LOOKS = {"alias": MAYBE_STRING, "avatar": MAYBE_STRING, "emoji": MAYBE_STRING}
COMMON = {"username": STRING, "channel": STRING, "name": STRING, "enabled": BOOLEAN, **SCRIPT, **LOOKS}
INCOMING = {"type": _type("webhook-incoming"), **COMMON, "overrideDestinationChannelEnabled": MAYBE_BOOLEAN}
OUTGOING = {
    "type": _type("webhook-outgoing"),
    **COMMON,
    "event": STRING,
    "targetRoom": MAYBE_STRING,
    "urls": STRINGS,
    "token": MAYBE_STRING,
    "triggerWords": WORDS,
    "triggerWordAnywhere": MAYBE_BOOLEAN,
    "runOnEdits": MAYBE_BOOLEAN,
    "retryFailedCalls": MAYBE_BOOLEAN,
    "retryCount": {"type": ["number", "null"]},
    "retryDelay": MAYBE_STRING,
    "impersonateUser": MAYBE_BOOLEAN,
    "retryPolicy": {"enum": ["standard", "rocketchat", None]},
}

CREATE: Schema = {
    "oneOf": [
        _object("type username channel scriptEnabled name enabled", INCOMING, closed=True),
        _object("type username channel event scriptEnabled name enabled", OUTGOING, closed=True),
    ]
}
UPDATE: Schema = {
    "oneOf": [
        _object(
            "integrationId type channel scriptEnabled name enabled",
            {"integrationId": STRING, **INCOMING},
            closed=False,
        ),
        _object(
            "type username channel event scriptEnabled name enabled",
            {"integrationId": MAYBE_STRING, "target_url": MAYBE_STRING, **OUTGOING},
            closed=True,
        ),
    ]
}
REMOVE: Schema = {
    "oneOf": [
        _object(
            "type integrationId", {"type": _type("webhook-incoming"), "integrationId": STRING}, closed=False
        ),
        _object(
            "type integrationId", {"type": _type("webhook-outgoing"), "integrationId": STRING}, closed=False
        ),
        _object("type target_url", {"type": _type("webhook-outgoing"), "target_url": STRING}, closed=False),
    ]
}
HISTORY: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "offset": {"type": "number"},
        "count": {"type": "number"},
        "sort": STRING,
        "query": STRING,
    },
    "required": ["id"],
    "additionalProperties": False,
}
DELIVERIES: Schema = {
    "type": "object",
    "properties": {
        "integrationId": {"type": "string", "minLength": 1},
        "state": STRING,
        "offset": {"type": "number"},
        "count": {"type": "number"},
    },
    "required": ["integrationId"],
    "additionalProperties": False,
}
REPLAY: Schema = {
    "oneOf": [
        _object(
            f"integrationId {named}",
            {"integrationId": STRING, named: STRING, "render": BOOLEAN},
            closed=True,
        )
        for named in ("historyId", "deliveryId")
    ]
}
CLEAR_HISTORY: Schema = _object("integrationId", {"integrationId": STRING}, closed=True)
