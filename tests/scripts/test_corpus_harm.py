"""The corpus does its harm where nothing stands in its way; a script that does none would prove nothing."""

from pathlib import Path

import pytest

from tests.scripts.hostile import CASES, Hostile, happened, unwalled


@pytest.mark.parametrize("hostile", CASES)
def test_without_a_wall(hostile: Hostile, tmp_path: Path) -> None:
    damage = unwalled(hostile, tmp_path)
    assert happened(hostile, damage), damage
