"""Bodies that integrations.create accepts, and a compiler that takes everything but "broken"."""

from strongback.scripts.compile import Compiled, failed

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


async def fake_compile(source: str) -> Compiled:
    """Compile by putting a word in front."""
    return failed("does not parse", "SyntaxError") if source == "broken" else Compiled(f"compiled {source}")
