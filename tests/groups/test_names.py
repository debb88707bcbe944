"""Which names rooms may have (spec/04 section 3)."""

import pytest

from strongback.errors import Failure
from strongback.groups import names
from strongback.storage.guards import Absent
from tests.room_world import RoomWorld

pytestmark = pytest.mark.anyio


async def test_form(world: RoomWorld) -> None:
    ann = world.caller("ann")
    assert names.checked(ann, "  a.B_c-1 ") == "a.B_c-1"
    assert names.checked(ann, "x" * 255) == "x" * 255
    for name in ("x" * 256, "a b", "ADMIN", "user", "ä", "a/b"):
        with pytest.raises(Failure) as caught:
            names.checked(ann, name)
        assert caught.value.error == "error-invalid-room-name"
        assert caught.value.details == {"channel_name": name}


async def test_what_is_free_is_guarded(world: RoomWorld) -> None:
    ann = world.caller("ann")
    assert await names.free(world.store, ann, "eng") == Absent("rooms", "name", "eng")
    assert await names.free_of_users(world.store, ann, "Eng") == Absent("users", "username_fold", "eng")
