"""Calls of hooks, from their token to their answer: the rows of spec/06 A2, A5 and A6."""

from typing import Any

import pytest

from strongback.documents.event import Event
from strongback.errors import Conflict, Failure, Unavailable
from strongback.storage.changes import Changes
from strongback.storage.contract import Store
from strongback.storage.steps import Link, Remove
from tests.webhooks.hook_world import ENG, ID, TOKEN, TOWN, HookWorld, answer, hook_world

pytestmark = pytest.mark.anyio

DONE = (200, {"success": True})
STAMP = "2023-11-14T22:13:20.001Z"


def refused(error: str, status: int = 400) -> tuple[int, Any]:
    return status, {"success": False, "error": error}


# Who may call (A2)


@pytest.mark.parametrize(
    ("id", "token"),
    [
        ("nothing", TOKEN),
        (ID, TOKEN[:-1]),
        (ID, TOKEN + "x"),
        (ID, TOKEN.lower()),
        (ID, ""),
        ("", TOKEN),
        (ID, "\ud800"),
        ("\ud800", TOKEN),
        ("out", TOKEN),
        ("blank", " "),
        ("none", ""),
        ("none", "None"),
        ("number", "5"),
    ],
)
async def test_a_wrong_id_and_a_wrong_token_are_alike(hooks: HookWorld, id: str, token: str) -> None:
    await hooks.hook(id="out", type="webhook-outgoing")
    await hooks.hook(id="blank", token=" ")
    await hooks.hook(id="none", token=None)
    await hooks.hook(id="number", token=5)
    for _ in range(2):  # read from the store, then from memory
        with pytest.raises(Failure) as caught:
            await hooks.call({"text": "x"}, id=id, token=token)
        assert (caught.value.status, caught.value.message) == (
            404,
            "Invalid integration id or token provided.",
        )
        assert caught.value.error is None


async def test_a_new_token_counts_at_once(hooks: HookWorld) -> None:
    assert answer(await hooks.call({"text": "x"})) == DONE
    await hooks.hook(token="another" * 7)
    with pytest.raises(Failure, match="Invalid integration id"):
        await hooks.call({"text": "x"})
    assert answer(await hooks.call({"text": "x"}, token="another" * 7)) == DONE


async def test_a_removed_integration_is_gone_at_once(hooks: HookWorld) -> None:
    assert answer(await hooks.call({"text": "x"})) == DONE
    await hooks.world.write(Remove("integrations", ID))
    with pytest.raises(Failure, match="Invalid integration id"):
        await hooks.call({"text": "x"})


async def test_without_the_account_that_posts_nobody_is_logged_in(hooks: HookWorld) -> None:
    assert answer(await hooks.call({"text": "x"})) == DONE
    for change in (hooks.account("bot", "bot", active=False), hooks.world.write(Remove("users", "u-bot"))):
        await change
        with pytest.raises(Failure) as caught:
            await hooks.call({"text": "x"})
        assert (caught.value.status, caught.value.message) == (401, "You must be logged in to do this.")
    await hooks.account("bot", "bot")
    assert answer(await hooks.call({"text": "x"})) == DONE


async def test_an_integration_without_an_account_posts_nothing(hooks: HookWorld) -> None:
    for user_id in (None, 5, "", "u-nobody"):
        await hooks.hook(userId=user_id)
        with pytest.raises(Failure, match="You must be logged in"):
            await hooks.call({"text": "x"})


@pytest.mark.parametrize("enabled", [False, None, "true", 1])
async def test_a_disabled_integration_is_unavailable(hooks: HookWorld, enabled: Any) -> None:
    await hooks.hook(enabled=enabled)
    assert answer(await hooks.call({"text": "x"})) == (503, "Service Unavailable")
    assert await hooks.said() == []


# What is posted (A5, A6)


async def test_a_message_as_it_is_stored(hooks: HookWorld) -> None:
    given = await hooks.call({"text": " hello @ann ", "tmid": None, "customFields": {"a": 1}})
    assert (given.status, given.body, given.headers) == (200, b'{"success":true}', ())
    (message,) = await hooks.said()
    assert message == {
        "_id": message["_id"],
        "rid": "r-eng",
        "msg": "hello @ann",
        "ts": STAMP,
        "u": {"_id": "u-bot", "username": "bot", "name": "Bot"},
        "_updatedAt": STAMP,
        "urls": [],
        "mentions": [{"_id": "u-ann", "username": "ann", "name": "Ann", "type": "user"}],
        "channels": [],
        "bot": {"i": ID},
        "groupable": False,
        "attachments": [],
        "parseUrls": True,
        "customFields": {"a": 1},
    }


@pytest.mark.parametrize(
    ("looks", "body", "expected"),
    [
        ({}, {}, {}),
        ({"alias": "Builds", "emoji": ":ok:"}, {}, {"alias": "Builds", "emoji": ":ok:"}),
        (
            {"alias": "Builds", "avatar": "/a.png", "emoji": ":x:"},
            {},
            {"alias": "Builds", "avatar": "/a.png"},
        ),
        ({"alias": "Builds"}, {"username": "CI", "alias": "no"}, {"alias": "CI"}),
        ({"avatar": "/a.png"}, {"icon_emoji": ":b:", "emoji": ":c:"}, {"emoji": ":b:"}),
        ({"emoji": ":a:"}, {"icon_url": "http://x.example/b.png"}, {"avatar": "http://x.example/b.png"}),
        ({"alias": None, "avatar": 5, "emoji": ["x"]}, {}, {}),
    ],
)
async def test_looks(hooks: HookWorld, looks: dict[str, Any], body: dict[str, Any], expected: Any) -> None:
    await hooks.hook(**looks)
    assert answer(await hooks.call({"text": "x"} | body)) == DONE
    (message,) = await hooks.said()
    assert {name: message[name] for name in ("alias", "avatar", "emoji") if name in message} == expected


@pytest.mark.parametrize("ts", [1_700_000_000, "1700000000.000200", 1.5, None])
async def test_what_slack_sends(hooks: HookWorld, ts: Any) -> None:
    attachment = {
        "fallback": "Build failed",
        "color": "#ff0000",
        "pretext": "New",
        "author_name": "Ann",
        "author_link": "https://ann.example/",
        "title": "main",
        "title_link": "https://ci.example/1",
        "text": "12 errors",
        "fields": [
            {"title": "Errors", "value": 12, "short": True},
            {"title": "Red", "value": True, "short": False},
            {"title": "Text", "value": "none"},
        ],
        "footer": "ci",
        "ts": ts,
    }
    sent = {
        "text": "Failed",
        "username": "CI",
        "icon_emoji": ":x:",
        "attachments": [attachment],
        "mrkdwn": True,
    }
    assert answer(await hooks.call(sent)) == DONE
    (message,) = await hooks.said()
    assert (message["msg"], message["alias"], message["emoji"]) == ("Failed", "CI", ":x:")
    (stored,) = message["attachments"]
    assert [field["value"] for field in stored["fields"]] == ["12", "true", "none"]
    assert stored["ts"] == ts
    assert stored["text"] == "12 errors"
    assert message["parseUrls"] is False


async def test_the_mark_of_the_integration_can_not_be_chosen(hooks: HookWorld) -> None:
    for bot in ({"i": "another"}, True, None, "text", 5):
        assert answer(await hooks.call({"text": "x", "bot": bot})) == DONE
    assert {message["bot"]["i"] for message in await hooks.said()} == {ID}


async def test_who_posts_can_not_be_chosen(hooks: HookWorld) -> None:
    sent = {
        "text": "x",
        "user": {"_id": "u-ann"},
        "u": {"_id": "u-ann"},
        "userId": "u-ann",
        "user_id": "u-ann",
    }
    assert answer(await hooks.call(sent)) == DONE
    (message,) = await hooks.said()
    assert message["u"]["_id"] == "u-bot"


@pytest.mark.parametrize("body", [None, b"", b"{}", b" ", b"[]"])
async def test_an_empty_body_is_accepted_and_posts_nothing(hooks: HookWorld, body: bytes | None) -> None:
    assert answer(await hooks.call(body)) == DONE
    assert await hooks.said() == []
    (record,) = await hooks.history()
    assert (record["step"], record["finished"]) == ("received", True)


async def test_an_empty_body_with_a_script_that_is_blank_posts_an_empty_message(hooks: HookWorld) -> None:
    await hooks.hook(scriptEnabled=True, script=" ")
    assert answer(await hooks.call({})) == DONE
    assert [message["msg"] for message in await hooks.said()] == [""]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", "The request body is not valid JSON: Input data was truncated"),
        (b"5", "The request body must be a JSON object or array"),
        (b'[{"text": "x"}]', "What is to be posted must be a JSON object"),
        ({"text": ["x"]}, "Match error: Expected string, got array in field text"),
        (
            {"text": "x", "attachments": [5]},
            "Match error: Expected object, got number in field attachments[0]",
        ),
        (
            {"text": "x", "attachments": [{"image_url": "javascript:alert(1)"}]},
            "Match error: Failed Match.Where validation in field attachments[0].image_url",
        ),
        ({"text": "x", "tmid": "nothing"}, "error-invalid-message"),
        ({"text": "x" * 5001}, "error-message-size-exceeded"),
        (b"[" * 101 + b"]" * 101, "JSON that is nested deeper than 100 levels is not welcome here"),
    ],
)
async def test_what_can_not_be_posted_is_refused(hooks: HookWorld, body: Any, error: str) -> None:
    assert answer(await hooks.call(body)) == refused(error)
    assert await hooks.said() == []
    (record,) = await hooks.history()
    assert (record["step"], record["error"]) == ("refused", True)
    assert error in record["errorStack"] or record["errorStack"].endswith(f"[{error}]")


async def test_a_body_of_an_unknown_type_is_refused(hooks: HookWorld) -> None:
    given = await hooks.call(b"x", headers={"content-type": "image/png"})
    assert answer(given) == refused('The content type "image/png" is not supported', 415)


# Where


async def test_every_channel_of_the_integration_gets_the_message(hooks: HookWorld) -> None:
    await hooks.hook(ENG, TOWN, Link("@cid", "user", "u-cid"))
    assert answer(await hooks.call({"text": "x"})) == DONE
    (direct,) = await hooks.world.bodies("rooms", "direct", "u-bot,u-cid")
    assert [m["msg"] for m in await hooks.said()] == ["x"]
    assert [m.get("t") for m in await hooks.said("r-town")] == ["uj", None]
    assert [m["msg"] for m in await hooks.said(direct["_id"])] == ["x"]
    (record,) = await hooks.history()
    assert [sent["channel"] for sent in record["resultMessage"]] == ["#eng", "#town", "@cid"]


async def test_targets_that_are_one_room_get_the_message_each(hooks: HookWorld) -> None:
    await hooks.hook(overrideDestinationChannelEnabled=True)
    sent = {"text": "x", "channel": ["#town", "r-town", "@cid", "u-cid"]}
    assert answer(await hooks.call(sent)) == DONE
    (direct,) = await hooks.world.bodies("rooms", "direct", "u-bot,u-cid")
    assert [m.get("t") for m in await hooks.said("r-town")].count("uj") == 1
    assert len(await hooks.said("r-town")) == 3
    assert len(await hooks.said(direct["_id"])) == 2


async def test_the_first_target_that_fails_ends_the_call_and_those_before_it_stay(hooks: HookWorld) -> None:
    await hooks.hook(ENG, Link("#ops", "room", "r-ops"), TOWN)
    given = await hooks.call({"text": "x"}, headers={"idempotency-key": "k"})
    assert answer(given) == refused("error-not-allowed")
    assert [len(await hooks.said(rid)) for rid in ("r-eng", "r-ops", "r-town")] == [1, 0, 0]
    (record,) = await hooks.history()
    assert (record["step"], record["errorStack"]) == ("refused", "error-not-allowed")
    assert [sent["channel"] for sent in record["resultMessage"]] == ["#eng"]
    assert "finished" not in record
    again = await hooks.call({"text": "x"}, headers={"idempotency-key": "k"})
    assert (again.status, again.headers) == (400, ())


@pytest.mark.parametrize(
    "link", [Link("#gone", "room", None), Link("#gone", "room", "r-gone"), Link("@x", "user", "u-x")]
)
async def test_a_channel_that_is_gone(hooks: HookWorld, link: Link) -> None:
    await hooks.hook(link)
    assert answer(await hooks.call({"text": "x"})) == refused("invalid-channel")


async def test_a_room_that_takes_the_name_of_one_that_is_gone_gets_nothing(hooks: HookWorld) -> None:
    await hooks.hook(
        Link("#gone", "room", None), Link("@away", "user", None), Link("#r-old", "room", "r-old")
    )
    await hooks.world.room("gone", kind="c")
    await hooks.account("away", "user")
    await hooks.world.room("r-old", kind="c")
    for link in (Link("#gone", "room", None), Link("@away", "user", None), Link("#r-old", "room", "r-old")):
        await hooks.hook(link)
        assert answer(await hooks.call({"text": "x"})) == refused("invalid-channel")
    assert await hooks.said("r-gone") == await hooks.said("r-r-old") == []


async def test_without_a_channel_nothing_is_produced(hooks: HookWorld) -> None:
    await hooks.hook(bound=False)
    assert answer(await hooks.call({"text": "x"})) == refused("unknown-error")


OFF = "overriding destination channel is disabled for this integration"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"channel": "#eng"}, refused(OFF)),
        ({"roomId": "r-eng"}, refused(OFF)),
        ({"channel": ["#eng"]}, refused(OFF)),
        ({"channel": []}, refused(OFF)),
        ({"channel": "", "roomId": None}, DONE),
        ({"channel": 0, "roomId": False}, DONE),
    ],
)
async def test_naming_a_channel_needs_the_integrations_leave(
    hooks: HookWorld, named: dict[str, Any], expected: Any
) -> None:
    assert answer(await hooks.call({"text": "x"} | named)) == expected


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("#eng", DONE),
        ("eng", DONE),
        ("r-eng", DONE),
        ("#town", DONE),
        ("@cid", DONE),
        ("u-cid", DONE),
        ("#ops", refused("error-not-allowed")),  # the account that posts is not in it
        ("#nothing", refused("invalid-channel")),
        ("@nobody", refused("invalid-channel")),
        ("cid", refused("invalid-channel")),
        (5, refused("error-invalid-params")),
    ],
)
async def test_a_channel_that_the_call_names(hooks: HookWorld, channel: Any, expected: Any) -> None:
    await hooks.hook(overrideDestinationChannelEnabled=True)
    assert answer(await hooks.call({"text": "x", "channel": channel})) == expected


async def test_a_channel_that_the_call_names_must_be_its_creators_to_name(hooks: HookWorld) -> None:
    await hooks.hook(overrideDestinationChannelEnabled=True, _createdBy={"_id": "u-cid", "username": "cid"})
    await hooks.world.room("shared", "cid", "bot")
    for channel, expected in (
        ("#shared", DONE),  # cid is a member
        ("#eng", DONE),  # the integration is bound to it, whoever made it
        ("#town", refused("error-not-allowed")),
        ("@ann", refused("error-not-allowed")),
    ):
        assert answer(await hooks.call({"text": "x", "channel": channel})) == expected, channel
    for change in (hooks.account("cid", "user", active=False), hooks.world.write(Remove("users", "u-cid"))):
        await change
        assert answer(await hooks.call({"text": "x", "channel": "#shared"})) == refused("error-not-allowed")
        assert answer(await hooks.call({"text": "x"})) == DONE  # a creator who left does not stop it


async def test_who_changes_a_hook_does_not_borrow_its_creators_reach(hooks: HookWorld) -> None:
    await hooks.world.room("shared", "cid", "bot")
    cid, bob = {"_id": "u-cid", "username": "cid"}, {"_id": "u-bob", "username": "bob"}
    for changed_by, expected in ((cid, DONE), (bob, refused("error-not-allowed"))):
        await hooks.hook(overrideDestinationChannelEnabled=True, _createdBy=cid, _updatedBy=changed_by)
        assert answer(await hooks.call({"text": "x", "channel": "#shared"})) == expected


async def test_an_answer_by_target(hooks: HookWorld) -> None:
    await hooks.hook(overrideDestinationChannelEnabled=True)
    sent = {"text": "x", "channel": ["#nothing", "#eng", "#ops"], "separateResponse": True}
    status, body = answer(await hooks.call(sent, headers={"idempotency-key": "k"}))
    (message,) = await hooks.said()
    assert (status, body) == (
        200,
        {
            "responses": [
                {"channel": "#nothing", "error": "invalid-channel"},
                {"channel": "#eng", "message": message},
                {"channel": "#ops", "error": "error-not-allowed"},
            ],
            "success": True,
        },
    )
    (record,) = await hooks.history()
    assert (record["step"], record["finished"], "error" in record) == ("posted", True, False)
    again = await hooks.call(sent, headers={"idempotency-key": "k"})
    assert answer(again) == (status, body)
    assert again.headers == ((b"idempotency-replayed", b"true"),)


async def test_an_answer_by_target_where_all_fail(hooks: HookWorld) -> None:
    await hooks.hook(overrideDestinationChannelEnabled=True)
    sent = {"text": "x", "channel": ["#nothing", "#ops"], "separateResponse": True}
    responses = [
        {"channel": "#nothing", "error": "invalid-channel"},
        {"channel": "#ops", "error": "error-not-allowed"},
    ]
    assert answer(await hooks.call(sent)) == (400, {"success": False, "responses": responses})


async def test_an_answer_by_target_names_the_integrations_own_channels(hooks: HookWorld) -> None:
    status, body = answer(await hooks.call({"text": "x", "separateResponse": True}))
    assert (status, [one["channel"] for one in body["responses"]]) == (200, ["#eng"])


# What the account may do is asked at every call


@pytest.mark.parametrize("body", [{"alias": "CI"}, {"icon_url": "/a.png"}, {"username": "CI"}])
async def test_another_name_or_picture_needs_the_permission(hooks: HookWorld, body: dict[str, Any]) -> None:
    await hooks.account("bot", "user")
    assert answer(await hooks.call({"text": "x"} | body)) == refused("Not enough permission")
    await hooks.account("bot", "bot")
    assert answer(await hooks.call({"text": "x"} | body)) == DONE


async def test_access_is_asked_for_at_every_call(hooks: HookWorld) -> None:
    assert answer(await hooks.call({"text": "1"})) == DONE
    await hooks.world.write(Remove("subscriptions", "r-eng-bot"))
    assert answer(await hooks.call({"text": "2"})) == refused("error-not-allowed")
    await hooks.world.room("eng", "ann", "bot")
    assert answer(await hooks.call({"text": "3"})) == DONE
    await hooks.world.room("eng", "ann", "bot", ro=True)
    assert answer(await hooks.call({"text": "4"})) == refused(
        "You can't send messages because the room is readonly."
    )
    await hooks.world.room("eng", "ann", "bot", muted=["bot"])
    assert answer(await hooks.call({"text": "5"})) == refused("You_have_been_muted")
    await hooks.world.room("eng", "bot", "ann", ro=True)  # bot owns it
    assert answer(await hooks.call({"text": "6"})) == DONE
    await hooks.world.write(Remove("rooms", "r-eng"))
    assert answer(await hooks.call({"text": "7"})) == refused("invalid-channel")
    assert [message["msg"] for message in await hooks.said()] == ["1", "3", "6"]


# One commit


async def test_message_key_and_history_are_one_commit(hooks: HookWorld) -> None:
    commits: list[Changes] = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(hooks.store, name)

        async def commit(self, changes: Changes) -> None:
            commits.append(changes)
            await hooks.store.commit(changes)

    store: Any = Watched()
    given = await hooks.call({"text": "x"}, headers={"idempotency-key": "k"}, incoming=hooks.receiver(store))
    assert answer(given) == DONE
    (changes,) = commits
    assert [type(step).__name__ for step in changes.steps] == ["Put", "PutHistory", "PutKey"]


class Failing:
    """A store whose commits fail, some times or always."""

    def __init__(self, store: Store, error: Exception, times: int = 10**9) -> None:
        self._store, self._error, self._times = store, error, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, changes: Changes) -> None:
        self._times -= 1
        if self._times >= 0:
            raise self._error
        await self._store.commit(changes)


async def test_what_is_not_on_the_disk_is_not_accepted(hooks: HookWorld) -> None:
    store: Any = Failing(hooks.store, Unavailable("the disk is full"))
    with pytest.raises(Unavailable, match="the disk is full"):
        await hooks.call({"text": "x"}, headers={"idempotency-key": "k"}, incoming=hooks.receiver(store))
    assert await hooks.said() == await hooks.history() == []
    assert await hooks.store.answered(ID, "k", 0) is None


async def test_a_lost_race_is_run_again(hooks: HookWorld) -> None:
    store: Any = Failing(hooks.store, Conflict("a guard"), times=3)
    assert answer(await hooks.call({"text": "x"}, incoming=hooks.receiver(store))) == DONE
    assert len(await hooks.said()) == len(await hooks.history()) == 1


async def test_what_follows_from_a_message_is_asked_for(tmp_path: Any) -> None:
    events: list[Event] = []

    async def listen(changes: Changes, event: Event) -> None:
        events.append(event)

    async with hook_world(tmp_path, on_event=[listen]) as hooks:
        await hooks.hook(ENG, TOWN)
        assert answer(await hooks.call({"text": "x"})) == DONE
    assert {(event.kind, event.hops) for event in events} == {("sendMessage", 0), ("roomJoined", 0)}
    posted = [event for event in events if event.kind == "sendMessage"]
    assert [event.message and event.message.body["bot"] for event in posted] == [{"i": ID}, {"i": ID}]


# History


async def test_the_record_of_a_call(hooks: HookWorld) -> None:
    assert answer(await hooks.call({"text": "x", "n": 1})) == DONE
    (message,) = await hooks.said()
    (record,) = await hooks.history()
    integration = record.pop("integration")
    assert record == {
        "_id": record["_id"],
        "type": "incoming-webhook",
        "step": "posted",
        "data": {"text": "x", "n": 1},
        "resultMessage": [{"channel": "#eng", "message": message}],
        "finished": True,
        "_createdAt": STAMP,
        "_updatedAt": STAMP,
    }
    assert integration["name"] == "builds"
    assert integration["token"] == "*" * 44 + TOKEN[-4:]


async def test_no_record_shows_the_token(hooks: HookWorld) -> None:
    await hooks.call({"text": f"my token is {TOKEN}", "token": TOKEN, TOKEN: 1})
    await hooks.call({"text": "x", "channel": TOKEN})
    await hooks.call(b"{" + TOKEN.encode())
    records = await hooks.history()
    assert len(records) == 3
    assert TOKEN not in str(records)
    assert TOKEN[-4:] in str(records)
