"""No value that the guard finds is embedded, in whatever style; and no word stands for itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_guard import Guard, ProtectedEmbeddings
from lc_guard._placeholders import pseudonyms
from lc_guard._placeholders.grammar import PlaceholderStyle
from lc_guard._placeholders.pseudonyms import pseudonym
from lc_guard.testing import ExactDetector

from ..support.rag import CORPUS, HashingEmbeddings

KEY = b"k" * 32


def made(guard: Guard, form: Any) -> tuple[ProtectedEmbeddings, HashingEmbeddings]:
    inner = HashingEmbeddings()
    return ProtectedEmbeddings(inner, guard, session_id=CORPUS, form=form, batch_size=2), inner


@given(value=st.text(min_size=1))
def test_no_word_stands_for_itself(value: str) -> None:
    written = pseudonym(KEY, "PERSON", value)
    assert written == pseudonym(KEY, "ORGANIZATION", value), "whatever kind a detector took it for"
    assert re.fullmatch(r"\S+( \S+)*", written)
    words = written.split()
    assert set(words) <= {*pseudonyms._SURNAMES, *pseudonyms._FUNCTION_WORDS} | set(re.findall(r"[0-9]{4}", written))
    assert not set(re.findall(r"\w+", value.casefold())) - pseudonyms._FUNCTION_WORDS & set(
        map(str.casefold, words)
    ) or (
        len(words) > 1  # one word may stand for another one of the value
    )


PEOPLE = ["Zebulon Quartermain", "Ignatia Sloot", "Tom Baker", "Amy Pond", "Rory Pond", "Ann Lee", "Smith", "Lee Smith"]
STYLES: tuple[PlaceholderStyle, ...] = ("llm_guard", "angle", "square", "fake")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("form", ["names", "placeholders"])
@given(
    texts=st.lists(
        st.lists(st.sampled_from([*PEOPLE, "and", "[REDACTED_PERSON_1]", "<PERSON_1>", "Mr. Lee"]), max_size=4).map(
            " ".join
        ),
        min_size=1,
        max_size=4,
    ),
    query=st.lists(st.sampled_from([*PEOPLE, "and", "[PERSON_1]", "Mr. Pond"]), max_size=4).map(" ".join),
)
def test_nothing_that_the_guard_finds_is_embedded(
    form: Any, style: PlaceholderStyle, texts: list[str], query: str
) -> None:
    guard = Guard(ExactDetector({"PERSON": PEOPLE}), placeholder_style=style)
    embeddings, inner = made(guard, form)
    embeddings.embed_documents(texts)
    known = dict(guard.session(CORPUS).placeholders())
    embeddings.embed_query(query)
    assert dict(guard.session(CORPUS).placeholders()) == known
    full = [name for name in PEOPLE if " " in name]
    assert [name for name in full if any(name in text for text in inner.seen)] == []
    if form == "names":
        embeddings.embed_documents([query])
        assert inner.seen[-1] == inner.seen[-2], "a text has one vector, as document and as query"
