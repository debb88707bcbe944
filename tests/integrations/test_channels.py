"""The channel of an integration: entries, and what they are bound to (spec/05 sections 1 and 2)."""

import pytest

from strongback.errors import Failure
from strongback.integrations.channels import bind, check_prefixes, split
from strongback.storage.steps import Link
from tests.room_world import IN_ALL, IN_OWN, OUT_ALL, OUT_OWN, RoomWorld

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rooms(world: RoomWorld) -> RoomWorld:
    """Ann is in `eng`, not in `ops`."""
    await world.users("ann", "bob")
    await world.room("eng", "ann")
    await world.room("ops", "bob")
    await world.room("town", "bob", kind="c")
    return world


def test_split() -> None:
    assert split(" #a, @b ,, ", drop_blank=True) == ["#a", "@b"]
    assert split("#a,,@b", drop_blank=False) == ["#a", "", "@b"]


@pytest.mark.parametrize(
    ("entries", "scopes", "holds"),
    [
        (["#a", "@b"], False, True),
        (["#a", "b"], False, False),
        (["#a", ""], False, False),
        (["all_private_groups"], False, False),
        (["all_private_groups", "ALL_Public_Channels", "#a"], True, True),
        (["all_things"], True, False),
    ],
)
def test_prefixes(entries: list[str], scopes: bool, holds: bool) -> None:
    if holds:
        check_prefixes(entries, {}, scopes=scopes)
    else:
        with pytest.raises(Failure, match=r"Invalid channel\. Start with @ or #") as caught:
            check_prefixes(entries, {}, scopes=scopes)
        assert caught.value.error == "error-invalid-channel-start-with-chars"


async def links(world: RoomWorld, *entries: str, held: tuple[str, ...] = (IN_ALL, IN_OWN)) -> list[Link]:
    return await bind(world.store, world.caller("ann", *held), entries, manage=IN_ALL, details={})


async def test_ids_and_names_bind_to_the_id_and_show_the_name(rooms: RoomWorld) -> None:
    assert await links(rooms, "#eng", "#r-eng", "#town", "@bob", "@u-bob", "@BOB") == [
        Link("#eng", "room", "r-eng"),
        Link("#eng", "room", "r-eng"),
        Link("#town", "room", "r-town"),
        Link("@bob", "user", "u-bob"),
        Link("@bob", "user", "u-bob"),
        Link("@bob", "user", "u-bob"),
    ]


@pytest.mark.parametrize("entry", ["#gone", "#", "@gone", "@", "@eng", "#bob", "#ENG", "#\ud800", "@\ud800"])
async def test_a_target_that_is_not_there(rooms: RoomWorld, entry: str) -> None:
    with pytest.raises(Failure) as caught:
        await links(rooms, "#eng", entry)
    assert (caught.value.text, caught.value.error) == ("Invalid room", "error-invalid-room")


@pytest.mark.parametrize(
    ("entry", "held", "may"),
    [
        ("#eng", (IN_OWN,), True),
        ("#eng", (IN_ALL,), True),
        ("#ops", (IN_OWN,), False),
        ("#ops", (IN_ALL,), False),
        ("#town", (IN_ALL,), False),
        ("#ops", (IN_ALL, IN_OWN), True),
        ("#ops", (IN_ALL, OUT_OWN, OUT_ALL), False),
        ("@bob", (IN_ALL,), False),
        ("@ann", (IN_OWN,), False),
        ("@bob", (IN_ALL, IN_OWN), True),
    ],
)
async def test_a_room_takes_membership_or_both_permissions(
    rooms: RoomWorld, entry: str, held: tuple[str, ...], may: bool
) -> None:
    if may:
        assert len(await links(rooms, entry, held=held)) == 1
        return
    with pytest.raises(Failure) as caught:
        await links(rooms, entry, held=held)
    assert (caught.value.text, caught.value.error) == ("Invalid Channel", "error-invalid-channel")


@pytest.mark.parametrize(
    ("entry", "held", "may"),
    [
        ("all_public_channels", (OUT_OWN,), True),
        ("all_private_groups", (OUT_OWN,), False),
        ("all_direct_messages", (OUT_OWN,), False),
        ("all_private_groups", (OUT_ALL,), True),
        ("all_direct_messages", (OUT_ALL,), True),
    ],
)
async def test_wide_scopes_take_the_permission_for_all(
    rooms: RoomWorld, entry: str, held: tuple[str, ...], may: bool
) -> None:
    caller = rooms.caller("ann", *held)
    if may:
        bound = await bind(rooms.store, caller, [entry], manage=OUT_ALL, details={})
        assert bound == [Link(entry, "scope", entry)]
        return
    with pytest.raises(Failure, match="Invalid Channel"):
        await bind(rooms.store, caller, [entry], manage=OUT_ALL, details={})
