"""Bodies that integrations.create accepts."""

IN, OUT = "webhook-incoming", "webhook-outgoing"
INCOMING = {
    "type": IN,
    "username": "bot",
    "channel": "#eng",
    "scriptEnabled": False,
    "name": "builds",
    "enabled": True,
}
OUTGOING = INCOMING | {"type": OUT, "event": "sendMessage", "urls": ["http://127.0.0.1/a", " ", ""]}
