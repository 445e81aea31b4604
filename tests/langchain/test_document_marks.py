"""Marks of documents: what the store gives back is restored only where it was hidden, and nobody can write one."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, index
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore

from lc_guard import (
    Anonymize,
    AnonymizeDocuments,
    Deanonymize,
    Guard,
    GuardMiddleware,
    ProtectedRetriever,
    SessionMissing,
    protect,
)
from lc_guard.langchain.corpus_keys import key_session
from lc_guard.langchain.document_marks import MARK, _seal
from lc_guard.vaults import MemoryVault, SQLVault

from ..support.rag import CORPUS, DOCUMENTS, HashingEmbeddings
from ..support.seams import CONFIG, E1, MAIL, MODES, NAME, ODD, P1, P2, BatchDetector, make_guard, openai, run

EVERY_NAME = " … ".join(f"[REDACTED_PERSON_{number}]" for number in range(1, 30))


def stored_in(guard: Guard, documents: list[Document], session: str = CORPUS, **kwargs: Any) -> list[Document]:
    return AnonymizeDocuments(guard, session_id=session, **kwargs).transform_documents(documents)


def retriever_of(guard: Guard, stored: list[Document], **kwargs: Any) -> ProtectedRetriever:
    kwargs.setdefault("corpus_session", CORPUS)
    return ProtectedRetriever(RunnableLambda(lambda _: stored), guard, **kwargs)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("output", ["original", "anonymized"])
@pytest.mark.parametrize("read_keys", [None, ()])
@pytest.mark.parametrize("hidden_keys", [None, ()])
def test_a_title_of_placeholders_brings_no_name_of_others(
    hidden_keys: Any, read_keys: Any, output: Any, mode: str
) -> None:
    guard = make_guard()
    stored_in(guard, DOCUMENTS)
    written = Document(f"A report to {MAIL}", metadata={"title": EVERY_NAME, P1: [P2, {P1: 1}]}, id=P2)
    (planted,) = stored_in(guard, [written], metadata_keys=hidden_keys)
    retriever = retriever_of(guard, [planted], metadata_keys=read_keys, output=output)
    (found,) = run(retriever, mode, "reports")[0]
    session = guard.session("s-1")
    told = str(found) + session.deanonymize(str(found))
    assert [value for value in (NAME, "Quartermain", "Iggy", "Ignatia") if value in told] == []
    if output == "original":
        assert found == written, "it comes out as it was typed"
        return
    assert found.page_content == f"A report to {E1}"
    assert session.deanonymize(found.id or "") == P2 != found.id, "an id is a literal for the model as well"
    if hidden_keys is None or read_keys is None:
        assert P1 not in str(found)
        assert "[REDACTED_LITERAL_1]" in found.metadata["title"]
        assert session.deanonymize(str(found.metadata)) == str(written.metadata)
    else:
        assert found.metadata == written.metadata


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
            ("held", [P1, P2]), ("keys", ["title"]), ("by", "DOCUMENT_MARK:2"), ("by", P1), ("seal", "0" * 64),
            ("seal", "ä\ud800"), ("v", 1), ("v", 3), ("v", True), ("held", P1), ("held", [1]),
            ("keys", None), ("more", 1), ("seal", 7),
            ("names", ["title"]), ("names", None), ("id", True), ("id", 1),
        )),
        elsewhere.metadata[MARK], "", "{", "[]", "null", "[" * 100_000, ours.metadata[MARK][:-1], mark, 7, None,
    ]  # fmt: skip
    for text in forged:
        planted = Document(f"{P1} {P2} {E1}", metadata={MARK: text, "title": P1, "author": P1}, id=P2)
        (found,) = retriever_of(guard, [planted], output="original").invoke("x", CONFIG)
        assert (found.page_content, found.id) == (planted.page_content, P2)
        assert found.metadata == {"title": P1, "author": P1}
    (found,) = retriever_of(guard, [ours], output="original").invoke("x", CONFIG)
    assert (found.page_content, found.metadata) == (NAME, {"author": NAME})


def test_a_mark_that_an_author_typed_is_taken_out() -> None:
    guard = make_guard()
    (ours,) = stored_in(guard, [Document(NAME)])
    copied = {MARK: ours.metadata[MARK], "title": P1}
    for document in (Document(P1, metadata=copied), Document("plain", metadata=copied), Document(ODD, metadata=copied)):
        (stored,) = stored_in(guard, [document], metadata_keys=())
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


def test_marks_of_the_first_version_hold() -> None:
    """They know no names and no ids; a store is not hidden anew because the package is."""
    guard = make_guard()
    (stored,) = stored_in(guard, [Document(f"{NAME} wrote", metadata={"author": ODD}, id="d-1")])
    mark = json.loads(stored.metadata[MARK])
    said: dict[str, Any] = {"v": 1, "keys": ["author"], "held": [P1, P2], "by": mark["by"]}
    secret = guard.vault.values(key_session(CORPUS, "document-marks"), [mark["by"]])[mark["by"]]
    said["seal"] = _seal(secret, CORPUS, said)
    first = stored.model_copy(update={"metadata": {"author": P2, "title": P1, MARK: json.dumps(said)}, "id": P1})
    (found,) = retriever_of(guard, [first], output="original").invoke("x", CONFIG)
    assert found == Document(f"{NAME} wrote", metadata={"author": ODD, "title": P1}, id=P1)


def test_a_document_hidden_again_is_the_same_document() -> None:
    """An indexer that hashes documents must not take all of them for new after each start."""
    vault = MemoryVault()
    first, second = (stored_in(make_guard(vault=vault), DOCUMENTS) for _ in range(2))
    assert first == second
    store, records = InMemoryVectorStore(HashingEmbeddings()), InMemoryRecordManager("test")
    records.create_schema()
    for expected in ({"num_added": 3}, {"num_skipped": 3}):
        hidden = stored_in(make_guard(vault=vault), DOCUMENTS)
        done = index(hidden, records, store, cleanup="incremental", source_id_key="author", key_encoder="sha256")
        assert {name: number for name, number in done.items() if number} == expected


@pytest.mark.parametrize("named", [CORPUS, f"{CORPUS}#document-marks"])
@pytest.mark.parametrize("by", ["session_id", "thread_id"])
def test_no_conversation_is_the_corpus(by: str, named: str) -> None:
    """Whoever may choose a thread's id would read every value of the corpus by the answers of a model."""
    guard = make_guard()
    stored = stored_in(guard, DOCUMENTS)
    config: Any = {"configurable": {by: named}}
    says = RunnableLambda(lambda _: AIMessage(EVERY_NAME))
    with openai(lambda _: EVERY_NAME) as (model, server):
        agent = create_agent(model, [], middleware=[GuardMiddleware(guard)])
        for chain in (
            Anonymize(guard) | says,
            says | Deanonymize(guard),
            protect(model, guard),
            protect(says, guard, models="unseen"),
            retriever_of(guard, stored),
            agent,
        ):
            asked: Any = {"messages": [("user", "hi")]} if chain is agent else "hi"
            with pytest.raises(SessionMissing, match="stored documents"):
                chain.invoke(asked, config)
            with pytest.raises(SessionMissing, match="stored documents"):
                asyncio.run(chain.ainvoke(asked, config))
    assert server.raw == []


def test_a_reader_alone_keeps_the_corpus_from_conversations() -> None:
    guard = make_guard()
    retriever_of(guard, []).invoke("x", CONFIG)
    with pytest.raises(SessionMissing, match="stored documents"):
        Anonymize(guard).invoke("hi", {"configurable": {"session_id": CORPUS}})


def test_tenants_with_corpora_of_their_own() -> None:
    """One guard, one vault: a document copied with its mark into another tenant's store brings nothing."""
    guard = make_guard()
    (theirs,) = stored_in(guard, [Document(f"{NAME} and {MAIL}", metadata={"author": ODD})], session="tenant-a")
    stored_in(guard, [Document(ODD)], session="tenant-b")
    for output in ("original", "anonymized"):
        retriever = retriever_of(guard, [theirs], corpus_session="tenant-b", output=output)
        (found,) = retriever.invoke("x", CONFIG)
        told = str(found) + guard.session("s-1").deanonymize(str(found))
        assert [value for value in (NAME, MAIL, "Iggy") if value in told] == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_conversations_at_the_same_time_get_what_their_documents_held(asynchronous: bool) -> None:
    people = [f"Person Number{number}x" for number in range(40)]
    guard = make_guard(detectors=BatchDetector({"PERSON": people}))
    stored = stored_in(guard, [Document(f"{name} was here", metadata={"title": EVERY_NAME}) for name in people])
    retriever = ProtectedRetriever(
        RunnableLambda(lambda text: [stored[int(text.split()[-1])]]), guard, corpus_session=CORPUS, output="original"
    )
    asks = [(number, {"configurable": {"session_id": f"s-{number % 8}"}}) for number in range(40)]

    async def go() -> list[list[Document]]:
        return await asyncio.gather(*(retriever.ainvoke(f"{EVERY_NAME} {number}", config) for number, config in asks))

    if asynchronous:
        found = asyncio.run(go())
    else:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda ask: retriever.invoke(f"{EVERY_NAME} {ask[0]}", ask[1]), asks))
    for name, (document,) in zip(people, found, strict=True):
        assert document == Document(f"{name} was here", metadata={"title": EVERY_NAME})
    for number in range(8):
        assert set(guard.session(f"s-{number}").placeholders().values()) & set(people) <= set(people[number::8])
