"""The demo that `make run` starts with: one private group, three integrations, and two curls to paste."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from strongback.accounts.caller import Caller
from strongback.accounts.seed import ROCKET_CAT
from strongback.accounts.tokens import hash_token, personal_entry
from strongback.accounts.users import create as create_user
from strongback.groups.create import create as create_room
from strongback.http.services import Services
from strongback.ids import login_token, unmistakable
from strongback.integrations.create import create as create_integration
from strongback.integrations.scope import INCOMING, OUTGOING
from strongback.storage.changes import Changes
from strongback.storage.steps import PutToken

GROUP = "launch-control"
USERNAME = "demo"
FILE_MODE = 0o600

INTEGRATIONS = (
    (INCOMING, {"name": "Weather station", "channel": f"#{GROUP}", "alias": "Weather", "emoji": ":sunny:"}),
    (
        OUTGOING,
        {
            "name": "Countdown log",
            "channel": f"#{GROUP}",
            "event": "sendMessage",
            "urls": ["https://example.com/countdown"],
            "triggerWords": ["T-minus"],
        },
    ),
    (
        OUTGOING,
        {
            "name": "Arrivals",
            "channel": "all_private_groups",
            "event": "roomJoined",
            "urls": ["https://example.com/arrivals"],
        },
    ),
)
COMMON = {"enabled": True, "username": ROCKET_CAT, "scriptEnabled": False}


@dataclass(frozen=True, slots=True)
class Credentials:
    """The demo's account, and the path of its hook; a file beside a SQLite database keeps them."""

    user_id: str
    token: str
    password: str
    hook: str


async def ensure(services: Services) -> Credentials | None:
    """Fill a database that has no room but the default one; None where it holds something else already."""
    database = services.settings.database_path
    file = None if database is None else database.with_name("demo.json")
    known = None if file is None else await _known(services, file)
    if known is not None:
        return known
    counts = await services.store.counts()
    if counts["rooms"] > 1 or counts["integrations"]:
        return None
    return await _fill(services, file)


async def _known(services: Services, file: Path) -> Credentials | None:
    try:
        known = Credentials(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    live = await services.store.authenticate(known.user_id, hash_token(known.token))
    return None if live is None else known


async def _fill(services: Services, file: Path | None) -> Credentials:
    store, clock = services.store, services.clock
    operator = Caller("", "", frozenset({"admin"}), await services.access.refresh())
    password, token = unmistakable(16), login_token()
    given = {
        "username": USERNAME,
        "name": "Demo",
        "email": "demo@localhost.localdomain",
        "password": password,
        "roles": ["admin", "user"],
    }
    user = await create_user(store, clock, operator, given)
    entry = personal_entry(user.id, "demo", token, clock(), bypass_two_factor=True)
    await store.commit(Changes([], [PutToken(entry)]))
    caller = Caller(user.id, USERNAME, frozenset({"admin", "user"}), operator.access)
    await create_room(store, clock, caller, "p", GROUP, members=[ROCKET_CAT])
    hook = ""
    for kind, members in INTEGRATIONS:
        made = await create_integration(
            store,
            clock,
            caller,
            kind,
            COMMON | members,
            frozen="",
            compile=services.compiler.compile,
        )
        if kind == INCOMING:
            hook = f"/hooks/{made.id}/{made.body['token']}"
    credentials = Credentials(user.id, token, password, hook)
    if file is not None:
        file.touch(mode=FILE_MODE)
        file.chmod(FILE_MODE)
        file.write_text(json.dumps(asdict(credentials)) + "\n")
    return credentials


def greeting(url: str, credentials: Credentials) -> str:
    """What a newcomer is told: two curls that work when pasted into another terminal."""
    return (
        f"Demo: user {USERNAME}, password {credentials.password}, private group {GROUP}. In another terminal:\n\n"
        "Which integrations reach the group?\n\n"
        f"  curl -H 'X-User-Id: {credentials.user_id}' -H 'X-Auth-Token: {credentials.token}' \\\n"
        f"    '{url}/api/v1/groups.getIntegrations?roomName={GROUP}'\n\n"
        "Post through the hook of one of them:\n\n"
        "  curl -H 'Content-Type: application/json' -d '{\"text\": \"Clear skies until noon\"}' \\\n"
        f"    '{url}{credentials.hook}'\n"
    )
