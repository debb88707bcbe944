"""Rows written by hand, one or more for every table, and how they are on PostgreSQL."""

from typing import Any

ODD = "it's \\ a\ttab \u2028 \U0001f680 é"
USER = '{"_id":"u1","username":"ann","status":"away"}'
MESSAGE = '{"_id":"m1","rid":"r1","u":{"_id":"u1"},"msg":"Déjà vu, déjà","ts":"2024-01-01T00:00:00.000Z"}'
SYSTEM = '{"_id":"m2","rid":"r1","u":{"_id":"u1"},"msg":"ann","t":"uj"}'

ROWS: dict[str, list[tuple[Any, ...]]] = {
    "settings": [("Site_Url", 1, '{"_id":"Site_Url","value":"http://x"}', "[]", None)],
    "permissions": [("view-logs", 2, '{"_id":"view-logs","roles":["admin"]}', "[]", None)],
    "roles": [("admin", 3, '{"_id":"admin"}', "[]", None)],
    "users": [
        ("u1", 4, USER, '[["createdAt"]]', '{"services":{}}', "ann", "ann", '["admin"]', 1, 17, "away"),
        ("u2", 5, '{"_id":"u2"}', "[]", None, "Bob", "bob", "[]", 0, -5, None),
    ],
    "user_roles": [("admin", "u1")],
    "emails": [("ann@example.com", "u1")],
    "tokens": [
        ("u1", "hash", None, 8, '{"hashedToken":"hash"}', "[]"),
        ("u1", "zash", ODD, 9, "{}", "[]"),
    ],
    "rooms": [
        (
            "r1",
            6,
            f'{{"_id":"r1","topic":"{ODD}"}}',
            "[]",
            None,
            "ops",
            "p",
            1,
            None,
            "t",
            "yes",
            None,
            3,
            7,
            9,
        )
    ],
    "subscriptions": [
        (
            "s1",
            7,
            '{"_id":"s1"}',
            "[]",
            None,
            "r1",
            "u1",
            '["owner"]',
            1,
            "p",
            2,
            3,
            4,
            5,
            6,
            7,
            "ann",
            "away",
            1,
        ),
        ("s2", 7, '{"_id":"s2"}', "[]", None, "r1", "u2", "[]", 1, "p", 0, 0, 0, 0, 0, 0, "Bob", "", 0),
    ],
    "room_roles": [("r1", "owner", "u1")],
    "departures": [("s3", "u2", "r1", 12)],
    "messages": [
        ("m1", 8, MESSAGE, '[["ts"]]', None, "r1", "u1", 1704067200000, 1, 1, 1, 5, 0, None, None),
        ("m2", 9, SYSTEM, "[]", None, "r1", "u1", 0, 0, 1, 1, 5, 1, "m1", 44),
        (
            "m3",
            9,
            '{"_id":"m3","rid":"r1","msg":"x","_hidden":true}',
            "[]",
            None,
            "r1",
            "",
            0,
            0,
            1,
            0,
            5,
            0,
            None,
            None,
        ),
    ],
    "mentions": [("all", "r1", 3, "m1"), ("u1", "r1", 3, "m1")],
    "stars": [("u1", "r1", 3, "m1")],
    "trash": [("m9", "r1", 13)],
    "integrations": [("i1", 10, '{"_id":"i1"}', "[]", None, "webhook-outgoing", "u1", None, 6)],
    "integrations_gone": [("i0", 11)],
    "links": [("i1", 0, "#ops", "room", "r1"), ("i1", 1, "#gone", "room", None)],
    "urls": [("http://B/", "i1"), ("http://a/", "i1"), ("http://a/", "i2"), ("http://é/", "i1")],
    "secrets": [("i1", b"\x01\x00\xff sealed \\x")],
    "history": [("h1", 12, '{"_id":"h1"}', "[]", None, "i1", 15, 10)],
    "copies": [("i1", 9, '{"_id":"i1"}'), ("i1", 10, '{"_id":"i1","n":2}')],
    "events": [
        (3, "e1", "sendMessage", "r1", "m1", "u1", 0, '{"text":"x"}', 16),
        (7, "e2", "x", None, None, "u1", 1, "{}", 17),
    ],
    "origins": [(2, "http://a")],
    "targets": [(4, "i1", "http://a/", 2)],
    "outbox": [
        (5, 3, 0, 0, 4, 2, "!go", "delivered", None, 1, 20, None, None, '{"url":"http://a/"}', 10, 18, 21),
        (6, 3, 1, 0, 4, 2, None, "pending", "HTTP 503", 2, 99, None, None, None, None, 18, 22),
        (9, 7, 0, 2, 4, 2, None, "sending", None, 1, 20, "worker-1", 40, None, None, 18, 20),
    ],
    "queues": [("i1", 2, 3, 19)],
    "keys": [("i1", ODD, "digest", 200, '{"success":true}', 23)],
}

ON_POSTGRESQL: dict[tuple[str, Any], dict[str, Any]] = {
    ("users", "u1"): {"reachable": True},
    ("users", "u2"): {"reachable": False},
    ("messages", "m1"): {"ts": '"2024-01-01T00:00:00.000Z"', "search": "'#r1' 'deja':1,3 'vu':2"},
    ("messages", "m2"): {"ts": "", "search": None},
    ("messages", "m3"): {"ts": "", "search": None},
    ("outbox", 9): {"state": "pending", "worker": None, "lease": None},
}
"""By table and key, what a row has there that it has not on SQLite, or has otherwise."""
