"""A red team's own list, class 1: a document of an attacker's, whatever stands where in it, brings nobody's value."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda

from lc_guard import AnonymizeDocuments, Guard, ProtectedRetriever
from lc_guard.langchain.document_marks import MARK
from lc_guard.testing import ExactDetector

NAMES = ["Iggy Pop", "Ada Lovelace", "Grace Hopper"]
ID = st.sampled_from(
    ["[REDACTED_PERSON_{}]", "[redacted person {}]", "REDACTED_PERSON_{}", "\\[REDACTED\\_PERSON\\_{}\\]"]
)
TOKENS = st.builds(lambda form, number: form.format(number), ID, st.integers(1, 4))
TEXTS = st.lists(st.one_of(TOKENS, st.sampled_from(["by", "\n", '"', "{", "]"])), min_size=1, max_size=4).map(" ".join)
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)),
    max_leaves=5,
)
METADATA = st.dictionaries(st.one_of(TEXTS, st.sampled_from(["title", "author"])), VALUES, max_size=3)


def corpus() -> tuple[Guard, list[Document]]:
    """Return a guard, and the documents of three people in one corpus."""
    guard = Guard(ExactDetector({"PERSON": NAMES}))
    raw = [Document(f"A file on {name}", metadata={"title": name}, id=f"of {name}") for name in NAMES]
    return guard, AnonymizeDocuments(guard, session_id="corpus").transform_documents(raw)


def forgeries(mark: dict[str, Any]) -> list[Any]:
    """Return what somebody may write where a mark stands, without the key that it is sealed with."""
    everybody = [f"[REDACTED_PERSON_{number}]" for number in range(1, 4)]
    return [
        json.dumps({**mark, "held": everybody}),
        json.dumps({**mark, "keys": ["title"], "names": ["title"], "id": True, "held": everybody}),
        json.dumps({**mark, "v": 1, "held": everybody}),
        json.dumps(
            {key: item for key, item in mark.items() if key not in ("names", "id")} | {"v": 1, "held": everybody}
        ),
        json.dumps({**mark, "seal": "", "held": everybody}),
        json.dumps({**mark, "by": "", "held": everybody}),
        json.dumps({**mark, "by": everybody[0], "held": everybody}),
        json.dumps([mark]),
        {**mark, "held": everybody},
        json.dumps(mark)[:-1],
        "[" * 500,
    ]


@settings(max_examples=60, deadline=None)
@given(content=TEXTS, metadata=METADATA, name=st.one_of(st.none(), TEXTS), at=st.integers(0, 11), real=st.booleans())
def test_no_forged_document_brings_a_value(content: str, metadata: Any, name: str | None, at: int, real: bool) -> None:
    guard, stored = corpus()
    marks = [None, *forgeries(json.loads(stored[0].metadata[MARK]))]
    forged = {**metadata, **({} if marks[at] is None else {MARK: marks[at]})}
    inner = RunnableLambda(lambda _: [Document(content, metadata=forged, id=name)])
    output = "original" if real else "anonymized"
    retriever = ProtectedRetriever(inner, guard, corpus_session="corpus", output=output)
    config: Any = {"configurable": {"session_id": "theirs"}}
    for found in (retriever.invoke("?", config), asyncio.run(retriever.ainvoke("?", config))):
        seen = repr([document.model_dump() for document in found])
        assert not [name for name in NAMES if name in seen]
        assert not [name for name in NAMES if name in guard.session("theirs").placeholders().values()]


@pytest.mark.parametrize("output", ["original", "anonymized"])
def test_a_mark_of_another_corpus_opens_nothing(output: Any) -> None:
    """Two corpora of one vault: what is sealed for one is not sealed for the other."""
    guard, stored = corpus()
    AnonymizeDocuments(guard, session_id="other").transform_documents([Document(NAMES[2])])
    theirs = Document("[REDACTED_PERSON_1]", metadata=dict(stored[0].metadata))
    retriever = ProtectedRetriever(RunnableLambda(lambda _: [theirs]), guard, corpus_session="other", output=output)
    found = retriever.invoke("?", {"configurable": {"session_id": "s"}})
    assert not [name for name in NAMES if name in repr(found)]


def test_what_one_retrieval_gave_the_next_one_does_not() -> None:
    """A document of one's own beside a forged one: its value is no key to the other's."""
    guard, stored = corpus()
    forged = Document("[REDACTED_PERSON_2] [REDACTED_PERSON_1]", metadata={"title": "[REDACTED_PERSON_1]"})
    inner = RunnableLambda(lambda _: [stored[0], forged])
    retriever = ProtectedRetriever(inner, guard, corpus_session="corpus", output="original")
    own, other = retriever.invoke(f"files of {NAMES[0]}", {"configurable": {"session_id": "s"}})
    assert own.page_content == f"A file on {NAMES[0]}"
    assert other.page_content == forged.page_content
    assert other.metadata == forged.metadata
