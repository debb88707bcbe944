"""Pictures of accounts that have none."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongback.accounts import avatar
from strongback.documents.document import Document
from strongback.errors import Failure
from tests.accounts.conftest import World

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("name", "letter"),
    [("ann", "A"), ("_bob", "B"), ("7of9", "7"), ("ß", "SS"), ("émile", "É"), ("...", "?"), ("", "?")],
)
def test_a_name_is_shown_by_its_first_letter(name: str, letter: str) -> None:
    assert avatar.initial(name) == letter
    drawn = ElementTree.fromstring(avatar.svg(name))
    assert [child.tag for child in drawn] == [f"{SVG}rect", f"{SVG}text"]
    assert drawn[1].text == letter


@given(st.text())
def test_no_name_is_more_than_text(name: str) -> None:
    drawn = ElementTree.fromstring(avatar.svg(name))
    assert [child.tag for child in drawn] == [f"{SVG}rect", f"{SVG}text"]
    assert drawn[0].get("fill") in avatar.COLOURS


def test_one_name_has_one_picture_and_names_differ_in_colour() -> None:
    assert avatar.svg("ann") == avatar.svg("ann")
    colours = {ElementTree.fromstring(avatar.svg(f"user-{n}"))[0].get("fill") for n in range(100)}
    assert len(colours) > 10


@pytest.mark.parametrize(
    ("site", "name", "path"),
    [
        ("http://localhost:3000", "ann", "/avatar/ann"),
        ("https://chat.example.com/", "ann", "/avatar/ann"),
        ("https://example.com/chat/", "ann", "/chat/avatar/ann"),
        ("", "a/b c?ü\r\n", "/avatar/a%2Fb%20c%3F%C3%BC%0D%0A"),
    ],
)
def test_where_a_picture_is(site: str, name: str, path: str) -> None:
    assert avatar.path({"Site_Url": site}, name) == path


async def imported(world: World, username: str) -> Document:
    user = await world.user(username)
    body = await world.body("users", user.id) | {"avatarOrigin": "upload", "avatarETag": "x"}
    await world.put("users", Document(user.id, body))
    return user


@pytest.mark.anyio
async def test_an_imported_picture_goes(world: World) -> None:
    ann = await imported(world, "ann")
    await avatar.reset(world.store, world.clock, await world.caller("ann"), ann.id)
    body = await world.body("users", ann.id)
    assert not {"avatarOrigin", "avatarETag"} & body.keys()
    assert body["username"] == "ann"


@pytest.mark.anyio
async def test_anothers_picture_needs_a_permission_and_ones_own_the_setting(world: World) -> None:
    ann, bob = await imported(world, "ann"), await imported(world, "bob")

    async def refusal(user: Document) -> tuple[str | None, str]:
        with pytest.raises(Failure) as refused:
            await avatar.reset(world.store, world.clock, await world.caller("bob"), user.id)
        return refused.value.error, refused.value.text

    expected = ("error-not-allowed", "Reset avatar is not allowed")
    assert await refusal(ann) == expected
    await world.setting("Accounts_AllowUserAvatarChange", value=False)
    assert await refusal(bob) == expected
    await avatar.reset(world.store, world.clock, await world.caller(), ann.id)
    assert "avatarETag" not in await world.body("users", ann.id)
