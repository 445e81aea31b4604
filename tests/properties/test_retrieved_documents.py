"""Whoever retrieves a document gets what it held, and nothing of what others put into the corpus or asked it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda

from lc_guard import AnonymizeDocuments, Guard, ProtectedRetriever
from lc_guard._placeholders.grammar import PlaceholderStyle
from lc_guard.langchain.document_marks import MARK
from lc_guard.testing import ExactDetector

PEOPLE = ["Zebulon Quartermain", "Ignatia Sloot", "Tom Baker", "Amy Pond", "Rory Pond", "Ann Lee"]
OTHERS = PEOPLE[:4]
CORPUS = "corpus"
STYLES: tuple[PlaceholderStyle, ...] = ("llm_guard", "angle", "square", "fake")
FOREIGN = Document(" and ".join(OTHERS), metadata={"author": OTHERS[0], "note": [OTHERS[1], {"by": OTHERS[2]}]})


def corpus_of(style: PlaceholderStyle) -> tuple[Guard, list[str], str]:
    """A guard whose corpus holds other people's document, with its placeholders and its mark."""
    guard = Guard(ExactDetector({"PERSON": PEOPLE}), placeholder_style=style)
    (hidden,) = AnonymizeDocuments(guard, session_id=CORPUS).transform_documents([FOREIGN])
    return guard, list(guard.session(CORPUS).placeholders()), hidden.metadata[MARK]


def documents(placeholders: Sequence[str], mark: str) -> st.SearchStrategy[Document]:
    """Documents with look-alikes, mangled ones too, and people of their own, anywhere."""
    typed = st.sampled_from(placeholders).flatmap(
        lambda token: st.sampled_from(
            [token, token.lower(), token.replace("_", " "), token[1:-1], token[:-1], f"\\{token}", token * 2, mark]
        )
    )
    texts = st.lists(st.one_of(typed, st.sampled_from(PEOPLE[3:]), st.text(max_size=4)), max_size=5).map(" ".join)
    names = st.one_of(st.sampled_from(["author", "title", "source", MARK]), typed, texts)
    values = st.recursive(
        st.one_of(texts, st.integers()),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
        max_leaves=4,
    )
    return st.builds(
        Document, texts, metadata=st.dictionaries(names, values, max_size=4), id=st.one_of(st.none(), texts)
    )


KEYS = st.one_of(st.none(), st.lists(st.sampled_from(["author", "title", "source"]), unique=True))


def retrieve(retriever: ProtectedRetriever, mode: str, query: str, session: str) -> list[Document]:
    config: Any = {"configurable": {"session_id": session}}
    match mode:
        case "ainvoke":
            return asyncio.run(retriever.ainvoke(query, config))
        case "batch":
            return retriever.batch([query, query], config)[1]
        case "abatch":
            return asyncio.run(retriever.abatch([query, query], config))[1]
    return retriever.invoke(query, config)


def text_of(document: Document) -> str:
    return repr((document.page_content, document.metadata, document.id))


WAYS = [*(("invoke", style) for style in STYLES), *((mode, "llm_guard") for mode in ("ainvoke", "batch", "abatch"))]


@pytest.mark.parametrize(("mode", "style"), WAYS)
@given(data=st.data(), hidden_keys=KEYS, read_keys=KEYS, hide_ids=st.booleans(), through_us=st.booleans())
def test_a_document_brings_no_value_that_it_did_not_hold(
    style: PlaceholderStyle,
    mode: str,
    data: st.DataObject,
    hidden_keys: Any,
    read_keys: Any,
    hide_ids: Any,
    *,
    through_us: bool,
) -> None:
    guard, placeholders, mark = corpus_of(style)
    written = data.draw(documents(placeholders, mark))
    if not through_us:  # somebody who writes into the store himself has no mark that is true
        written.metadata.pop(MARK, None)
    before = written.model_copy(deep=True)
    hide = AnonymizeDocuments(guard, session_id=CORPUS, metadata_keys=hidden_keys, hide_ids=hide_ids)
    (stored,) = hide.transform_documents([written]) if through_us else [written]
    retriever = ProtectedRetriever(
        RunnableLambda(lambda _: [stored]),
        guard,
        corpus_session=CORPUS,
        metadata_keys=read_keys,
        output=data.draw(st.sampled_from(["original", "anonymized"])),
    )
    (found,) = retrieve(retriever, mode, "a question", "somebody")
    assert written == before, "nothing is mutated"
    held = text_of(before)
    told = text_of(found) + guard.session("somebody").deanonymize(text_of(found))
    assert [name for name in PEOPLE if name in told and name not in held] == []
    assert not set(guard.session("somebody").placeholders().values()) & {name for name in PEOPLE if name not in held}
    if retriever.output == "original":
        plain = before.model_copy(update={"metadata": {k: v for k, v in before.metadata.items() if k != MARK}})
        assert found == plain, "each document comes back as it was written"


@pytest.mark.parametrize(("mode", "style"), WAYS)
@given(query=st.lists(st.sampled_from([*PEOPLE, "and", "[REDACTED_PERSON_9]", "Mr. Lee"]), max_size=5).map(" ".join))
def test_a_query_leaves_nothing_in_the_corpus(style: PlaceholderStyle, mode: str, query: str) -> None:
    guard, placeholders, _ = corpus_of(style)
    before = dict(guard.session(CORPUS).placeholders())
    asked: list[str] = []
    retriever = ProtectedRetriever(RunnableLambda(lambda text: asked.append(text) or []), guard, corpus_session=CORPUS)
    retrieve(retriever, mode, query, "asker")
    assert dict(guard.session(CORPUS).placeholders()) == before
    assert [name for name in PEOPLE if name in asked[-1]] == []
    for name, placeholder in zip(OTHERS, placeholders, strict=False):
        assert (placeholder in asked[-1]) is (name in query), "what the corpus knows is searched for as it stands there"
    assert guard.session(CORPUS).deanonymize(asked[-1]).count("Ann Lee") == 0
