"""A target that does not have what was read is found by its checksums, and stays closed."""

import asyncio
from pathlib import Path

import pytest

from strongback.errors import Unavailable
from tests.copying.copies import copy, copy_here, fill, put
from tests.stores import database_url, execute, open_store

pytestmark = pytest.mark.sqlite


@pytest.mark.parametrize(
    ("damage", "table"),
    [
        ("UPDATE messages SET text = replace(text, 'one', 'two') WHERE id = 'm1'", "messages"),
        ("UPDATE messages SET pinned = true WHERE id = 'm1'", "messages"),
        ("UPDATE messages SET ts = '1' WHERE id = 'm1'", "messages"),
        ("UPDATE messages SET search = to_tsvector('simple', 'two') WHERE id = 'm1'", "messages"),
        ("UPDATE messages SET hidden = '' WHERE id = 'm1'", "messages"),
        ("DELETE FROM mentions", "mentions"),
        ("INSERT INTO trash VALUES ('m3', 'r1', 1)", "trash"),
        ("UPDATE rooms SET messages = messages + 1", "rooms"),
    ],
)
def test_a_changed_row_is_found_and_the_target_stays_closed(tmp_path: Path, damage: str, table: str) -> None:
    mentions = [{"_id": "u1"}]
    source = fill(tmp_path, put("messages", "m1", rid="r1", msg="one", mentions=mentions))
    target = database_url(tmp_path, "postgres")

    def tell(what: str, behind: int, total: int) -> None:
        if (what, behind) == ("copying mentions", total):
            execute(tmp_path, damage, store="postgres")

    done = asyncio.run(copy_here(source, target, tell))
    assert done.unequal == [table]
    with pytest.raises(
        Unavailable, match="holds a copy that is not finished: run the same `strongback copy` again"
    ):
        asyncio.run(open_store(tmp_path, "postgres"))
    again = copy(source, target)
    assert again.returncode == 1
    assert f"not equal: {table}; the target stays closed" in again.stdout
