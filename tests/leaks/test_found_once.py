"""What is found once in a request leaves nowhere raw: at each seam, in every mode; and what would leave is stopped."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import BaseChatModel, FakeListLLM
from langchain_core.language_models.llms import LLM
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore

from lc_guard import (
    Anonymize,
    AnonymizeDocuments,
    Entity,
    Guard,
    GuardCallbackHandler,
    GuardMiddleware,
    LeakPrevented,
    Policy,
    ProtectedRetriever,
    protect,
)
from lc_guard.records import DECISION_EVENT
from lc_guard.testing import ExactDetector
from lc_guard.vaults import MemoryVault
from tests.support.detectors import Once
from tests.support.seams import MODES, added, run

NAME, PHONE = "Priya Raman", "(415) 555-0134"
FOUND = (("PERSON", NAME), ("PHONE_NUMBER", PHONE))
WORDS = ("Raman", "RAMAN", "555-0134", "555 0134", "555.0134", "5550134")
CONFIG: Any = {"configurable": {"session_id": "s"}}


class Noting(BaseChatModel):
    """A model that notes what it is sent, and answers with words of its own."""

    sent: list[Any]
    answers: list[Any]

    @property
    def _llm_type(self) -> str:
        return "noting"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
        return self

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        self.sent.append((messages, stop, kwargs))
        return ChatResult(generations=[ChatGeneration(message=self.answers[len(self.sent) - 1])])

    def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
        (generation,) = self._generate(messages, stop, run_manager, **kwargs).generations
        yield ChatGenerationChunk(message=_chunk(generation.message))


def _chunk(message: BaseMessage) -> Any:
    from langchain_core.messages import AIMessageChunk

    return AIMessageChunk(content=message.content)


def noting(*answers: Any) -> Noting:
    return Noting(sent=[], answers=list(answers) or [AIMessage("done")] * 9)


def raw(sent: Any) -> list[str]:
    return [word for word in WORDS if word in str(sent)]


def conversation() -> list[BaseMessage]:
    call = {"name": "look_up", "args": {"of": f"Raman, {PHONE}"}, "id": "1", "type": "tool_call"}
    return [
        SystemMessage("You assist Raman."),
        HumanMessage([{"type": "text", "text": f"I am {NAME}"}, {"type": "text", "text": "PRIYA RAMAN, 4155550134"}]),
        AIMessage("", tool_calls=[call]),
        ToolMessage('{"caller": "Priya\\u0020Raman", "tel": "+1 415 555 0134"}', tool_call_id="1"),
        HumanMessage(f"Call {NAME} now. Email {NAME} today."),
    ]


@pytest.mark.parametrize("mode", MODES)
def test_a_model_call(mode: str) -> None:
    model = noting()
    list(run(protect(model, Guard(Once(*FOUND))), mode, conversation(), CONFIG))
    assert model.sent
    assert raw(model.sent) == []


@pytest.mark.parametrize("mode", MODES)
def test_a_chain_and_a_batch_of_one_session(mode: str) -> None:
    model = noting()
    chain = Anonymize(Guard(Once(*FOUND))) | model
    list(run(chain, mode, f"Call {NAME}; RAMAN, 4155550134, {PHONE}", CONFIG))
    assert raw(model.sent) == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_batch_in_one_session_is_one_request(asynchronous: bool) -> None:
    model, texts = noting(), [f"Raman called {PHONE}", "Raman, 415-555-0134", f"{NAME}!"]
    chain = Anonymize(Guard(Once(*FOUND))) | model
    config: Any = {**CONFIG, "max_concurrency": 1}
    asyncio.run(chain.abatch(texts, config)) if asynchronous else chain.batch(texts, config)
    assert len(model.sent) == 3
    assert raw(model.sent) == []


def test_sessions_of_a_batch_stay_apart() -> None:
    step = Anonymize(Guard(Once(*FOUND)))
    configs: Any = [{"configurable": {"session_id": name}} for name in "ab"]
    assert step.batch([NAME, "Raman"], configs) == ["[REDACTED_PERSON_1]", "Raman"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_agent_and_its_tools(asynchronous: bool) -> None:
    from langchain.agents import create_agent

    @tool
    def look_up(of: str) -> str:
        """Look somebody up."""
        return f"{of}: RAMAN, P. has 4155550134; Raman; {NAME}, {PHONE}"

    call = {"name": "look_up", "args": {"of": "Raman"}, "id": "1", "type": "tool_call"}
    model = noting(AIMessage("", tool_calls=[call]), AIMessage("done"))
    agent = create_agent(model, [look_up], middleware=[GuardMiddleware(Guard(Once(*FOUND)), self_test="never")])
    asked: Any = {"messages": [HumanMessage(f"Who is {NAME}?")]}
    asyncio.run(agent.ainvoke(asked, CONFIG)) if asynchronous else agent.invoke(asked, CONFIG)
    assert len(model.sent) == 2
    assert raw([messages for messages, _, _ in model.sent]) == []


def test_documents_before_they_are_embedded_and_what_is_retrieved() -> None:
    documents = [Document("The Raman file, 4155550134"), Document(f"{NAME}, {PHONE}"), Document("RAMAN again")]
    guard = Guard(Once(*FOUND))
    embedded: list[str] = []

    class Embedding(DeterministicFakeEmbedding):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            embedded.extend(texts)
            return super().embed_documents(texts)

    store = InMemoryVectorStore(Embedding(size=8))
    store.add_documents(AnonymizeDocuments(guard, session_id="corpus").transform_documents(documents))
    assert len(embedded) == 3
    assert raw(embedded) == []
    retriever = ProtectedRetriever(store.as_retriever(), guard, corpus_session="corpus")
    assert raw(retriever.invoke("which file?", CONFIG)) == []


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("style", ["llm_guard", "fake"])
def test_documents_of_several_batches(asynchronous: bool, style: Any) -> None:
    guard = Guard(Once(*FOUND), placeholder_style=style)
    hide = AnonymizeDocuments(guard, session_id="corpus", batch_size=2)
    texts = ["The Raman file", "nothing", "PRIYA RAMAN", "the raman", "4155550134", f"{NAME}, {PHONE}", "Raman"]
    documents = [Document(text) for text in texts]
    transform = hide.atransform_documents if asynchronous else hide.transform_documents
    done: Any = transform(documents)
    done = asyncio.run(done) if asynchronous else done
    assert not any(value in str(done) for value in ("Raman", "RAMAN", "4155550134", PHONE))
    assert [guard.session("corpus").deanonymize(document.page_content) for document in done] == texts
    assert done[1] is documents[1]


def test_raw_documents_that_are_retrieved() -> None:
    class Fixed(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [Document("The Raman file"), Document(NAME, metadata={"by": "Raman"})]

    assert raw(ProtectedRetriever(Fixed(), Guard(Once(*FOUND))).invoke("which file?", CONFIG)) == []


def watching(guard: Guard) -> Any:
    return {**CONFIG, "callbacks": [GuardCallbackHandler(stop_leaks=guard)]}


class Late(MemoryVault):
    """A vault that another worker writes to: what hides does not find the value yet, what looks afterwards does."""

    def look(self, session: str, texts: Any) -> Any:
        return self.kinds(session), [[] for _ in texts]


class Told(BaseCallbackHandler):
    def __init__(self) -> None:
        self.decisions: list[Any] = []

    def on_custom_event(self, name: str, data: Any, **kwargs: Any) -> None:
        if name == DECISION_EVENT:
            self.decisions.append(data)


def late_guard(**settings: Any) -> Guard:
    vault = Late()
    Guard(Once(*FOUND), vault=vault).session("s").anonymize(f"{NAME}, {PHONE}")
    return Guard([], vault=vault, **settings)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("spelling", [NAME, "PRIYA RAMAN", "Priya&nbsp;Raman", "Priya%20Raman", "415.555.0134"])
def test_what_would_be_sent_all_the_same_is_stopped_and_told(mode: str, spelling: str) -> None:
    model, told = noting(), Told()
    with pytest.raises(LeakPrevented) as caught:
        list(
            run(protect(model, late_guard()), mode, [HumanMessage(f"of {spelling}!")], {**CONFIG, "callbacks": [told]})
        )
    assert model.sent == []
    assert "Raman" not in str(caught.value)
    assert sum(caught.value.kinds.values()) == 1
    # of a batch another input's check may be told later
    (leak, *_) = (each for each in told.decisions if each["check"] == "leak")
    assert (leak["action"], leak["valid"]) == ("block", False)
    assert leak["entities"] == caught.value.kinds
    assert raw(told.decisions) == []


@pytest.mark.parametrize("mode", MODES)
def test_a_text_model_is_not_sent_it_either(mode: str) -> None:
    model = FakeListLLM(responses=["never"] * 5)
    with pytest.raises(LeakPrevented):
        list(run(protect(model, late_guard()), mode, f"of {NAME}", CONFIG))
    assert model.i == 0


class NotingText(LLM):
    """A text model that notes its prompt and options, and says the first stop back."""

    sent: list[Any]
    model_kwargs: dict[str, Any]

    @property
    def _llm_type(self) -> str:
        return "noting"

    def _call(self, prompt: str, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> str:
        self.sent.append((prompt, stop, kwargs, self.model_kwargs))
        return f"{stop[0]}!"


@pytest.mark.parametrize("mode", MODES)
def test_the_options_of_a_text_model_are_hidden(mode: str) -> None:
    guard, model = Guard(ExactDetector({"PERSON": [NAME]})), NotingText(sent=[], model_kwargs={"user": NAME})
    bound = protect(model, guard).bind(stop=[NAME], user=NAME)
    assert added(run(bound, mode, "hi", CONFIG)) == f"{NAME}!"
    assert model.sent
    assert raw(model.sent) == []
    with pytest.raises(LeakPrevented):
        list(run(protect(model, guard).bind(extra_body={NAME: 1}), mode, "hi", CONFIG))
    assert model.model_kwargs == {"user": NAME}


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_agent_is_stopped_too(asynchronous: bool) -> None:
    from langchain.agents import create_agent

    model = noting()
    agent = create_agent(model, [], middleware=[GuardMiddleware(late_guard(), self_test="never")])
    asked: Any = {"messages": [HumanMessage(NAME)]}
    with pytest.raises(LeakPrevented):
        asyncio.run(agent.ainvoke(asked, CONFIG)) if asynchronous else agent.invoke(asked, CONFIG)
    assert model.sent == []


BESIDE: dict[str, Any] = {
    "stop": ([HumanMessage("x")], {"stop": [NAME]}),
    "user": ([HumanMessage("x")], {"user": "priya raman"}),
    "provider's own": ([HumanMessage("x")], {"extra_body": {"caller": ["4155550134"]}}),
    "name": ([HumanMessage("x"), AIMessage("y", name=NAME)], {}),
}
FIXED: dict[str, Any] = {
    "argument of a tool": ([HumanMessage("x")], {"tools": [{"parameters": {"properties": {"Priya_Raman": {}}}}]}),
    "address": (
        [HumanMessage([{"type": "image_url", "image_url": {"url": "https://x.example/Priya%20Raman.png"}}])],
        {},
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("where", BESIDE)
def test_what_stands_beside_the_texts_is_hidden(mode: str, where: str) -> None:
    guard, model = Guard(Once(*FOUND)), noting()
    guard.session("s").anonymize(f"{NAME}, {PHONE}")
    messages, options = BESIDE[where]
    list(run(protect(model, guard).bind(**options), mode, messages, CONFIG))
    assert model.sent
    assert raw(model.sent) == []
    assert "REDACTED_" in str(model.sent[0])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("where", FIXED)
def test_what_nothing_can_stand_for_is_refused(mode: str, where: str) -> None:
    guard, model = Guard(Once(*FOUND)), noting()
    guard.session("s").anonymize(f"{NAME}, {PHONE}")
    messages, options = FIXED[where]
    with pytest.raises(LeakPrevented) as caught:
        list(run(protect(model, guard).bind(**options), mode, messages, CONFIG))
    assert model.sent == []
    assert "Raman" not in str(caught.value)


@pytest.mark.parametrize("where", [*BESIDE, "address"])
def test_stop_leaks_looks_at_it_as_well(where: str) -> None:
    guard, model = Guard(Once(*FOUND)), noting()
    messages, options = {**BESIDE, **FIXED}[where]
    chain = Anonymize(guard) | (lambda _: messages) | model.bind(**options)
    with pytest.raises(LeakPrevented):
        chain.invoke(f"{NAME}, {PHONE}", watching(guard))
    assert model.sent == []


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("May I? Will you? It was frosty, and frost.", {}),
        ("[REDACTED_PERSON_1] typed by somebody", {}),
        (f"of {NAME}", {"policy": Policy(kinds={"PERSON": "allow"})}),
        (f"of {NAME}", {"policy": Policy(kinds={"PERSON": "warn"})}),
    ],
)
def test_what_is_meant_to_stay_is_no_leak(text: str, settings: Any) -> None:
    vault = MemoryVault()
    names = [Entity("PERSON", 0, 4), Entity("PERSON", 6, 9), Entity("PERSON", 11, 16), Entity("PERSON", 18, 29)]
    first = Guard(lambda text: names if text.startswith("Will, May") else [], vault=vault)
    first.session("s").anonymize(f"Will, May, Frost, {NAME}")
    model = noting()
    call = {"name": "raman", "args": {}, "id": "Raman", "type": "tool_call"}
    definition = {"type": "function", "function": {"name": "t", "description": f"as in {NAME}", "parameters": {}}}
    messages = [
        AIMessage("", tool_calls=[call], id="Raman"),
        ToolMessage("x", tool_call_id="Raman", name="Priya_Raman"),
        AIMessage("y", name="Raman"),
        HumanMessage(text),
    ]
    guard = Guard([], vault=vault, **settings)
    protect(model, guard).invoke(messages, CONFIG, stop=["Frost"], tools=[definition])
    assert len(model.sent) == 1
    chain = Anonymize(guard) | model
    chain.invoke(messages, watching(guard), tools=[definition])
    assert len(model.sent) == 2
