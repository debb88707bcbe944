"""Signing secrets are sealed with a key outside the database, and never silently lost."""

import stat
from pathlib import Path

import pytest

from strongback.errors import Failure, Unavailable
from strongback.webhooks.secrets import KEY_FILE, Secrets

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
KEY = "a key of at least 32 characters, this"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the key is to be."""
    return tmp_path / KEY_FILE


def test_what_is_sealed_is_unsealed(file: Path) -> None:
    secrets = Secrets("", file)
    assert secrets.unseal("i1", secrets.seal("i1", SECRET)) == SECRET
    assert Secrets("", file).unseal("i1", secrets.seal("i1", SECRET)) == SECRET


def test_the_sealed_bytes_show_nothing_and_are_never_the_same(file: Path) -> None:
    secrets = Secrets(KEY, file)
    first, second = secrets.seal("i1", SECRET), secrets.seal("i1", SECRET)
    assert first != second
    assert SECRET.encode() not in first
    assert b"MDEyMzQ1" not in first


def test_the_first_seal_makes_the_key_for_its_owner_alone(file: Path) -> None:
    secrets = Secrets("", file)
    assert not file.exists()
    secrets.seal("i1", SECRET)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().strip()) == 43  # 32 random bytes in base64
    assert [path.name for path in file.parent.iterdir()] == [KEY_FILE]


def test_with_the_setting_there_is_no_file(file: Path) -> None:
    Secrets(KEY, file).seal("i1", SECRET)
    assert not file.exists()


def test_the_same_setting_unseals_after_a_restart(file: Path) -> None:
    sealed = Secrets(KEY, file).seal("i1", SECRET)
    assert Secrets(KEY, file).unseal("i1", sealed) == SECRET


def test_a_secret_moved_to_another_integration_is_refused(file: Path) -> None:
    secrets = Secrets(KEY, file)
    with pytest.raises(
        Unavailable, match="integration i2 was not sealed with the key in STRONGBACK_SECRET_KEY"
    ):
        secrets.unseal("i2", secrets.seal("i1", SECRET))


@pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
def test_an_altered_secret_is_refused(file: Path, position: int) -> None:
    secrets = Secrets(KEY, file)
    sealed = bytearray(secrets.seal("i1", SECRET))
    sealed[position] ^= 1
    with pytest.raises(Unavailable):
        secrets.unseal("i1", bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(12), SECRET.encode()])
def test_what_is_no_sealed_secret_is_refused(file: Path, sealed: bytes) -> None:
    with pytest.raises(Unavailable):
        Secrets(KEY, file).unseal("i1", sealed)


def test_another_key_names_the_one_in_use(file: Path) -> None:
    sealed = Secrets("", file).seal("i1", SECRET)
    with pytest.raises(Unavailable, match="STRONGBACK_SECRET_KEY"):
        Secrets(KEY, file).unseal("i1", sealed)
    file.write_text("x" * 43)
    with pytest.raises(Unavailable, match=str(file)):
        Secrets("", file).unseal("i1", sealed)


def test_a_lost_key_is_named_and_no_new_one_made(file: Path) -> None:
    sealed = Secrets("", file).seal("i1", SECRET)
    file.unlink()
    with pytest.raises(Unavailable, match=f"the key {file} is gone"):
        Secrets("", file).unseal("i1", sealed)
    assert not file.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_that_others_can_read_is_refused(file: Path, mode: int) -> None:
    Secrets("", file).seal("i1", SECRET)
    file.chmod(mode)
    with pytest.raises(Unavailable, match="can be read by others"):
        Secrets("", file).seal("i1", SECRET)


@pytest.mark.parametrize("content", ["short", "", "\n"])
def test_a_damaged_key_is_neither_used_nor_replaced(file: Path, content: str) -> None:
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(Unavailable, match="is damaged"):
        Secrets("", file).seal("i1", SECRET)
    assert file.read_text() == content


def test_a_folder_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "missing" / KEY_FILE
    with pytest.raises(Unavailable, match=f"the key {file} can not be written: No such file"):
        Secrets("", file).seal("i1", SECRET)


def test_no_error_shows_the_secret_or_the_key(file: Path) -> None:
    secrets = Secrets(KEY, file)
    for integration_id, sealed in (("i2", secrets.seal("i1", SECRET)), ("i1", SECRET.encode())):
        with pytest.raises(Unavailable) as caught:
            secrets.unseal(integration_id, sealed)
        assert SECRET not in str(caught.value)
        assert KEY not in str(caught.value)


def test_where_nodes_share_a_database_the_key_must_be_given() -> None:
    with pytest.raises(Failure, match="STRONGBACK_SECRET_KEY, the same on every node"):
        Secrets("", None).seal("i1", SECRET)
    with pytest.raises(Unavailable, match="set STRONGBACK_SECRET_KEY to it"):
        Secrets("", None).unseal("i1", Secrets(KEY, None).seal("i1", SECRET))
    assert Secrets(KEY, None).unseal("i1", Secrets(KEY, None).seal("i1", SECRET)) == SECRET
