"""ProtectedEmbeddings: what the embedding model receives, in every way to ask it, and what a search still finds."""

from __future__ import annotations

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from langchain.agents import create_agent
from langchain.tools import ToolRuntime
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.store.memory import InMemoryStore

from lc_guard import (
    Anonymize,
    AnonymizeDocuments,
    Blocked,
    CheckPolicy,
    Entity,
    Guard,
    GuardError,
    GuardMiddleware,
    Policy,
    ProtectedEmbeddings,
    ProtectedRetriever,
    SeamBroken,
    SessionMissing,
    UnsupportedInput,
)
from lc_guard.scanners import Secrets
from lc_guard.testing import ExactDetector, FailingDetector
from lc_guard.vaults import MemoryVault, SQLVault

from ..support.agents import call, script
from ..support.openai_server import ToolCalls
from ..support.rag import CORPUS, HashingEmbeddings
from ..support.seams import CONFIG, E1, MAIL, NAME, ODD, P1, P2, BatchDetector, Noter, make_guard, openai

VALUES = (NAME, "Zebulon", "Quartermain", MAIL, "canary", "Ignatia", "Iggy", "Sloot")
TEXTS = [f"{NAME} signed the lease in May. Mail: {MAIL}", "The harbour opens at six.", f"{ODD} sold bees and honey."]


class Noting(HashingEmbeddings):
    """Notes by which method it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, list[str]]] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked.append(("embed_documents", list(texts)))
        return super().embed_documents(texts)

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked.append(("aembed_documents", list(texts)))
        return super().embed_documents(texts)

    async def aembed_query(self, text: str) -> list[float]:
        self.asked.append(("aembed_query", [text]))
        return super().embed_query(text)


def made(guard: Guard | None = None, **kwargs: Any) -> tuple[ProtectedEmbeddings, Noting]:
    inner = Noting()
    kwargs.setdefault("session_id", CORPUS)
    return ProtectedEmbeddings(inner, guard or make_guard(), **kwargs), inner


def embed(embeddings: ProtectedEmbeddings, texts: list[str], *, asynchronous: bool) -> list[list[float]]:
    if asynchronous:
        return asyncio.run(embeddings.aembed_documents(texts))
    return embeddings.embed_documents(texts)


def ask(embeddings: ProtectedEmbeddings, text: str, *, asynchronous: bool) -> list[float]:
    return asyncio.run(embeddings.aembed_query(text)) if asynchronous else embeddings.embed_query(text)


def leaks(*things: object) -> list[str]:
    told = repr(things)
    return [value for value in VALUES if value in told]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("form", ["names", "placeholders"])
def test_no_value_is_embedded_and_a_person_has_one_vector(form: Any, asynchronous: bool) -> None:
    guard = make_guard()
    embeddings, inner = made(guard, form=form)
    before = list(TEXTS)
    vectors = embed(embeddings, TEXTS, asynchronous=asynchronous)
    assert before == TEXTS
    assert [len(vector) for vector in vectors] == [256] * 3
    assert leaks(inner.seen) == []
    assert inner.seen[1] == TEXTS[1]
    ((way, _),) = inner.asked
    assert way == ("aembed_documents" if asynchronous else "embed_documents"), "one call of the inner model, its own"
    query = ask(embeddings, f"{NAME} signed the lease in May. Mail: {MAIL}", asynchronous=asynchronous)
    assert query == vectors[0]
    assert inner.seen[-1] == inner.seen[0]
    if form == "placeholders":
        assert inner.seen[:3] == [f"{P1} signed the lease in May. Mail: {E1}", TEXTS[1], f"{P2} sold bees and honey."]
    else:
        assert "REDACTED" not in str(inner.seen)
    assert sorted(guard.session(CORPUS).placeholders().values()) == sorted([NAME, MAIL, ODD])


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("form", ["names", "placeholders"])
def test_nothing_of_a_query_is_remembered(form: Any, asynchronous: bool) -> None:
    guard = make_guard()
    embeddings, inner = made(guard, form=form)
    for number in range(20):
        ask(embeddings, f"{number}: {NAME}, {MAIL} and {P1}", asynchronous=asynchronous)
    assert guard.session(CORPUS).placeholders() == {}
    assert leaks(inner.seen) == []
    embed(embeddings, [ODD, NAME], asynchronous=asynchronous)
    assert guard.session(CORPUS).placeholders() == {P1: ODD, P2: NAME}, "numbers go on as if nobody had asked"


def test_a_name_that_was_asked_for_before_it_was_stored_is_found() -> None:
    """A name is written by the key alone."""
    embeddings, inner = made()
    assert embeddings.embed_query(NAME) == embeddings.embed_documents([NAME])[0]
    assert inner.seen[0] == inner.seen[1]
    assert inner.seen[0].split()[1] == inner.seen[0].split()[-1]


def test_vectors_hold_in_another_process_and_nowhere_else(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'vault.db'}"
    first, again = (made(make_guard(vault=SQLVault(url)))[0].embed_query(NAME) for _ in range(2))
    assert first == again
    other_corpus = made(make_guard(vault=SQLVault(url)), session_id="other")[0].embed_query(NAME)
    other_vault = made(make_guard())[0].embed_query(NAME)
    assert first not in (other_corpus, other_vault)
    assert other_corpus != other_vault


class Once:
    """Sees a value only where it is introduced."""

    def detect(self, text: str) -> list[Entity]:
        return [Entity("PERSON", *match.span(1)) for match in re.finditer(r"My name is (\w+ \w+)", text)]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("form", ["names", "placeholders"])
def test_found_in_one_text_is_hidden_in_all(form: Any, asynchronous: bool) -> None:
    embeddings, inner = made(Guard(Once()), form=form, batch_size=1)
    embed(embeddings, [f"{NAME} was here", f"My name is {NAME}", f"so was {NAME}"], asynchronous=asynchronous)
    ask(embeddings, f"where was {NAME}?", asynchronous=asynchronous)
    assert leaks(inner.seen) == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_search_for_a_name(asynchronous: bool) -> None:
    people = [f"Person{number} Family{number % 7}" for number in range(60)]
    guard = Guard(ExactDetector({"PERSON": people}))
    embeddings, inner = made(guard)
    store = InMemoryVectorStore(embeddings)
    store.add_texts([f"{name} takes aspirin in the morning" for name in people])
    for name in people[::7]:
        if asynchronous:
            found = asyncio.run(store.asimilarity_search(f"Does {name} take aspirin?", k=3))
        else:
            found = store.similarity_search(f"Does {name} take aspirin?", k=3)
        told = [document.page_content for document in found]
        assert f"{name} takes aspirin in the morning" in told, "the store gives what it was given"
    assert [name for name in people if name in str(inner.seen)] == []


@pytest.mark.parametrize("output", ["original", "anonymized"])
def test_behind_a_retriever(output: Any) -> None:
    guard = make_guard()
    embeddings, inner = made(guard)
    store = InMemoryVectorStore(embeddings)
    store.add_texts(TEXTS)
    retriever = ProtectedRetriever(store.as_retriever(search_kwargs={"k": 1}), guard, output=output)
    hidden = guard.session("s-1").anonymize(f"What did {ODD} sell? {NAME} asks.")
    (found,) = retriever.invoke(hidden, CONFIG)
    assert found.page_content == (TEXTS[2] if output == "original" else f"{P1} sold bees and honey.")
    assert leaks(inner.seen) == []


def test_placeholders_of_a_hidden_store_are_embedded_as_they_are() -> None:
    guard = make_guard()
    embeddings, inner = made(guard)
    store = InMemoryVectorStore(embeddings)
    hide = AnonymizeDocuments(guard, session_id=CORPUS)
    store.add_documents(hide.transform_documents([Document(text) for text in TEXTS]))
    assert inner.seen == [f"{P1} signed the lease in May. Mail: {E1}", TEXTS[1], f"{P2} sold bees and honey."]
    (found,) = ProtectedRetriever(
        store.as_retriever(search_kwargs={"k": 1}), guard, corpus_session=CORPUS, output="original"
    ).invoke(f"What did {NAME} sign?", CONFIG)
    assert found.page_content == TEXTS[0]
    assert inner.seen[-1] == f"What did {P1} sign?"


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_store_of_langgraph(asynchronous: bool) -> None:
    embeddings, inner = made()
    store = InMemoryStore(index={"embed": embeddings, "dims": 256, "fields": ["$"]})

    async def go() -> list[Any]:
        await store.aput(("m",), "1", {"fact": f"{NAME} likes tea"})
        await store.aput(("m",), "2", {"fact": f"{ODD} likes bees"})
        return await store.asearch(("m",), query=f"What does {ODD} like?")

    if asynchronous:
        found = asyncio.run(go())
    else:
        store.put(("m",), "1", {"fact": f"{NAME} likes tea"})
        store.put(("m",), "2", {"fact": f"{ODD} likes bees"})
        found = store.search(("m",), query=f"What does {ODD} like?")
    assert [item.value for item in found] == [{"fact": f"{ODD} likes bees"}, {"fact": f"{NAME} likes tea"}]
    assert len(inner.seen) == 3
    assert leaks(inner.seen) == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_memory_of_an_agent(asynchronous: bool) -> None:
    guard = make_guard()
    embeddings, inner = made(guard, session_id="memories")
    store = InMemoryStore(index={"embed": embeddings, "dims": 256})
    config: Any = {"configurable": {"thread_id": "s-1"}}

    def remember(fact: str, runtime: ToolRuntime) -> str:
        """Remember a fact."""
        assert runtime.store is not None
        runtime.store.put(("m",), "k", {"fact": fact})
        return "kept"

    replies = script(ToolCalls((call("remember", fact=f"{P1} likes tea"),)), f"{P1} likes tea.")
    with openai(replies) as (model, server):
        agent = create_agent(model, [remember], store=store, middleware=[GuardMiddleware(guard)])
        asked: Any = {"messages": [("user", f"remember that {NAME} likes tea")]}
        done = asyncio.run(agent.ainvoke(asked, config)) if asynchronous else agent.invoke(asked, config)
    assert done["messages"][-1].content == f"{NAME} likes tea."
    assert store.get(("m",), "k").value == {"fact": f"{NAME} likes tea"}  # type: ignore[union-attr]
    assert len(inner.seen) == 1
    assert leaks(inner.seen, server.requests) == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_agent_whose_store_has_real_text_embedded_is_refused(asynchronous: bool) -> None:
    store = InMemoryStore(index={"embed": Noting(), "dims": 256})
    asked: Any = {"messages": [("user", "hi")]}
    config: Any = {"configurable": {"thread_id": "s-1"}}
    with openai(script("hello")) as (model, server):
        for allowed in (False, True):
            more: Any = {"store_embeddings": "unseen"} if allowed else {}
            guarded = GuardMiddleware(make_guard(), **more)
            agent = create_agent(model, [], store=store, middleware=[guarded])
            with nullcontext() if allowed else pytest.raises(GuardError, match="ProtectedEmbeddings") as refused:
                _ = asyncio.run(agent.ainvoke(asked, config)) if asynchronous else agent.invoke(asked, config)
            assert len(server.requests) == allowed
            assert allowed or "InMemoryStore" in str(refused.value)  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="store_embeddings must be"):
        GuardMiddleware(make_guard(), store_embeddings="raw")  # type: ignore[arg-type]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_blocked_text_embeds_none(asynchronous: bool) -> None:
    for guard in (
        make_guard(policy=Policy(kinds={"EMAIL": "block"})),
        Guard(FailingDetector(RuntimeError(MAIL))),
    ):
        embeddings, inner = made(guard, batch_size=1)
        with pytest.raises(Blocked) as caught:
            embed(embeddings, [TEXTS[1], MAIL], asynchronous=asynchronous)
        assert caught.value.decision.stage == "document"
        with pytest.raises(Blocked) as caught:
            ask(embeddings, MAIL, asynchronous=asynchronous)
        assert caught.value.decision.stage == "prompt"
        assert MAIL not in str(caught.value)
        assert inner.asked == []
        assert inner.seen == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_scanners_judge_what_is_embedded(asynchronous: bool) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    embeddings, inner = made(
        Guard([], prompt_scanners=[Secrets()], policy=Policy(checks={"Secrets": CheckPolicy(action="anonymize")}))
    )
    embed(embeddings, [f"the token {token} is mine"], asynchronous=asynchronous)
    ask(embeddings, f"whose token is {token}", asynchronous=asynchronous)
    assert len(inner.seen) == 2
    assert token not in str(inner.seen)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_what_is_no_text_is_refused(asynchronous: bool) -> None:
    embeddings, inner = made()
    for bad in (None, 3, {"text": NAME}, Document(NAME), NAME.encode()):
        with pytest.raises(UnsupportedInput, match=f"type {type(bad).__name__}"):
            embed(embeddings, ["x", bad], asynchronous=asynchronous)  # type: ignore[list-item]
        with pytest.raises(UnsupportedInput, match=f"type {type(bad).__name__}"):
            ask(embeddings, bad, asynchronous=asynchronous)  # type: ignore[arg-type]
    assert inner.seen == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_nothing_to_embed(asynchronous: bool) -> None:
    embeddings, inner = made()
    assert embed(embeddings, [], asynchronous=asynchronous) == []
    assert len(embed(embeddings, ["", " "], asynchronous=asynchronous)) == 2
    assert inner.seen == ["", " "]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_errors_of_the_inner_model_pass(asynchronous: bool) -> None:
    class Broken(HashingEmbeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            raise OSError(str(texts))

        def embed_query(self, text: str) -> list[float]:
            raise OSError(text)

    embeddings = ProtectedEmbeddings(Broken(), make_guard(), session_id=CORPUS)
    for fails in (
        lambda: embed(embeddings, TEXTS, asynchronous=asynchronous),
        lambda: ask(embeddings, NAME, asynchronous=asynchronous),
    ):
        with pytest.raises(OSError) as caught:
            fails()
        assert leaks(caught.value) == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_runs_and_decisions(asynchronous: bool) -> None:
    noter = Noter()
    embeddings, _ = made(batch_size=2)

    async def ainside(texts: list[str]) -> Any:
        return await embeddings.aembed_documents(texts), await embeddings.aembed_query(texts[0])

    def inside(texts: list[str]) -> Any:
        return embeddings.embed_documents(texts), embeddings.embed_query(texts[0])

    step: Any = RunnableLambda(lambda _: inside(TEXTS), lambda _: ainside(TEXTS), name="ingest")
    config = {"callbacks": [noter]}
    asyncio.run(step.ainvoke(1, config)) if asynchronous else step.invoke(1, config)
    (outer,) = noter.of("chain_start", "ingest")
    runs = noter.of("chain_start", "ProtectedEmbeddings")
    assert [(run[2], run[4]) for run in runs] == [({"documents": 3}, outer[3]), ({"documents": 1}, outer[3])]
    checks = noter.of("chain_start", "pii")
    assert {check[4] for check in checks} == {run[3] for run in runs}
    decisions = [event[2] for event in noter.of("custom", "lc_guard.decision")]
    assert [decision["stage"] for decision in decisions] == ["document", "document", "prompt"]
    assert leaks(noter.calls) == []


async def test_async_never_blocks_the_loop(tmp_path: Path) -> None:
    class Slow(BatchDetector):
        def detect_batch(self, texts: Any) -> list[list[Entity]]:
            time.sleep(0.02)
            return super().detect_batch(texts)

    vault = SQLVault(f"sqlite:///{tmp_path / 'vault.db'}")
    embeddings, inner = made(Guard(Slow(), vault=vault))
    await embeddings.aembed_documents(["x"])  # what is imported on first use
    with blockbuster_ctx():
        await asyncio.gather(embeddings.aembed_documents(TEXTS), embeddings.aembed_query(NAME))
    assert leaks(inner.seen) == []


def test_many_at_the_same_time_agree() -> None:
    guard = make_guard(vault=MemoryVault())
    several = [made(guard)[0] for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        vectors = list(pool.map(lambda number: several[number % 8].embed_query(NAME), range(64)))
    assert all(vector == vectors[0] for vector in vectors)
    assert len(guard.vault.items(f"{CORPUS}#embeddings")) <= 8


def test_no_conversation_is_the_corpus() -> None:
    guard = make_guard()
    made(guard)
    for named in (CORPUS, f"{CORPUS}#embeddings"):
        with pytest.raises(SessionMissing, match="stored documents"):
            Anonymize(guard).invoke("hi", {"configurable": {"thread_id": named}})


def test_construction_is_checked() -> None:
    guard, inner = make_guard(), HashingEmbeddings()
    with pytest.raises(TypeError, match="needs LangChain Embeddings"):
        ProtectedEmbeddings(lambda texts: texts, guard, session_id=CORPUS)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Guard"):
        ProtectedEmbeddings(inner, "guard", session_id=CORPUS)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="session_id"):
        ProtectedEmbeddings(inner, guard)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="form"):
        ProtectedEmbeddings(inner, guard, session_id=CORPUS, form="raw")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="batch_size"):
        ProtectedEmbeddings(inner, guard, session_id=CORPUS, batch_size=0)
    with pytest.raises(SessionMissing):
        ProtectedEmbeddings(inner, guard, session_id=" ")
    shown = repr(ProtectedEmbeddings(inner, guard, session_id="jane"))
    assert shown.startswith("ProtectedEmbeddings(HashingEmbeddings, Guard(")
    assert "jane" not in shown


def test_a_new_method_of_langchain_is_no_way_around() -> None:
    from lc_guard._vendors.seals import Seal

    class Later(Embeddings):
        def embed_images(self, texts: list[str]) -> list[list[float]]:
            return [[0.0] for _ in texts]

    class Ours(ProtectedEmbeddings, Later):
        pass

    Later.__module__ = "langchain_core.embeddings.later"
    Seal("ProtectedEmbeddings", "langchain-core").close(Ours, Later, ())
    with pytest.raises(SeamBroken, match="embed_images"):
        Ours(HashingEmbeddings(), make_guard(), session_id=CORPUS).embed_images([NAME])
