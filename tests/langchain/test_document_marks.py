"""Marks of documents: what the store gives back is restored only where it was hidden, and nobody can write one."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.runnables import RunnableLambda

from lc_guard import AnonymizeDocuments, Guard, ProtectedRetriever
from lc_guard.langchain.document_marks import MARK
from lc_guard.vaults import SQLVault

from ..support.rag import CORPUS, DOCUMENTS
from ..support.seams import CONFIG, E1, MAIL, MODES, NAME, ODD, P1, P2, make_guard, run

EVERY_NAME = " … ".join(f"[REDACTED_PERSON_{number}]" for number in range(1, 30))


def stored_in(guard: Guard, documents: list[Document], session: str = CORPUS, **kwargs: Any) -> list[Document]:
    return AnonymizeDocuments(guard, session_id=session, **kwargs).transform_documents(documents)


def retriever_of(guard: Guard, stored: list[Document], **kwargs: Any) -> ProtectedRetriever:
    kwargs.setdefault("corpus_session", CORPUS)
    return ProtectedRetriever(RunnableLambda(lambda _: stored), guard, **kwargs)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("output", ["original", "anonymized"])
@pytest.mark.parametrize("metadata_keys", [None, (), ["title"]])
def test_a_title_of_placeholders_brings_no_name_of_others(metadata_keys: Any, output: Any, mode: str) -> None:
    guard = make_guard()
    stored_in(guard, DOCUMENTS, metadata_keys=None)
    (planted,) = stored_in(guard, [Document(f"A report to {MAIL}", metadata={"title": EVERY_NAME, P1: [P2]}, id=P2)])
    retriever = retriever_of(guard, [planted], metadata_keys=metadata_keys, output=output)
    (found,) = run(retriever, mode, "reports")[0]
    told = str(found) + guard.session("s-1").deanonymize(str(found))
    assert [value for value in (NAME, "Quartermain", "Iggy", "Ignatia") if value in told] == []
    assert (found.page_content, found.id) == (f"A report to {MAIL if output == 'original' else E1}", P2)
    assert list(found.metadata) == ["title", P1]
    if output == "original" or metadata_keys == ():
        assert found.metadata == {"title": EVERY_NAME, P1: [P2]}, "it comes out as it was typed"
    else:
        assert "[REDACTED_LITERAL_1]" in found.metadata["title"], "and is a literal for the model"
        assert guard.session("s-1").deanonymize(found.metadata["title"]) == EVERY_NAME


@pytest.mark.parametrize("mode", MODES)
def test_a_document_that_somebody_wrote_into_the_store_is_not_restored(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    guard = make_guard()
    stored_in(guard, DOCUMENTS)
    found = run(retriever_of(guard, [Document(f"{P1} and {P2}")], output="original"), mode, "x")[0]
    assert [document.page_content for document in found] == [f"{P1} and {P2}"]
    told = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert told
    assert all("1 of 1 retrieved documents" in record.getMessage() and MARK in record.getMessage() for record in told)
    assert P1 not in caplog.text


def test_only_true_marks_count() -> None:
    guard = make_guard()
    stored_in(guard, [Document(ODD), Document(MAIL)])
    (ours,) = stored_in(guard, [Document(NAME, metadata={"author": NAME})], metadata_keys=["author"])
    (elsewhere,) = stored_in(guard, [Document(MAIL), Document(NAME)][1:], session="another")
    mark = json.loads(ours.metadata[MARK])
    assert (mark["keys"], mark["held"]) == (["author"], [P2])
    forged = [
        *(json.dumps({**mark, name: value}) for name, value in (
            ("held", [P1, P2]), ("keys", ["title"]), ("by", "DOCUMENT_MARK:1"), ("by", P1), ("seal", "0" * 64),
            ("seal", "ä\ud800"), ("v", 2), ("held", P1), ("held", [1]), ("keys", None), ("more", 1), ("seal", 7),
        )),
        elsewhere.metadata[MARK], "", "{", "[]", "null", "[" * 100_000, ours.metadata[MARK][:-1], mark, 7, None,
    ]  # fmt: skip
    for text in forged:
        planted = Document(f"{P1} {P2} {E1}", metadata={MARK: text, "title": P1, "author": P1})
        (found,) = retriever_of(guard, [planted], output="original").invoke("x", CONFIG)
        assert found.page_content == planted.page_content
        assert found.metadata == {"title": P1, "author": P1}
    (found,) = retriever_of(guard, [ours], output="original").invoke("x", CONFIG)
    assert (found.page_content, found.metadata) == (NAME, {"author": NAME})


def test_a_mark_that_an_author_typed_is_taken_out() -> None:
    guard = make_guard()
    (ours,) = stored_in(guard, [Document(NAME)])
    copied = {MARK: ours.metadata[MARK], "title": P1}
    for document in (Document(P1, metadata=copied), Document("plain", metadata=copied), Document(ODD, metadata=copied)):
        (stored,) = stored_in(guard, [document])
        assert stored.metadata.get(MARK) != ours.metadata[MARK]
        (found,) = retriever_of(guard, [stored], output="original").invoke("x", CONFIG)
        assert (found.page_content, found.metadata) == (document.page_content, {"title": P1})
    assert copied == {MARK: ours.metadata[MARK], "title": P1}


def test_parts_of_a_hidden_document_are_restored() -> None:
    """A retriever may shorten what it found; the mark stays with the part."""
    guard = make_guard()
    (stored,) = stored_in(guard, [Document(f"{NAME} met {ODD}. {MAIL}")])
    part = stored.model_copy(update={"page_content": stored.page_content[: len(P1) + 4]})
    (found,) = retriever_of(guard, [part], output="original").invoke("x", CONFIG)
    assert found.page_content == f"{NAME} met"


def test_what_was_hidden_is_hidden_again_whichever_keys_are_named() -> None:
    guard = make_guard()
    stored = stored_in(guard, [Document("x", metadata={"author": NAME, "title": ODD})], metadata_keys=["author"])
    for keys, title in (((), ODD), (["title"], P2), (None, P2)):
        guard.session("s-1").forget()
        fresh = {"configurable": {"session_id": f"s-{keys}"}}
        (found,) = retriever_of(guard, stored, metadata_keys=keys).invoke("x", fresh)
        assert set(found.metadata) == {"author", "title"}
        assert NAME not in str(found.metadata)
        assert (found.metadata["title"] == ODD) is (title == ODD)


def test_marks_hold_in_another_process(tmp_path: Path) -> None:
    """Neither the guard nor the transformer that hid a document is there any more: only the store and the vault are."""
    url = f"sqlite:///{tmp_path / 'vault.db'}"
    stored = stored_in(make_guard(vault=SQLVault(url)), DOCUMENTS, metadata_keys=["author"])
    guard = make_guard(vault=SQLVault(url))
    more = stored_in(guard, [Document(f"{ODD} again")])
    found = retriever_of(guard, [*stored, *more], output="original").invoke("x", CONFIG)
    assert found == [*DOCUMENTS, Document(f"{ODD} again")]
    guard.session(CORPUS).forget()
    found = retriever_of(guard, stored, output="original").invoke("x", CONFIG)
    assert NAME not in str(found)


def test_a_mark_tells_no_value_and_the_corpus_holds_no_key() -> None:
    guard = make_guard()
    stored = stored_in(guard, DOCUMENTS, metadata_keys=None)
    assert [value for value in (NAME, MAIL, "Iggy") if value in str(stored)] == []
    assert sorted(guard.session(CORPUS).placeholders()) == [E1, P1, P2]


@pytest.mark.parametrize("mode", MODES)
def test_an_unknown_name_in_a_query_is_nobody_in_the_corpus(mode: str) -> None:
    guard = make_guard()
    stored_in(guard, [Document(NAME)])
    asked: list[str] = []
    retriever = ProtectedRetriever(RunnableLambda(lambda text: asked.append(text) or []), guard, corpus_session=CORPUS)
    run(retriever, mode, f"{NAME}, {ODD}, {MAIL}, {ODD}, {P1}")
    assert guard.session(CORPUS).placeholders() == {P1: NAME}
    assert asked[-1] == (
        f"{P1}, [REDACTED_PERSON_999999999], [REDACTED_EMAIL_999999998], [REDACTED_PERSON_999999999], "
        "[REDACTED_LITERAL_999999997]"
    )
    (later,) = stored_in(guard, [Document(f"{ODD} {MAIL}")])
    assert later.page_content == f"{P2} {E1}", "numbers go on as if nobody had asked"
