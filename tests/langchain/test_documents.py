"""AnonymizeDocuments: what goes into a store holds placeholders, lazily, and nothing else changes."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import gc
import re
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from langchain_core.documents import BaseDocumentTransformer, Document
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore

from lc_guard import AnonymizeDocuments, Blocked, Entity, Guard, Policy, SessionMissing, UnsupportedInput
from lc_guard.langchain.document_marks import MARK
from lc_guard.testing import FailingDetector

from ..support.rag import CORPUS, DOCUMENTS, HashingEmbeddings
from ..support.seams import E1, MAIL, NAME, ODD, P1, P2, BatchDetector, Noter, make_guard

WAYS = ("transform", "atransform", "lazy", "alazy", "alazy of async", "alazy of lazy")


def hide_all(way: str, transformer: AnonymizeDocuments, documents: Any, **kwargs: Any) -> list[Document]:
    async def given() -> AsyncIterator[Document]:
        for document in documents:
            yield document

    async def go() -> list[Document]:
        if way == "atransform":
            return list(await transformer.atransform_documents(documents, **kwargs))
        source = {"alazy": documents, "alazy of async": given(), "alazy of lazy": iter(documents)}[way]
        return [document async for document in transformer.alazy_transform(source, **kwargs)]

    match way:
        case "transform":
            return list(transformer.transform_documents(documents, **kwargs))
        case "lazy":
            return list(transformer.lazy_transform(iter(documents), **kwargs))
    return asyncio.run(go())


class Page(Document):
    """A kind of document that somebody made."""

    number: int = 0


@pytest.mark.parametrize("way", WAYS)
def test_content_and_chosen_metadata_are_hidden_and_nothing_else(way: str) -> None:
    documents = [
        *DOCUMENTS,
        Page(page_content=NAME, number=7, metadata={"author": [ODD, {"mail": MAIL, "n": 1}], "other": NAME}),
        Document("", metadata={"author": ""}),
        Document(" \n"),
    ]
    before = copy.deepcopy(documents)
    guard = make_guard()
    transformer = AnonymizeDocuments(guard, session_id=CORPUS, metadata_keys=["author", "absent"], batch_size=2)
    assert isinstance(transformer, BaseDocumentTransformer)
    hidden = hide_all(way, transformer, documents)
    assert documents == before
    assert [document.page_content for document in hidden] == [
        f"{P1} signed the lease in May. Mail: {E1}", DOCUMENTS[1].page_content, f"{P2} sold bees and honey.",
        P1, "", " \n",
    ]  # fmt: skip
    assert [document.id for document in hidden] == ["d-1", "d-2", "d-3", None, None, None]
    assert [document.metadata.get("author") for document in hidden] == [
        P2, "town", P1, [P2, {"mail": E1, "n": 1}], "", None,
    ]  # fmt: skip
    assert hidden[3].metadata["other"] == NAME
    assert type(hidden[3]) is Page
    assert hidden[3].number == 7
    for number in (1, 4, 5):
        assert hidden[number] is documents[number], "what does not change is the same object"


@pytest.mark.parametrize("way", WAYS)
def test_all_of_a_document_is_hidden_unless_told_otherwise(way: str) -> None:
    key, digest = "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    plain = {
        "page": 7, "score": 0.5, "draft": True, "none": None, "day": dt.date(2024, 5, 1), "doc_id": key, "hash": digest,
        "Title": "bees", "loc": {"lines": {"from": 1, "to": 9}}, "kind": ["a", ("b", 2)], "source": "/srv/honey.pdf",
    }  # fmt: skip
    told = {"source": f"/files/{NAME}.pdf", "by": [{"names": (NAME, ODD), MAIL: 1}], NAME: {"at": {ODD: "x"}}}
    documents = [Document("x", metadata=told, id=f"{MAIL}#1"), Document(NAME, metadata=plain, id=key)]
    before = copy.deepcopy(documents)
    detector = Everything()
    hidden = hide_all(way, AnonymizeDocuments(Guard(detector), session_id=CORPUS), documents)
    assert documents == before
    first, second = ({k: v for k, v in document.metadata.items() if k != MARK} for document in hidden)
    assert first == {"source": f"/files/{P1}.pdf", "by": [{"names": (P1, P2), E1: 1}], P1: {"at": {P2: "x"}}}
    assert hidden[0].id == f"{E1}#1"
    assert (second, hidden[1].page_content, hidden[1].id) == (plain, P1, key)
    assert list(second) == list(plain)


class Everything(BatchDetector):
    """Takes UUIDs and digests for values too, as Presidio's and LLM Guard's recognizers do."""

    def detect(self, text: str) -> list[Entity]:
        keys = re.finditer(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{40}", text)
        return [*super().detect(text), *(Entity("UUID", match.start(), match.end()) for match in keys)]


def test_metadata_keys_and_those_left_alone() -> None:
    document = Document("x", metadata={"author": NAME, "by": ODD, MAIL: NAME}, id=MAIL)
    hidden = {"author": P1, "by": P2, E1: P1}
    for settings, expected, id_ in (
        ({}, hidden, E1),
        ({"metadata_keys": None}, hidden, E1),
        ({"metadata_keys": ()}, document.metadata, E1),
        ({"metadata_keys": (), "hide_ids": False}, document.metadata, MAIL),
        ({"metadata_keys": ["by"]}, {**document.metadata, "by": P1}, E1),
        ({"leave_keys": ["author"], "hide_ids": False}, {"author": NAME, "by": P1, E1: P2}, MAIL),
        ({"metadata_keys": ["author", "by"], "leave_keys": ["by"]}, {**document.metadata, "author": P1}, E1),
        ({"leave_keys": ["author", "by", MAIL]}, document.metadata, E1),
    ):
        settings_: dict[str, Any] = settings
        transformer = AnonymizeDocuments(make_guard(), session_id=CORPUS, **settings_)
        (done,) = transformer.transform_documents([document])
        shown = dict(done.metadata)
        assert (shown.pop(MARK, None) is not None) is ((expected, id_) != (document.metadata, MAIL))
        assert (shown, done.id) == (expected, id_)


@pytest.mark.parametrize("odd", [b"x", object(), Path("x"), [object()], {"a": {"b": bytearray(b"x")}}, slice(1)])
def test_what_cannot_be_looked_into_is_refused(odd: Any) -> None:
    document = Document(NAME, metadata={"raw": odd})
    with pytest.raises(UnsupportedInput, match=r"leave_keys=\[\.\.\.\]") as caught:
        AnonymizeDocuments(make_guard(), session_id=CORPUS).transform_documents([document])
    assert type(odd).__name__ in str(caught.value) or isinstance(odd, list | dict)
    (hidden,) = AnonymizeDocuments(make_guard(), session_id=CORPUS, leave_keys=["raw"]).transform_documents([document])
    assert hidden.metadata["raw"] is odd
    (hidden,) = AnonymizeDocuments(make_guard(), session_id=CORPUS, metadata_keys=()).transform_documents([document])
    assert hidden.metadata["raw"] is odd


def test_keys_that_would_become_one_are_refused() -> None:
    guard = make_guard(policy=Policy(kinds={"PERSON": "redact"}))
    document = Document("x", metadata={NAME: 1, ODD: 2})
    with pytest.raises(UnsupportedInput, match="hidden as one") as caught:
        AnonymizeDocuments(guard, session_id=CORPUS).transform_documents([document])
    assert NAME not in str(caught.value)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_look_ups_by_what_was_hidden(asynchronous: bool) -> None:
    guard = make_guard()
    hide = AnonymizeDocuments(guard, session_id=CORPUS)
    store = InMemoryVectorStore(HashingEmbeddings())
    store.add_documents(hide.transform_documents([Document("bees", metadata={"author": NAME}, id=MAIL)]))

    def form(value: Any) -> Any:
        return asyncio.run(hide.astored_form(value)) if asynchronous else hide.stored_form(value)

    before = dict(guard.session(CORPUS).placeholders())
    assert form({"author": {"$in": [NAME, ODD]}, "page": 1}) == {
        "author": {"$in": [P1, "[REDACTED_PERSON_999999999]"]}, "page": 1,
    }  # fmt: skip
    key = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
    assert form([key, MAIL]) == [key, E1]
    assert [found.page_content for found in store.get_by_ids(form([MAIL]))] == ["bees"]
    assert store.get_by_ids([MAIL]) == []
    wanted = form(NAME)
    assert store.similarity_search("bees", filter=lambda document: document.metadata["author"] == wanted)
    assert guard.session(CORPUS).placeholders() == before, "nothing of a look-up is remembered"
    strict = AnonymizeDocuments(
        Guard(BatchDetector(), vault=guard.vault, policy=Policy(kinds={"EMAIL": "block"})), session_id=CORPUS
    )
    with pytest.raises(Blocked):
        asyncio.run(strict.astored_form([MAIL])) if asynchronous else strict.stored_form([MAIL])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("documents", [[], ()])
def test_no_documents(way: str, documents: Any) -> None:
    detector = BatchDetector()
    assert hide_all(way, AnonymizeDocuments(Guard(detector), session_id=CORPUS), documents) == []
    assert detector.batches == []


class NumberedPeople:
    """Finds ``Person<number>``, in batches that it notes."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def detect(self, text: str) -> list[Entity]:
        return [Entity("PERSON", match.start(), match.end()) for match in re.finditer(r"Person\d+", text)]

    def detect_batch(self, texts: Any) -> list[list[Entity]]:
        self.batches.append(len(texts))
        return [self.detect(text) for text in texts]


@pytest.mark.parametrize("way", ["lazy", "alazy of lazy", "alazy of async"])
def test_ten_thousand_documents_in_bounded_memory(way: str) -> None:
    size, number = 50, 10_000
    alive: weakref.WeakSet[Tracked] = weakref.WeakSet()
    most = pulled = given = 0
    detector = NumberedPeople()
    transformer = AnonymizeDocuments(Guard(detector), session_id=CORPUS, batch_size=size)

    def source() -> Iterator[Document]:
        nonlocal most, pulled
        for index in range(number):
            document = Tracked(page_content=f"Person{index} and Person{index % 7}")
            alive.add(document)
            pulled += 1
            most = max(most, len(alive))
            yield document

    async def asource() -> AsyncIterator[Document]:
        for document in source():
            yield document

    def seen(document: Document) -> None:
        nonlocal given
        assert "Person" not in document.page_content
        given += 1
        assert pulled - given <= size, "read ahead by more than a batch"

    async def go() -> None:
        documents = asource() if way == "alazy of async" else source()
        async for document in transformer.alazy_transform(documents):
            seen(document)

    gc.disable()  # reference counts alone must do
    try:
        if way == "lazy":
            for document in transformer.lazy_transform(source()):
                seen(document)
        else:
            asyncio.run(go())
    finally:
        gc.enable()
    assert given == number
    assert most <= size + 4, f"{most} documents were in memory at once"
    assert detector.batches == [size] * (number // size), "one batch of the detectors for each batch"


class Tracked(Document):
    """A document that can be counted while it lives."""

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


def test_nothing_is_read_before_it_is_asked_for() -> None:
    pulled: list[int] = []

    def source() -> Iterator[Document]:
        for number in range(100):
            pulled.append(number)
            yield Document(NAME)

    noter = Noter()
    hidden = AnonymizeDocuments(make_guard(), session_id=CORPUS, batch_size=10).lazy_transform(
        source(), config={"callbacks": [noter]}
    )
    assert pulled == []
    assert next(hidden).page_content == P1
    assert len(pulled) == 10
    hidden.close()  # type: ignore[attr-defined]
    assert len(pulled) == 10
    assert noter.of("chain_end")[-1][2] == {"documents": 0}, "a reader who has had enough is no error"
    assert noter.of("chain_error") == []


async def test_an_async_reader_may_stop_early() -> None:
    noter = Noter()
    transformer = AnonymizeDocuments(make_guard(), session_id=CORPUS, batch_size=1)
    hidden = transformer.alazy_transform(iter(DOCUMENTS), config={"callbacks": [noter]})
    assert (await anext(hidden)).id == "d-1"
    assert (await anext(hidden)).id == "d-2"
    await hidden.aclose()
    assert noter.of("chain_end")[-1][2] == {"documents": 1}
    assert noter.of("chain_error") == []


@pytest.mark.parametrize("progress", [False, True])
async def test_async_never_blocks_the_loop(progress: bool, capsys: pytest.CaptureFixture[str]) -> None:
    class Slow(BatchDetector):
        def detect_batch(self, texts: Any) -> list[list[Entity]]:
            time.sleep(0.02)
            return super().detect_batch(texts)

    def loader() -> Iterator[Document]:
        for document in DOCUMENTS:
            time.sleep(0.01)
            yield document

    transformer = AnonymizeDocuments(Guard(Slow()), session_id=CORPUS, batch_size=2, progress=progress)
    await transformer.atransform_documents([Document(NAME)])  # what is imported on first use
    with blockbuster_ctx():
        hidden = [document async for document in transformer.alazy_transform(loader())]
        hidden += await transformer.atransform_documents(DOCUMENTS)
    assert NAME not in str([document.page_content for document in hidden])


@pytest.mark.parametrize("way", WAYS)
def test_a_progress_bar_is_shown_when_asked(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    for progress in (False, True):
        transformer = AnonymizeDocuments(make_guard(), session_id=CORPUS, batch_size=2, progress=progress)
        hide_all(way, transformer, DOCUMENTS)
        out, shown = capsys.readouterr()
        assert out == ""
        assert ("Hiding documents" in shown and "3/" in shown) is progress
        assert NAME not in shown


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bad", [NAME, None, {"page_content": NAME}, 3])
def test_what_is_no_document_is_refused(way: str, bad: Any) -> None:
    transformer = AnonymizeDocuments(make_guard(), session_id=CORPUS, batch_size=2)
    with pytest.raises(
        UnsupportedInput, match=f"expected a Document, got an object of type {type(bad).__name__}"
    ) as caught:
        hide_all(way, transformer, [*DOCUMENTS, bad])
    assert caught.value.__notes__ == ["in documents 2 to 3 of the input, counted from 0"]
    assert NAME not in str(caught.value)


def test_content_that_is_no_text_is_refused() -> None:
    broken = Document.model_construct(page_content=3, metadata={})
    with pytest.raises(UnsupportedInput, match="type int"):
        AnonymizeDocuments(make_guard(), session_id=CORPUS).transform_documents([broken])


@pytest.mark.parametrize("way", WAYS)
def test_a_blocked_batch_stops_after_those_before_it(way: str) -> None:
    guard = make_guard(policy=Policy(kinds={"EMAIL": "block"}))
    transformer = AnonymizeDocuments(guard, session_id=CORPUS, batch_size=1)
    with pytest.raises(Blocked) as caught:
        hide_all(way, transformer, [Document(NAME), Document(MAIL), Document(ODD)])
    assert caught.value.decision.stage == "document"
    assert caught.value.__notes__ == ["in documents 1 to 1 of the input, counted from 0"]
    assert guard.session(CORPUS).placeholders() == {P1: NAME}


@pytest.mark.parametrize("way", WAYS)
def test_a_detector_that_fails_blocks(way: str) -> None:
    noter = Noter()
    guard = Guard(FailingDetector(RuntimeError(NAME)))
    with pytest.raises(Blocked) as caught:
        hide_all(way, AnonymizeDocuments(guard, session_id=CORPUS), DOCUMENTS, config={"callbacks": [noter]})
    assert NAME not in str(caught.value)
    assert str(noter.of("chain_error")[-1][2]) == "hiding documents ended in Blocked"


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_that_takes_too_long_says_what_to_do(way: str) -> None:
    class Slow(BatchDetector):
        def detect_batch(self, texts: Any) -> list[list[Entity]]:
            time.sleep(0.3)
            return super().detect_batch(texts)

    guard = Guard(Slow(), policy=Policy(timeout=0.05))
    with pytest.raises(Blocked, match="DetectorTimeout") as caught:
        hide_all(way, AnonymizeDocuments(guard, session_id=CORPUS), DOCUMENTS)
    assert "batch_size" in caught.value.__notes__[0]
    assert "Policy" in caught.value.__notes__[0]


@pytest.mark.parametrize("way", ["lazy", "alazy of lazy", "alazy of async"])
def test_an_error_of_a_loader_passes_and_is_not_quoted(way: str) -> None:
    def source() -> Iterator[Document]:
        yield Document(NAME)
        raise OSError(NAME)

    noter = Noter()
    transformer = AnonymizeDocuments(make_guard(), session_id=CORPUS, batch_size=1)
    with pytest.raises(OSError, match=NAME):
        hide_all(way, transformer, SourceOnly(source()), config={"callbacks": [noter]})
    assert str(noter.of("chain_error")[-1][2]) == "hiding documents ended in OSError"


class SourceOnly:
    """Something that can only be iterated."""

    def __init__(self, source: Iterator[Document]) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Document]:
        return self._source


def test_construction_is_checked() -> None:
    guard = make_guard()
    with pytest.raises(TypeError, match="needs a Guard"):
        AnonymizeDocuments("guard", session_id=CORPUS)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="metadata_keys"):
        AnonymizeDocuments(guard, session_id=CORPUS, metadata_keys="author")
    with pytest.raises(TypeError, match="leave_keys"):
        AnonymizeDocuments(guard, session_id=CORPUS, leave_keys="author")
    with pytest.raises(TypeError, match="session_id"):
        AnonymizeDocuments(guard)  # type: ignore[call-arg]
    for size in (0, -1, 1.5, None):
        with pytest.raises(ValueError, match="batch_size"):
            AnonymizeDocuments(guard, session_id=CORPUS, batch_size=size)  # type: ignore[arg-type]
    for session in (None, "", " ", 1.5, True):
        with pytest.raises(SessionMissing):
            AnonymizeDocuments(guard, session_id=session)  # type: ignore[arg-type]
    shown = repr(AnonymizeDocuments(guard, session_id="jane@example.com"))
    assert "Guard(" in shown
    assert "jane" not in shown


@pytest.mark.parametrize("way", WAYS)
def test_one_run_with_a_check_for_each_batch(way: str) -> None:
    noter = Noter()
    transformer = AnonymizeDocuments(make_guard(), session_id=CORPUS, batch_size=2, metadata_keys=None)
    hide_all(way, transformer, DOCUMENTS, config={"callbacks": [noter]})
    (whole,) = noter.of("chain_start", "AnonymizeDocuments")
    checks = noter.of("chain_start", "pii")
    assert len(checks) == 2
    assert {call[4] for call in checks} == {whole[3]}, "children of the transformation's run"
    decisions = [call[2] for call in noter.of("custom", "lc_guard.decision")]
    assert [(decision["stage"], decision["action"]) for decision in decisions] == [("document", "anonymize")] * 2
    assert noter.of("chain_end")[-1][2] == {"documents": 3}
    assert not any(value in str(noter.calls) for value in (NAME, MAIL, "Iggy"))


@pytest.mark.parametrize("asynchronous", [False, True])
def test_inside_a_runnable_the_checks_are_its_children(asynchronous: bool) -> None:
    transformer = AnonymizeDocuments(make_guard(), session_id=CORPUS)
    noter = Noter()

    async def ainside(documents: list[Document]) -> list[Document]:
        return await transformer.atransform_documents(documents)

    step: Any = RunnableLambda(transformer.transform_documents, ainside, name="ingest")
    config = {"callbacks": [noter]}
    asyncio.run(step.ainvoke(DOCUMENTS, config)) if asynchronous else step.invoke(DOCUMENTS, config)
    (outer,) = noter.of("chain_start", "ingest")
    (inner,) = noter.of("chain_start", "AnonymizeDocuments")
    assert inner[4] == outer[3]


def test_a_preamble_for_models_is_not_stored() -> None:
    class Talking(BatchDetector):
        preamble = "Brackets hide names. "

    (hidden,) = AnonymizeDocuments(Guard(Talking()), session_id=CORPUS).transform_documents([Document(NAME)])
    assert hidden.page_content == P1


def test_importing_the_package_does_not_load_it() -> None:
    import subprocess
    import sys

    code = "import sys, lc_guard; from lc_guard import Guard, Anonymize; print('lc_guard.documents' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
