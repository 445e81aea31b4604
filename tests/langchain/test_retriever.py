"""ProtectedRetriever: stores of raw and of hidden documents, alone and in a chain around the real ChatOpenAI."""

from __future__ import annotations

import asyncio
import copy
import logging
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableConfig, RunnableLambda, RunnablePassthrough
from langchain_core.tools import create_retriever_tool

from lc_guard import (
    Anonymize,
    AnonymizeDocuments,
    Blocked,
    Deanonymize,
    Guard,
    Policy,
    ProtectedRetriever,
    SessionMissing,
    UnsupportedInput,
    protect,
)
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from lc_guard.testing import FailingDetector

from ..support.agents import agent_of, call, script
from ..support.fixtures import MakeClient
from ..support.langfuse_server import LangfuseServer
from ..support.openai_server import ToolCalls, echo
from ..support.rag import CORPUS, DOCUMENTS, hidden_store, raw_store
from ..support.seams import (
    CONFIG,
    E1,
    MAIL,
    MODES,
    NAME,
    ODD,
    P1,
    P2,
    BatchDetector,
    Noter,
    added,
    make_guard,
    openai,
    run,
)

CANARIES = (NAME, "Quartermain", MAIL, "Iggy", "Ignatia")
STORES = ("raw", "hidden")
PROMPT = ChatPromptTemplate.from_messages([("system", "Answer from: {context}"), ("human", "{question}")])


def retriever_of(guard: Guard, store: str, *, k: int = 3, **kwargs: Any) -> tuple[ProtectedRetriever, Any]:
    """A protected retriever and the embeddings that it asks."""
    made, embeddings = raw_store() if store == "raw" else hidden_store(guard)
    corpus = None if store == "raw" else CORPUS
    inner = made.as_retriever(search_kwargs={"k": k})
    return ProtectedRetriever(inner, guard, corpus_session=corpus, **kwargs), embeddings


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("store", STORES)
def test_documents_come_with_the_placeholders_of_the_conversation(store: str, mode: str) -> None:
    guard = make_guard()
    before = copy.deepcopy(DOCUMENTS)
    guard.session("s-1").anonymize(f"{ODD} and {NAME}")  # other numbers than in the corpus
    retriever, embeddings = retriever_of(guard, store, k=1)
    (found,) = run(retriever, mode, f"What did {NAME} sign in May?")
    assert [(d.id, d.page_content, d.metadata) for d in found] == [
        ("d-1", f"{P2} signed the lease in May. Mail: {E1}", {"author": P1, "page": 1})
    ]
    assert before == DOCUMENTS
    seen = " ".join(embeddings.seen)
    assert (NAME in seen) is (store == "raw")
    if store == "hidden":
        assert [value for value in CANARIES if value in seen] == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("store", STORES)
def test_a_query_with_the_conversations_placeholders(store: str, mode: str) -> None:
    guard = make_guard()
    session = guard.session("s-1")
    retriever, embeddings = retriever_of(guard, store, k=1)
    query = session.anonymize(f"What did {ODD} do to bees? asks {MAIL}")
    assert query == f"What did {P1} do to bees? asks {E1}"
    (found,) = run(retriever, mode, query)
    assert [document.page_content for document in found] == [f"{P1} sold bees and honey."]
    asked = embeddings.seen[-1]
    if store == "raw":
        assert asked == f"What did {ODD} do to bees? asks {MAIL}"
    else:
        assert asked == f"What did {P2} do to bees? asks {E1}", "the placeholders of the corpus"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("store", STORES)
def test_a_chain_around_a_real_client(store: str, mode: str) -> None:
    guard = make_guard()
    retriever, embeddings = retriever_of(guard, store)
    texts = RunnableLambda(lambda documents: "\n".join(document.page_content for document in documents))
    with openai(echo, size=3) as (model, server):
        chain = (
            Anonymize(guard)
            | {"context": retriever | texts, "question": RunnablePassthrough()}
            | PROMPT
            | model
            | StrOutputParser()
            | Deanonymize(guard)
        )
        question = f"What did {NAME} sign, and who is {ODD}?"
        assert "".join(run(chain, mode, question)) == question
    assert server.raw
    for body in server.raw:
        assert [value for value in CANARIES if value.encode() in body] == []
    context = server.requests[0]["messages"][0]["content"]
    for text in (f"{P1} signed the lease in May. Mail: {E1}", f"{P2} sold bees and honey.", DOCUMENTS[1].page_content):
        assert text in context
    if store == "hidden":
        assert [value for value in CANARIES if value in " ".join(embeddings.seen)] == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_embeddings_never_see_a_value(asynchronous: bool) -> None:
    """The leak test: 200 documents and queries, sync and async."""
    guard = make_guard()
    store, embeddings = hidden_store(guard)
    hide = AnonymizeDocuments(guard, session_id=CORPUS, metadata_keys=None, batch_size=16)
    texts = [f"{value} wrote letter {n}; ask {NAME} or {MAIL}" for n in range(50) for value in (NAME, MAIL, ODD, "Ann")]
    documents = [Document(text, metadata={"from": text}) for text in texts]
    retriever = ProtectedRetriever(store.as_retriever(), guard, corpus_session=CORPUS)

    async def go() -> None:
        await store.aadd_documents([document async for document in hide.alazy_transform(documents)])
        await asyncio.gather(*(retriever.ainvoke(text, CONFIG) for text in texts[:20]))

    if asynchronous:
        asyncio.run(go())
    else:
        store.add_documents(list(hide.lazy_transform(documents)))
        for text in texts[:20]:
            retriever.invoke(text, CONFIG)
    assert len(embeddings.seen) == 3 + 200 + 20
    assert [value for value in CANARIES if any(value in text for text in embeddings.seen)] == []
    assert [value for value in CANARIES if value in str(list(store.store.values()))] == [], (
        "nor does the store hold one"
    )


def test_conversations_share_a_corpus_and_nothing_else() -> None:
    guard = make_guard()
    retriever, _ = retriever_of(guard, "hidden", k=1)
    for session, names in (("a", (NAME, ODD)), ("b", (ODD, NAME))):
        hidden = [guard.session(session).anonymize(name) for name in names]
        assert hidden == [P1, P2]
        (document,) = retriever.invoke("honey and bees", {"configurable": {"session_id": session}})
        assert document.page_content == f"{hidden[names.index(ODD)]} sold bees and honey."
    assert guard.session("a").placeholders() == {P1: NAME, P2: ODD}


def test_a_placeholder_that_somebody_types_opens_no_value_of_the_corpus() -> None:
    guard = make_guard()
    retriever, embeddings = retriever_of(guard, "hidden")
    found = retriever.invoke(f"show me {P1} and {P2}", CONFIG)
    assert [value for value in CANARIES if value in str(found)] == []
    assert P1 not in embeddings.seen[-1]
    with_typed = Document(f"{P1} is typed here")
    store, _ = hidden_store(guard)
    hide = AnonymizeDocuments(guard, session_id=CORPUS)
    store.add_documents(hide.transform_documents([with_typed]))
    again = ProtectedRetriever(store.as_retriever(search_kwargs={"k": 1}), guard, corpus_session=CORPUS)
    (document,) = again.invoke("what is typed here", CONFIG)
    assert guard.session("s-1").deanonymize(document.page_content) == with_typed.page_content


def test_the_session_comes_from_the_config_or_the_retriever() -> None:
    guard = make_guard()
    retriever, _ = retriever_of(guard, "raw", session_id="own")
    retriever.invoke(NAME)
    retriever.invoke(NAME, {"configurable": {"thread_id": "thread"}})
    retriever.with_config(configurable={"session_id": "bound"}).invoke(NAME)
    RunnableLambda(retriever.invoke).invoke(NAME, {"configurable": {"session_id": "around"}})
    for session in ("own", "thread", "bound", "around"):
        assert NAME in guard.session(session).placeholders().values()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("store", STORES)
def test_no_session_is_an_error(store: str, mode: str) -> None:
    noter = Noter()
    retriever, embeddings = retriever_of(make_guard(), store)
    before = len(embeddings.seen)
    with pytest.raises(SessionMissing, match="thread_id"):
        run(retriever, mode, NAME, {"callbacks": [noter]})
    assert len(embeddings.seen) == before, "nothing was searched"


class Dropping(RunnableLambda[Any, Any]):
    """Calls a retriever as LangChain's classic chains do: with its callbacks, and without the config."""

    def __init__(self, retriever: ProtectedRetriever) -> None:
        async def aask(query: str, config: RunnableConfig) -> Any:
            return await retriever.ainvoke(query, {"callbacks": config["callbacks"], "configurable": {}})

        super().__init__(
            lambda query, config: retriever.invoke(query, {"callbacks": config["callbacks"], "configurable": {}}), aask
        )


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
@pytest.mark.parametrize("store", STORES)
def test_a_chain_that_drops_the_config_is_named_or_served(store: str, mode: str) -> None:
    guard = make_guard()
    retriever, _ = retriever_of(guard, store)
    with pytest.raises(SessionMissing, match=r"classic chains.*output=\"original\""):
        run(Dropping(retriever), mode, NAME, CONFIG)
    original, _ = retriever_of(guard, store, output="original")
    before = {info.session for info in guard.vault.sessions()}
    (found,) = run(Dropping(original), mode, f"where is {NAME}?", CONFIG)
    assert any(NAME in document.page_content for document in found)
    assert {info.session for info in guard.vault.sessions()} == before, "the call's own session is forgotten"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("output", ["anonymized", "original"])
def test_blocked_documents_do_not_go_on(output: str, store: str, mode: str) -> None:
    detector = BatchDetector()
    guard = Guard(detector)
    retriever, _ = retriever_of(guard, store, output=output)
    strict = Guard(detector, vault=guard.vault, policy=Policy(kinds={"EMAIL": "block"}))
    with pytest.raises(Blocked) as caught:
        run(retriever.model_copy(update={"guard": strict}), mode, "lease")
    assert caught.value.decision.stage == "document"
    assert MAIL not in str(caught.value)


@pytest.mark.parametrize("mode", MODES)
def test_a_blocked_query_is_not_searched(mode: str) -> None:
    guard = make_guard()
    retriever, embeddings = retriever_of(guard, "hidden")
    failing = Guard(FailingDetector(RuntimeError(NAME)), vault=guard.vault)
    before = len(embeddings.seen)
    with pytest.raises(Blocked) as caught:
        run(retriever.model_copy(update={"guard": failing}), mode, NAME)
    assert caught.value.decision.stage == "prompt"
    assert len(embeddings.seen) == before


@pytest.mark.parametrize("found", [[], [Document("")]])
@pytest.mark.parametrize("mode", MODES)
def test_little_is_found(mode: str, found: list[Document]) -> None:
    for corpus in (None, CORPUS):
        retriever = ProtectedRetriever(RunnableLambda(lambda query: found), make_guard(), corpus_session=corpus)
        assert run(retriever, mode, "") == [found]


@pytest.mark.parametrize("mode", MODES)
def test_bad_input(mode: str) -> None:
    guard = make_guard()
    with pytest.raises(UnsupportedInput, match="query is a text"):
        run(ProtectedRetriever(RunnableLambda(lambda query: []), guard), mode, {"query": NAME})
    with pytest.raises(UnsupportedInput, match="expected a Document"):
        run(ProtectedRetriever(RunnableLambda(lambda query: [NAME]), guard), mode, "x")


def test_construction_is_checked() -> None:
    guard = make_guard()
    inner = RunnableLambda(lambda query: DOCUMENTS)
    with pytest.raises(ValueError, match="guard"):
        ProtectedRetriever(inner, "guard")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="inner"):
        ProtectedRetriever("inner", guard)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="output"):
        ProtectedRetriever(inner, guard, output="real")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="metadata_keys"):
        ProtectedRetriever(inner, guard, metadata_keys="author")
    for bad in ("", " ", 1.5, True):
        with pytest.raises(SessionMissing):
            ProtectedRetriever(inner, guard, corpus_session=bad)  # type: ignore[arg-type]
    shown = repr(ProtectedRetriever(Holding(documents=DOCUMENTS), guard, corpus_session="jane", session_id="joan"))
    assert "Guard(" in shown
    assert not any(value in shown for value in (*CANARIES, "jane", "joan"))


class Holding(BaseRetriever):
    """A retriever that shows its documents in its repr, as several of LangChain's do, and takes an argument."""

    documents: list[Document]

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, most: int = 10
    ) -> list[Document]:
        return self.documents[:most]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, most: int = 10
    ) -> list[Document]:
        return self.documents[:most]


@pytest.mark.parametrize("metadata_keys", [(), ["author"], None])
def test_metadata_keys_and_arguments_of_the_inner_retriever(metadata_keys: Any) -> None:
    guard = make_guard()
    retriever = ProtectedRetriever(Holding(documents=DOCUMENTS), guard, metadata_keys=metadata_keys, tags=["mine"])
    (found,) = retriever.invoke("x", CONFIG, most=1)
    assert found.metadata["author"] == (ODD if metadata_keys == () else P2)
    (found,) = asyncio.run(retriever.ainvoke("x", CONFIG, most=1))
    assert found.page_content == f"{P1} signed the lease in May. Mail: {E1}"
    assert retriever.get_name() == "ProtectedRetriever"


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
@pytest.mark.parametrize("store", STORES)
def test_a_filter_goes_the_way_of_the_query(store: str, mode: str) -> None:
    guard = make_guard()
    hidden = guard.session("s-1").anonymize(f"{ODD} {NAME}").split(" ")
    corpus = None if store == "raw" else CORPUS
    if corpus:
        AnonymizeDocuments(guard, session_id=CORPUS).transform_documents([Document(NAME)])
    asked: list[Any] = []

    def search(query: str, **kwargs: Any) -> list[Document]:
        asked.append((query, kwargs))
        return []

    before = dict(guard.session(CORPUS).placeholders())
    retriever = ProtectedRetriever(RunnableLambda(search), guard, corpus_session=corpus)
    key = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
    call: dict[str, Any] = {
        "filter": {"author": {"$in": [NAME, MAIL, hidden[1]]}, "doc": key, MAIL: 1},
        "k": 3,
        "f": len,
    }
    run(retriever.bind(**call), mode, "x", CONFIG)
    nobody = "[REDACTED_EMAIL_999999999]"
    name, mail = (NAME, MAIL) if store == "raw" else (P1, nobody)
    assert asked == [("x", {"filter": {"author": {"$in": [name, mail, name]}, "doc": key, mail: 1}, "k": 3, "f": len})]
    assert guard.session(CORPUS).placeholders() == before


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
@pytest.mark.parametrize("store", STORES)
def test_runs_and_decisions(store: str, mode: str) -> None:
    noter = Retrievals()
    retriever, _ = retriever_of(make_guard(), store)
    run(retriever, mode, f"lease of {NAME}", {**CONFIG, "callbacks": [noter]})
    outer, inner = noter.of("retriever_start")
    assert (outer[1], inner[4]) == ("ProtectedRetriever", outer[3])
    checks = noter.of("chain_start", "pii")
    assert {check[4] for check in checks} == {outer[3]}
    stages = [call[2]["stage"] for call in noter.of("custom", "lc_guard.decision")]
    assert stages == (["document"] if store == "raw" else ["prompt", "document"])
    restored = [call[2] for call in noter.of("custom", "lc_guard.restored")]
    assert restored == ([] if store == "raw" else [{"restored": 5, "unknown": 0}])
    outer_end = noter.of("retriever_end")[-1]
    assert not any(value in str(outer_end[2]) for value in CANARIES)


class Retrievals(Noter):
    """Notes retrievers as well."""

    def on_retriever_start(self, serialized: Any, query: str, **kwargs: Any) -> None:
        self._note("retriever_start", query, kwargs)

    def on_retriever_end(self, documents: Any, **kwargs: Any) -> None:
        self._note("retriever_end", documents, kwargs)


def test_a_lost_vault_is_counted() -> None:
    guard, noter = make_guard(), Noter()
    store, _ = hidden_store(guard)
    retriever = ProtectedRetriever(store.as_retriever(search_kwargs={"k": 1}), make_guard(), corpus_session=CORPUS)
    assert len(retriever.invoke("bees and honey", {**CONFIG, "callbacks": [noter]})) == 1
    (restored,) = noter.of("custom", "lc_guard.restored")
    assert restored[2] == {"restored": 0, "unknown": 2}


@pytest.mark.parametrize("store", STORES)
async def test_async_never_blocks_the_loop(store: str) -> None:
    retriever, _ = retriever_of(make_guard(), store)
    await retriever.ainvoke(NAME, CONFIG)
    with blockbuster_ctx():
        assert len(await retriever.ainvoke(f"lease of {NAME}", CONFIG)) == 3


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "astream"])
@pytest.mark.parametrize("store", STORES)
def test_no_value_reaches_langfuse(
    store: str,
    mode: str,
    make_langfuse: MakeClient,
    langfuse_server: LangfuseServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    guard = make_guard()
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    retriever, _ = retriever_of(guard, store)
    with openai(echo, size=3) as (model, _):
        chain = Anonymize(guard) | {"context": retriever, "question": RunnablePassthrough()} | PROMPT | model
        settings = {**CONFIG, "callbacks": [CallbackHandler()]}
        assert added(run(chain | Deanonymize(guard), mode, f"Who is {NAME}?", settings)).content == f"Who is {NAME}?"
        ingest = AnonymizeDocuments(guard, session_id=CORPUS)
        ingest.transform_documents(DOCUMENTS, config={"callbacks": [CallbackHandler()]})
    client.flush()
    assert not langfuse_server.refused
    assert not langfuse_server.violations
    assert sum(span.type == "retriever" for span in langfuse_server.spans) == 2
    assert [value for value in CANARIES if langfuse_server.holds(value)] == []
    assert [value for value in CANARIES if value in caplog.text] == []
    names = {name for trace in langfuse_server.traces() for name, _ in langfuse_server.scores_of(trace)}
    assert {"prompt.pii", "document.pii", "document.pii.valid", "guard.action"} <= names


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("store", STORES)
def test_original_documents_for_a_boundary_behind_the_retriever(store: str, mode: str) -> None:
    guard = make_guard()
    retriever, embeddings = retriever_of(guard, store, output="original")
    texts = RunnableLambda(lambda documents: "\n".join(document.page_content for document in documents))
    with openai(echo, size=3) as (model, server):
        chain = {"context": retriever | texts, "question": RunnablePassthrough()} | PROMPT | protect(model, guard)
        question = f"What did {NAME} sign, and who is {ODD}?"
        assert added(run(chain, mode, question)).content == question
    context = server.requests[0]["messages"][0]["content"]
    assert "signed the lease" in context
    assert [value for value in CANARIES if any(value.encode() in body for body in server.raw)] == []
    assert "LITERAL" not in context, "no placeholder was taken for a look-alike"
    assert (NAME in " ".join(embeddings.seen)) is (store == "raw")


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
@pytest.mark.parametrize("store", STORES)
def test_a_tool_of_an_agent(store: str, mode: str) -> None:
    guard = make_guard()
    retriever, embeddings = retriever_of(guard, store, k=1, output="original")
    search = create_retriever_tool(retriever, "search", "Search the files.")
    replies = script(ToolCalls((call("search", query=f"What did {P1} sign?"),)), f"{P1} signed it, says {P2}.")
    with agent_of(guard, replies, tools=[search]) as (agent, server):
        question = {"messages": [("user", f"What did {NAME} sign? asks {ODD}")]}
        done = asyncio.run(agent.ainvoke(question, CONFIG)) if mode == "ainvoke" else agent.invoke(question, CONFIG)
    assert done["messages"][-1].content == f"{NAME} signed it, says {ODD}."
    assert done["messages"][-2].content == DOCUMENTS[0].page_content
    assert server.requests[-1]["messages"][-1]["content"] == f"{P1} signed the lease in May. Mail: {E1}"
    assert [value for value in CANARIES if any(value.encode() in body for body in server.raw)] == []
    assert embeddings.seen[-1] == (f"What did {NAME} sign?" if store == "raw" else f"What did {P1} sign?")
