"""What arises inside protect(): every model in there is sent placeholders only, or it is not asked."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from langchain.agents import create_agent
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import BaseLLM, FakeListLLM, GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import PydanticOutputParser, StrOutputParser
from langchain_core.outputs import Generation, LLMResult
from langchain_core.prompts import (
    ChatPromptTemplate,
    FewShotChatMessagePromptTemplate,
    MessagesPlaceholder,
    PromptTemplate,
)
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import (
    ConfigurableField,
    RouterRunnable,
    Runnable,
    RunnableBranch,
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
    RunnableSerializable,
)
from langchain_core.runnables.history import RunnableWithMessageHistory
from langchain_core.tools import tool
from langchain_core.vectorstores import InMemoryVectorStore
from langgraph.graph import END, START, MessagesState, StateGraph
from pydantic import BaseModel, Field

from lc_guard import Blocked, Entity, GuardMiddleware, Policy, ProtectedRetriever, SessionMissing, protect
from lc_guard.errors import SeamBroken
from lc_guard.langchain.retrieved import HideRetrieved
from lc_guard.testing import ExactDetector

from ..support.openai_server import ToolCall, ToolCalls, echo
from ..support.seams import E1, MAIL, MODES, NAME, ODD, P1, P2, Noter, added, make_guard, openai, run

modes = pytest.mark.parametrize("mode", MODES)
VALUES = (NAME, MAIL, "Quartermain", "Iggy", "canary.example")
EXAMPLES = FewShotChatMessagePromptTemplate(
    example_prompt=ChatPromptTemplate.from_messages([("human", "{asked}"), ("ai", "{said}")]),
    examples=[{"asked": f"Where is {ODD}?", "said": "In Ulm."}],
)
PROMPT = ChatPromptTemplate.from_messages([("system", f"Cases of {MAIL}."), EXAMPLES, ("human", "{text}")])
TEXT = RunnableLambda(lambda text: {"text": text})


def sent(server: Any) -> list[str]:
    """Every text that the provider received."""
    return [message["content"] for request in server.requests for message in request["messages"]]


def leaks(server: Any) -> list[str]:
    return [value for value in VALUES for body in server.raw if value.encode() in body]


def store(*texts: str) -> InMemoryVectorStore:
    made = InMemoryVectorStore(DeterministicFakeEmbedding(size=8))
    made.add_documents([Document(text, metadata={"by": text, "page": 3}) for text in texts])
    return made


class Held(RunnableSerializable[Any, Any]):
    """A chain that holds a model in a field, as classic chains do."""

    llm: Any = None
    others: dict[str, Any] = Field(default_factory=dict)

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        return (self.llm or self.others["a"][0]).invoke(PROMPT.invoke({"text": input}), config)


class Asks(Runnable[Any, Any]):
    """A Runnable of an application that holds a model where nobody can put another one."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        return self.model.invoke(f"{ODD}: {input}")


class Several(BaseRetriever):
    """A retriever that asks a model for other questions first, as MultiQueryRetriever does."""

    llm_chain: Any
    inner: Any

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        config = {"callbacks": run_manager.get_child()}
        return self.inner.invoke(self.llm_chain.invoke(query, config), config)


class Completes(BaseLLM):
    """A text model that notes what it is asked and says it again."""

    asked: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "completes"

    def _generate(self, prompts: list[str], *args: Any, **kwargs: Any) -> LLMResult:
        self.asked.extend(prompts)
        return LLMResult(generations=[[Generation(text=prompt)] for prompt in prompts])


CHAINS: dict[str, Callable[[Any], Any]] = {
    "sequence": lambda model: TEXT | PROMPT | model,
    "parallel": lambda model: TEXT | PROMPT | {"a": model, "b": RunnablePassthrough()} | (lambda both: both["a"]),
    "assign": lambda model: TEXT | RunnablePassthrough.assign(a=PROMPT | model) | (lambda both: both["a"]),
    "binding": lambda model: TEXT | PROMPT | model.bind(stop=["END"]),
    "config": lambda model: (TEXT | PROMPT | model).with_config(tags=["x"]),
    "retry": lambda model: TEXT | PROMPT | model.with_retry(),
    "retried chain": lambda model: (TEXT | PROMPT | model).with_retry(),
    "fallbacks": lambda model: (RunnableLambda(lambda _: 1 / 0) | model).with_fallbacks([TEXT | PROMPT | model]),
    "branch": lambda model: TEXT | RunnableBranch((lambda _: True, PROMPT | model), PROMPT | model),
    "router": lambda model: {"key": lambda _: "a", "input": TEXT} | RouterRunnable({"a": PROMPT | model}),
    "each": lambda model: (lambda text: [{"text": text}]) | (PROMPT | model).map() | (lambda answers: answers[0]),
    "fields": lambda model: (
        TEXT
        | PROMPT
        | model.configurable_fields(temperature=ConfigurableField(id="t")).with_config(configurable={"t": 1})
    ),
    "alternatives": lambda model: (
        TEXT
        | PROMPT.configurable_alternatives(
            ConfigurableField(id="p"), other=PROMPT | model, late=lambda: PROMPT | model
        ).with_config(configurable={"p": "late"})
    ),
    "listeners": lambda model: (TEXT | PROMPT | model).with_listeners(on_end=lambda run: None),
    "held in a field": lambda model: Held(llm=model),
    "held in a dict": lambda model: Held(others={"a": [RunnablePassthrough() | model]}),
}


@modes
@pytest.mark.parametrize("chain", CHAINS)
def test_what_the_prompt_says_is_hidden_wherever_the_model_stands(chain: str, mode: str) -> None:
    guard = make_guard()
    with openai(echo) as (model, server):
        answer = added(run(protect(CHAINS[chain](model), guard), mode, f"I am {NAME}", {}))
    assert getattr(answer, "content", answer) == f"I am {NAME}"
    assert {str(content) for content in sent(server)} == {f"Cases of {E1}.", f"Where is {P2}?", "In Ulm.", f"I am {P1}"}
    assert not leaks(server)
    assert "0 sessions" in repr(guard.vault)


REACHED = ("function", "given back by a function", "generator", "object", "method", "graph")


def unreachable(model: Any) -> dict[str, Any]:
    graph = StateGraph(MessagesState)
    graph.add_node("answer", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_edge(START, "answer")
    graph.add_edge("answer", END)

    async def awrite(texts: Any) -> Any:
        async for text in texts:
            async for chunk in model.astream(text):
                yield chunk

    def write(texts: Any) -> Any:
        for text in texts:
            yield from model.stream(text)

    histories: dict[str, InMemoryChatMessageHistory] = {}
    remembering = RunnableWithMessageHistory(
        PROMPT | model,
        lambda session_id: histories.setdefault(session_id, InMemoryChatMessageHistory()),
        input_messages_key="text",
    )
    return {
        "function": lambda text: model.invoke(f"{ODD}: {text}"),
        "given back by a function": lambda text: PROMPT | model if text else None,
        "generator": RunnableGenerator(write, awrite),
        "object": Asks(model),
        "method": RunnableLambda(Asks(model).invoke),
        "graph": graph.compile(),
        "agent": create_agent(model, []),
        "history": remembering,
    }


def asked(name: str) -> Any:
    if name in ("graph", "agent"):
        return {"messages": [("human", f"I am {NAME}")]}
    return {"text": NAME} if name in ("history", "given back by a function") else f"I am {NAME}"


@modes
@pytest.mark.parametrize("name", [*REACHED, "agent", "history"])
def test_a_model_that_no_one_can_reach_is_not_asked(name: str, mode: str) -> None:
    guard = make_guard()
    with openai(echo) as (model, server):
        safe = protect(unreachable(model)[name], guard)
        with pytest.raises(SeamBroken, match=r"GuardMiddleware\(guard\)") as raised:
            run(safe, mode, asked(name), {"configurable": {"session_id": "s"}})
    assert not server.requests
    assert NAME not in str(raised.value)


@modes
@pytest.mark.parametrize("name", REACHED)
def test_the_same_with_a_protected_model_is_served(name: str, mode: str) -> None:
    guard = make_guard()
    with openai(echo) as (model, server):
        answer = added(run(protect(unreachable(protect(model, guard))[name], guard), mode, asked(name), {}))
    assert P1 in str(sent(server))
    assert not leaks(server)
    assert NAME in str(answer)
    assert "LITERAL" not in str(sent(server))
    assert "0 sessions" in repr(guard.vault)


@modes
def test_a_refusal_that_somebody_swallows_is_told_all_the_same(mode: str) -> None:
    with openai(echo) as (model, server):
        chain = RunnableLambda(model.invoke).with_fallbacks([RunnableLambda(lambda _: "all is well")])
        with pytest.raises(SeamBroken):
            run(protect(chain, make_guard()), mode, NAME, {})
    assert not server.requests


@modes
def test_retrieved_documents(mode: str) -> None:
    """The question keeps its placeholders for the store; what comes back is hidden, look-alikes in it are text."""
    guard = make_guard()
    wicked = f"{ODD} of {P1}, {P2} and [REDACTED_EMAIL_1]"
    queries: list[str] = []

    class Watched(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            queries.append(query)
            return [Document(wicked, metadata={"by": ODD, "page": 3})]

    def shown(found: list[Document]) -> str:
        return f"{found[0].page_content} by {found[0].metadata['by']}, page {found[0].metadata['page']}"

    prompt = ChatPromptTemplate.from_template("{context}. {question}")
    with openai(echo) as (model, server):
        chain = {"context": Watched() | shown, "question": RunnablePassthrough()} | prompt | model | StrOutputParser()
        answer = added(run(protect(chain, guard), mode, f"Who is {NAME} at {MAIL}?", {}))
    assert answer == f"{wicked} by {ODD}, page 3. Who is {NAME} at {MAIL}?"
    assert set(queries) == {f"Who is {P1} at {E1}?"}
    (content,) = set(sent(server))
    assert content.endswith(f"Who is {P1} at {E1}?")
    assert content.count(P1) == content.count(E1) == 1
    assert content.count("REDACTED_PERSON_3") == 2  # numbers that stand in a text are not given to somebody else
    assert re.findall(r"LITERAL_\d", content) == ["LITERAL_1", "LITERAL_2", "LITERAL_3"]
    assert not leaks(server)


@modes
def test_a_retriever_that_asks_a_model_itself(mode: str) -> None:
    guard = make_guard()
    with openai(echo) as (model, server):
        asking = ChatPromptTemplate.from_template(f"{MAIL} asks: {{question}}") | model | StrOutputParser()
        retriever = Several(llm_chain=asking, inner=store(ODD).as_retriever())
        chain = retriever | (lambda found: found[0].page_content) | model | StrOutputParser()
        assert added(run(protect(chain, guard), mode, NAME, {})) == ODD
    assert set(sent(server)) == {f"{E1} asks: {P1}", P2}


@modes
def test_a_text_model(mode: str) -> None:
    guard, llm = make_guard(), Completes(asked=[])
    chain = (
        PromptTemplate.from_template(f"{MAIL}: {{text}} [REDACTED_PERSON_9]") | llm.bind(stop=["x"]) | StrOutputParser()
    )
    assert added(run(protect(chain, guard), mode, {"text": NAME}, {})) == f"{MAIL}: {NAME} [REDACTED_PERSON_9]"
    assert set(llm.asked) == {f"{E1}: {P1} [REDACTED_LITERAL_1]"}
    llm.asked.clear()
    assert added(run(protect(llm, guard), mode, NAME, {})) == NAME
    assert set(llm.asked) == {P1}
    with pytest.raises(SeamBroken):
        run(protect(RunnableLambda(llm.invoke), guard), mode, NAME, {})
    assert set(llm.asked) == {P1}


@modes
def test_one_session_for_all_models_of_a_call(mode: str) -> None:
    """What the first model said goes to the second as it is; nothing is hidden twice."""
    guard = make_guard()
    with openai(echo) as (model, server):
        first = ChatPromptTemplate.from_template(f"{{text}} and {ODD}") | model | StrOutputParser()
        chain = first | (lambda text: f"{text} at {MAIL}") | protect(model, guard) | StrOutputParser()
        typed = f"{NAME} [REDACTED_PERSON_9]"
        answer = added(run(protect(chain, guard), mode, {"text": typed}, {}))
    assert answer == f"{typed} and {ODD} at {MAIL}"
    assert set(sent(server)) == {f"{P1} [REDACTED_LITERAL_1] and {P2}", f"{P1} [REDACTED_LITERAL_1] and {P2} at {E1}"}
    assert "0 sessions" in repr(guard.vault)


@modes
def test_boundaries_in_one_another(mode: str) -> None:
    guard = make_guard()
    with openai(echo) as (model, server):
        inner = protect(PromptTemplate.from_template(f"{{text}} {ODD}") | model | StrOutputParser(), guard)
        outer = protect(TEXT | inner | (lambda text: f"{text}!"), guard)
        assert added(run(outer, mode, NAME, {})) == f"{NAME} {ODD}!"
    assert set(sent(server)) == {f"{P1} {P2}"}
    assert "0 sessions" in repr(guard.vault)


@modes
def test_a_boundary_of_another_guard_inside(mode: str) -> None:
    """What one guard lets through raw is not what the other one promised, unless its own model stands around."""
    mine, other = make_guard(), make_guard(detectors=ExactDetector({"EMAIL": [MAIL]}))
    with openai(echo) as (model, server):
        chain = TEXT | PROMPT | protect(model, other)
        assert added(run(protect(chain, mine), mode, NAME, {})).content == NAME
        assert not leaks(server)
        server.requests.clear()
        foreign = protect(model, other)
        with pytest.raises(SeamBroken):
            run(protect(foreign.invoke, mine), mode, NAME, {})
    assert not server.requests


def test_a_conversation_keeps_placeholders_over_its_turns() -> None:
    guard = make_guard()
    histories: dict[str, InMemoryChatMessageHistory] = {}
    config = {"configurable": {"session_id": "s"}}
    prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{text}")])
    with openai(echo) as (model, server):
        inside = RunnableWithMessageHistory(
            prompt | protect(model, guard),
            lambda session_id: histories.setdefault(session_id, InMemoryChatMessageHistory()),
            input_messages_key="text",
            history_messages_key="history",
        )
        safe = protect(inside, guard)
        assert safe.invoke({"text": f"I am {NAME}"}, config).content == f"I am {NAME}"
        assert safe.invoke({"text": f"and {ODD}"}, config).content == f"and {ODD}"
    assert [message["content"] for message in server.requests[-1]["messages"]] == [
        f"I am {P1}",
        f"I am {P1}",
        f"and {P2}",
    ]
    assert [message.content for message in histories["s"].messages] == [f"I am {P1}"] * 2 + [f"and {P2}"] * 2


def test_structured_output() -> None:
    class Case(BaseModel):
        who: str

    guard = make_guard()
    reply = f'{{"who": "{P1} and {P2}"}}'
    with openai(lambda _: reply) as (model, server):
        chain = PROMPT | model | PydanticOutputParser(pydantic_object=Case)
        assert protect(chain, guard).invoke({"text": NAME}) == Case(who=f"{NAME} and {ODD}")
    assert not leaks(server)


@modes
def test_fakes(mode: str) -> None:
    """Fakes of the session look like values to a detector: they stay as they are."""
    known = {"PERSON": [NAME, ODD]}

    class Suspicious(ExactDetector):
        def detect(self, text: str) -> Any:
            found = list(super().detect(text))
            return [
                *found,
                *(Entity("PERSON", *match.span(), 0.9) for match in re.finditer(r"[A-Z][a-z]+ [A-Z][a-z]+", text)),
            ]

    guard = make_guard(detectors=Suspicious(known), placeholder_style="fake")
    with openai(echo) as (model, server):
        chain = PromptTemplate.from_template(f"{{text}} met {ODD}") | model | StrOutputParser()
        safe = protect(chain, guard)
        assert added(run(safe, mode, {"text": NAME}, {"configurable": {"session_id": "s"}})) == f"{NAME} met {ODD}"
    fakes = {value: fake for fake, value in guard.session("s").placeholders().items()}
    assert set(fakes) == {NAME, ODD}
    assert set(sent(server)) == {f"{fakes[NAME]} met {fakes[ODD]}"}


def test_two_sessions_at_once_through_one_chain() -> None:
    guard = make_guard()
    barrier = threading.Barrier(2, timeout=30)

    def together(request: Any) -> Any:
        barrier.wait()
        return echo(request)

    with openai(together) as (model, server):
        safe = protect(PROMPT | model | StrOutputParser(), guard)
        with ThreadPoolExecutor(2) as pool:
            one = pool.submit(safe.invoke, {"text": f"a {NAME}"}, {"configurable": {"session_id": "a"}})
            two = pool.submit(safe.invoke, {"text": f"b {MAIL} {P1}"}, {})
            assert (one.result(), two.result()) == (f"a {NAME}", f"b {MAIL} {P1}")

        async def both() -> list[str]:
            configs: list[Any] = [{"configurable": {"session_id": "c"}}, {}]
            texts = (f"a {NAME}", f"b {MAIL} {P1}")
            return await asyncio.gather(*(safe.ainvoke({"text": t}, c) for t, c in zip(texts, configs, strict=True)))

        assert asyncio.run(both()) == [f"a {NAME}", f"b {MAIL} {P1}"]
    assert set(sent(server)) >= {f"a {P1}", f"b {E1} [REDACTED_LITERAL_1]"}
    assert not leaks(server)
    assert "2 sessions" in repr(guard.vault)


@modes
@pytest.mark.parametrize("on_blocked", ["raise", "no."])
def test_what_is_blocked_inside(mode: str, on_blocked: str) -> None:
    guard = make_guard(policy=Policy(kinds={"EMAIL": "block"}))
    with openai(echo) as (model, server):
        by_prompt = PROMPT | model | StrOutputParser()
        by_document = store(MAIL).as_retriever() | (lambda found: found[0].page_content) | model | StrOutputParser()
        for chain, value in ((by_prompt, {"text": NAME}), (by_document, NAME)):
            safe = protect(chain, guard, on_blocked=on_blocked)
            if on_blocked == "raise":
                with pytest.raises(Blocked) as raised:
                    run(safe, mode, value, {})
                assert MAIL not in str(raised.value)
            else:
                assert added(run(safe, mode, value, {})) == "no."
    assert not server.requests
    assert "0 sessions" in repr(guard.vault)


@modes
def test_scanners_may_ask_a_model_of_their_own(mode: str) -> None:
    judged: list[str] = []

    def judge(text: str) -> bool:
        judged.append(text)
        return GenericFakeChatModel(messages=iter([AIMessage("fine")])).invoke(text).content == "fine"

    guard = make_guard(prompt_scanners=[("judge", judge)], output_scanners=[("judge of answers", judge)])
    with openai(echo) as (model, server):
        assert added(run(protect(PROMPT | model | StrOutputParser(), guard), mode, {"text": NAME}, {})) == NAME
    assert not leaks(server)
    assert judged


def test_an_agent_with_the_middleware_inside() -> None:
    called: list[str] = []

    @tool
    def look_up(who: str) -> str:
        """Look somebody up."""
        called.append(who)
        return f"{who} knows {ODD}"

    guard = make_guard()

    def reply(request: Any) -> Any:
        if any(message["role"] == "tool" for message in request["messages"]):
            return f"{P1} and {P2}"
        return ToolCalls((ToolCall("look_up", {"who": P1}),))

    with openai(reply) as (model, server):
        agent = protect(create_agent(model, [look_up], middleware=[GuardMiddleware(guard)]), guard)
        done = agent.invoke({"messages": [("human", f"Who is {NAME}?")]}, {"configurable": {"session_id": "s"}})
    assert done["messages"][-1].content == f"{NAME} and {ODD}"
    assert not leaks(server)
    assert f"{P1} knows {P2}" in sent(server)
    assert called == [P1]  # the outer boundary's inside sees placeholders, its tools as well


def test_a_plain_function_needs_a_word() -> None:
    guard = make_guard()
    client: dict[str, Any] = {}

    def pieces(texts: Any) -> Any:
        yield from texts

    for inside in (
        client.get,
        RunnableLambda(str) | StrOutputParser(),
        RunnablePassthrough(client.update),
        store("x").as_retriever(),
        RunnableGenerator(pieces),
        {"a": RunnablePassthrough(), "b": str},
    ):
        with pytest.raises(ValueError, match=r'no chat model was found inside .*models="unseen"'):
            protect(inside, guard)
        assert isinstance(protect(inside, guard, models="unseen"), Runnable)
    for harmless in (PROMPT, RunnablePassthrough(), PROMPT | StrOutputParser(), RunnableParallel(a=PROMPT)):
        assert isinstance(protect(harmless, guard), Runnable)


def test_unseen_is_no_leave_for_models_of_langchain() -> None:
    with openai(echo) as (model, server), pytest.raises(SeamBroken):
        protect(model.invoke, make_guard(), models="unseen").invoke(NAME)
    assert not server.requests


def test_handlers_see_what_the_models_saw() -> None:
    noter = Noter()
    guard = make_guard()
    with openai(echo) as (model, _):
        protect(PROMPT | model | StrOutputParser(), guard).invoke({"text": NAME}, {"callbacks": [noter]})
    (start,) = noter.of("model_start")
    assert [message.content for message in start[2][0]] == [f"Cases of {E1}.", f"Where is {P2}?", "In Ulm.", P1]


def test_hiding_documents_needs_a_session() -> None:
    step = HideRetrieved(RunnablePassthrough(), make_guard())
    with pytest.raises(SessionMissing):
        step.invoke([Document(NAME)])
    (hidden,) = step.invoke([Document(NAME)], {"configurable": {"session_id": "s"}})
    assert hidden.page_content == P1
    assert NAME not in repr(step)


def test_async_calls_do_not_block_the_loop() -> None:
    retriever = store(ODD).as_retriever()
    fake = FakeListLLM(responses=["fine"])
    safe = protect(retriever | (lambda found: found[0].page_content) | fake, make_guard())

    async def go() -> None:
        with blockbuster_ctx("lc_guard"):
            assert await safe.ainvoke(NAME) == "fine"
            assert "".join([piece async for piece in safe.astream(NAME)]) == "fine"

    asyncio.run(go())


@modes
def test_a_protected_retriever_takes_the_session_of_the_call(mode: str) -> None:
    guard = make_guard()
    retriever = ProtectedRetriever(store(f"{NAME} knows {ODD}, not {P1}").as_retriever(), guard)
    with openai(echo) as (model, server):
        chain = retriever | (lambda found: found[0].page_content) | model | StrOutputParser()
        assert added(run(protect(chain, guard), mode, NAME, {})) == f"{NAME} knows {ODD}, not {P1}"
    assert set(sent(server)) == {f"{P1} knows {P2}, not [REDACTED_LITERAL_1]"}
    assert "0 sessions" in repr(guard.vault)
