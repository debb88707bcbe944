"""The words of texts: PostgreSQL finds what FTS5 finds on SQLite, and takes whatever text comes."""

import sqlite3
import sys
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import asyncpg
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strongback.errors import Failure
from strongback.storage.postgres.words import MOST_ASKED, MOST_BYTES, query, vector, words_of
from strongback.storage.sqlite.selections import quoted
from tests.stores import database_url

if TYPE_CHECKING:
    from strongback.storage.postgres.connection import Connection

pytestmark = pytest.mark.anyio

UNLIKE = "\u01e0\u01e1"
"""FTS5 keeps the accents of this letter alone (capital and small A with dot above and macron)."""

OLD = "".join(
    character
    for character in map(chr, range(1, sys.maxunicode + 1))
    if unicodedata.ucd_3_2_0.category(character) == unicodedata.category(character) not in ("Cn", "Cs")
    and character not in UNLIKE
)
"""The characters that FTS5 and Python know alike: FTS5 takes any that came after 2012 for a letter."""

LIKELY = "aAbÁá\u0301\u0345 -'\"\\.:&|!<>()*#~ßẞıİσςΣǅ٣²Ⅷ\ue000ế漢हि\0\n"
SOME = st.text(st.sampled_from(LIKELY), max_size=12) | st.text(st.sampled_from(OLD), max_size=20)
IDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.fixture(scope="module")
def fts5() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE t USING fts5 (words, tokenize = 'unicode61 remove_diacritics 2')"
        )
        connection.execute("CREATE VIRTUAL TABLE terms USING fts5vocab (t, 'instance')")
        yield connection


@pytest.fixture(scope="module")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator["Connection"]:
    connection = await asyncpg.connect(database_url(tmp_path_factory.mktemp("words"), "postgres"))
    yield connection
    await connection.close()


async def matches(postgres: "Connection", vector: str, query: str | None) -> bool:
    if query is None:
        return False
    found: bool = await postgres.fetchval("SELECT $1::text::tsvector @@ $2::text::tsquery", vector, query)
    return found


def test_every_old_character_is_folded_as_fts5_folds_it(fts5: sqlite3.Connection) -> None:
    fts5.execute("DELETE FROM t")
    fts5.execute("INSERT INTO t VALUES (?)", (" ".join(f"x{character}y" for character in OLD),))
    terms = [term for (term,) in fts5.execute("SELECT term FROM terms ORDER BY offset")]
    assert words_of(" ".join(f"x{character}y" for character in OLD)) == terms
    assert len(terms) > 100_000


@settings(deadline=None)
@given(text=SOME)
@example(text="a\u0301b \u0301c a\u0345b")
def test_a_text_has_the_words_that_fts5_finds(fts5: sqlite3.Connection, text: str) -> None:
    fts5.execute("DELETE FROM t")
    fts5.execute("INSERT INTO t VALUES (?)", (text,))
    assert words_of(text) == [term for (term,) in fts5.execute("SELECT term FROM terms ORDER BY offset")]


@settings(max_examples=300, deadline=None)
@given(text=SOME, words=st.lists(SOME, min_size=1, max_size=3), taken=st.slices(20))
@example(text="quick brown fox", words=["brown-FOX", "quick"], taken=slice(0))
@example(text="quick brown fox", words=["fox-brown"], taken=slice(0))
@example(text="quick brown fox", words=["quick-fox"], taken=slice(0))
@example(text="quick", words=["quick", "!"], taken=slice(0))
@example(text="it's \\' a", words=["it's"], taken=slice(0))
async def test_a_search_finds_what_fts5_finds(
    fts5: sqlite3.Connection, postgres: "Connection", text: str, words: list[str], taken: slice
) -> None:
    fts5.execute("DELETE FROM t")
    fts5.execute("INSERT INTO t VALUES (?)", (text,))
    for asked in (words, [text[taken] or "a"]):
        asked = [word.replace("\0", " ") for word in asked]  # a query of FTS5 ends there
        terms = " AND ".join(map(quoted, asked))
        expected = fts5.execute("SELECT count(*) FROM t WHERE t MATCH ?", (terms,)).fetchone() == (1,)
        assert await matches(postgres, vector("r1", text), query("r1", asked)) == expected, asked


@settings(max_examples=300, deadline=None)
@given(rid=IDS, other=IDS, text=st.text(), words=st.lists(st.text(), max_size=3))
@example(rid="a", other="A", text="a", words=["a"])
@example(rid="'", other="\\", text="'\\ '' \\\\", words=["'", "\\"])
@example(rid="x" * MOST_BYTES, other="x" * (MOST_BYTES + 1), text="x" * 3_000, words=["x" * 3_000])
async def test_postgresql_takes_any_text_and_keeps_rooms_apart(
    postgres: "Connection", rid: str, other: str, text: str, words: list[str]
) -> None:
    stored = vector(rid, text)
    await matches(postgres, stored, query(rid, words))
    assert await matches(postgres, stored, query(rid, []))
    assert await matches(postgres, stored, query(other, [])) == (rid == other)
    assert not await matches(postgres, vector("r1", f"{other} {words}"), query(other, []))


async def test_long_words_and_long_texts_are_found(postgres: "Connection") -> None:
    long = "x" * 3_000
    stored = vector("r1", f"before {long} after")
    assert await matches(postgres, stored, query("r1", [f"{long}-after"]))
    assert not await matches(postgres, stored, query("r1", [long[:-1]]))
    many = vector("r1", " ".join(f"word{n} same" for n in range(20_000)))
    assert await matches(postgres, many, query("r1", ["word19999", "word7-same-word8"]))
    often = vector("r1", "same " * 500_000 + "last")
    assert await matches(postgres, often, query("r1", ["same", "last"]))
    most = vector("r1", " ".join(f"word{n}" for n in range(300_000)))
    assert await matches(postgres, most, query("r1", ["word9"]))


async def test_a_search_of_too_many_words_is_refused(postgres: "Connection") -> None:
    text = "a b " * (MOST_ASKED // 2)
    assert await matches(postgres, vector("r1", text), query("r1", text.split()))
    assert not await matches(postgres, vector("r1", text[:-2]), query("r1", [text]))
    with pytest.raises(Failure, match="2000 words"):
        query("r1", [text, "c"])
