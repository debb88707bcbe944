"""The names of emoji."""

import pytest

from strongback.messages.shortnames import NAMES, is_standard, shortname


@pytest.mark.parametrize("text", ["smile", ":smile:", ":smile", "smile:", ":sm:ile:"])
def test_colons_are_taken_away_and_put_back(text: str) -> None:
    assert shortname(text) == ":smile:"


@pytest.mark.parametrize(
    "name",
    [
        "smile",
        "slight_smile",
        "thumbsup",
        "+1",
        "thumbup",
        "-1",
        "100",
        "heart",
        "thumbsup_tone3",
        "flag_de",
        "de",
    ],
)
def test_names_that_clients_send(name: str) -> None:
    assert is_standard(f":{name}:")


@pytest.mark.parametrize(
    "name", ["", "smiley face", "SMILE", "party_parrot", "smile\n", "../LICENSE", "\N{GRINNING FACE}"]
)
def test_what_is_no_name(name: str) -> None:
    assert not is_standard(f":{name}:")


def test_every_line_names_one_emoji() -> None:
    lines = NAMES.read_text(encoding="utf-8").splitlines()
    names = [name for line in lines for name in line.split()]
    assert (len(lines), len(names), len(set(names))) == (3_671, len(names), 5_972)
    assert not any(":" in name for name in names)
