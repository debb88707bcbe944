"""Reading threads."""

from typing import Any

import msgspec
import pytest

from strongback.documents.document import Document
from strongback.errors import Failure
from strongback.listing import Wanted
from strongback.messages import threads
from strongback.messages.build import Draft
from strongback.messages.sender import Sender
from strongback.storage.steps import MarkSeen, Put
from tests.messages.chat import Chat
from tests.room_world import NOW

pytestmark = pytest.mark.anyio


@pytest.fixture
async def ann(chat: Chat) -> Sender:
    return await chat.sender("ann")


@pytest.fixture
async def bob(chat: Chat) -> Sender:
    return await chat.sender("bob")


async def say(chat: Chat, who: Sender, text: str, root: Document | None = None) -> Document:
    chat.world.now += 1_000
    return await chat.say(who, Draft(text, tmid=None if root is None else root.id))


def texts(found: Any) -> list[str]:
    return [msgspec.json.decode(text)["msg"] for text in getattr(found, "texts", found)]


@pytest.fixture
async def roots(chat: Chat, ann: Sender, bob: Sender) -> list[Document]:
    """Three threads: `late` of Bob's, answered by Bob last, `early` of Ann's and `Mixed` of both; and a lone message."""
    late, early = await say(chat, bob, "late"), await say(chat, ann, "early")
    mixed = await say(chat, ann, "Mixed (a.b)")
    await say(chat, ann, "alone")
    await say(chat, ann, "reply", early)
    await say(chat, bob, "from bob", mixed)
    await say(chat, ann, "from ann", mixed)
    await say(chat, bob, "more", late)
    return [late, early, mixed]


@pytest.mark.usefixtures("roots")
async def test_threads_by_their_last_reply(chat: Chat, ann: Sender) -> None:
    found = await threads.of_room(chat.world.store, ann.caller, "r-eng", Wanted())
    assert (texts(found), found.total) == (["late", "Mixed (a.b)", "early"], 3)
    page = await threads.of_room(chat.world.store, ann.caller, "r-eng", Wanted(1, 1))
    assert (texts(page), page.total) == (["Mixed (a.b)"], 3)


@pytest.mark.usefixtures("roots")
@pytest.mark.parametrize(
    ("text", "found"),
    [("MIX", ["Mixed (a.b)"]), ("(a.b)", ["Mixed (a.b)"]), ("a.", ["Mixed (a.b)"]), ("l.te", []), ("*", [])],
)
async def test_threads_whose_root_holds_a_text(chat: Chat, ann: Sender, text: str, found: list[str]) -> None:
    assert texts(await threads.of_room(chat.world.store, ann.caller, "r-eng", Wanted(), text=text)) == found


@pytest.mark.usefixtures("roots")
async def test_threads_that_one_follows(chat: Chat, ann: Sender, bob: Sender) -> None:
    for who, found in ((ann, ["Mixed (a.b)", "early"]), (bob, ["late", "Mixed (a.b)"])):
        mine = await threads.of_room(chat.world.store, who.caller, "r-eng", Wanted(), which="following")
        assert texts(mine) == found


@pytest.mark.usefixtures("roots")
async def test_threads_that_one_has_not_read(chat: Chat, bob: Sender) -> None:
    async def unread() -> list[str]:
        return texts(await threads.of_room(chat.world.store, bob.caller, "r-eng", Wanted(), which="unread"))

    await chat.world.write(MarkSeen("r-eng", "u-bob", NOW + 6_000))
    assert await unread() == ["late", "Mixed (a.b)"]
    await chat.world.write(MarkSeen("r-eng", "u-bob", NOW + 7_000))
    assert await unread() == ["late"]
    await chat.world.write(MarkSeen("r-eng", "u-bob", NOW + 8_000))
    assert await unread() == []


async def test_nobody_has_unread_threads_outside(chat: Chat) -> None:
    cid = await chat.sender("cid")
    found = await threads.of_room(chat.world.store, cid.caller, "r-town", Wanted(), which="unread")
    assert (found.texts, found.total) == ([], 0)


async def test_replies_oldest_first(chat: Chat, ann: Sender, roots: list[Document]) -> None:
    found = await threads.replies(chat.world.store, ann.caller, roots[2].id, Wanted())
    assert (texts(found), found.total) == (["from bob", "from ann"], 2)
    turned = await threads.replies(chat.world.store, ann.caller, roots[2].id, Wanted(sort={"ts": -1}))
    assert texts(turned) == ["from ann", "from bob"]


async def test_what_changed(chat: Chat, ann: Sender, roots: list[Document]) -> None:
    store, caller = chat.world.store, ann.caller
    assert texts(await threads.changed_roots(store, caller, "r-eng", NOW + 7_000)) == ["late"]
    assert texts(await threads.changed_roots(store, caller, "r-eng", NOW)) == ["Mixed (a.b)", "early", "late"]
    assert texts(await threads.changed_replies(store, caller, roots[2].id, NOW + 6_000)) == ["from ann"]


async def test_hidden_replies_never_show(chat: Chat, ann: Sender, roots: list[Document]) -> None:
    reply = await say(chat, ann, "hidden", roots[0])
    await chat.world.write(Put("messages", Document(reply.id, reply.body | {"_hidden": True}, reply.dates)))
    assert texts(await threads.replies(chat.world.store, ann.caller, roots[0].id, Wanted())) == ["more"]


async def test_who_may_read_threads(chat: Chat, roots: list[Document]) -> None:
    store, cid = chat.world.store, (await chat.sender("cid")).caller
    off = (await chat.sender("ann", Threads_enabled=False)).caller
    for caller, text in ((cid, "Not Allowed"), (off, "Threads Disabled")):
        for read in (
            threads.of_room(store, caller, "r-eng", Wanted()),
            threads.replies(store, caller, roots[0].id, Wanted()),
            threads.changed_roots(store, caller, "r-eng", 0),
            threads.changed_replies(store, caller, roots[0].id, 0),
        ):
            with pytest.raises(Failure) as caught:
                await read
            assert caught.value.message == f"{text} [error-not-allowed]"
    with pytest.raises(Failure) as caught:
        await threads.replies(store, cid, "nothing", Wanted())
    assert caught.value.message == "Invalid Message [error-invalid-message]"
