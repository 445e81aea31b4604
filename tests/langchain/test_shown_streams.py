"""Every way to stream a chain between Anonymize and Deanonymize shows real text; the provider and tracers see none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from operator import itemgetter
from typing import Any, TypedDict

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import END, START, StateGraph

from lc_guard import Anonymize, Blocked, Deanonymize, Policy, protect
from lc_guard.vaults import MemoryVault

from ..support.openai_server import echo
from ..support.scanners import Watcher
from ..support.seams import MAIL, NAME, P1, Noter, make_guard, openai

PROMPT = ChatPromptTemplate.from_template("tell me of {q}")
SHOWN = f"tell me of {NAME}"

Build = Callable[[Any, Any], Any]

BUILDS: dict[str, Build] = {
    "hidden first": lambda g, m: Anonymize(g) | PROMPT | m | Deanonymize(g),
    "prompt first": lambda g, m: PROMPT | Anonymize(g) | m | Deanonymize(g),
    "with a parser": lambda g, m: PROMPT | Anonymize(g) | m | StrOutputParser() | Deanonymize(g),
    "in a mapping": lambda g, m: RunnableLambda(itemgetter("q")) | {"q": Anonymize(g)} | PROMPT | m | Deanonymize(g),
    "in a chain in a mapping": lambda g, m: {"q": itemgetter("q") | Anonymize(g)} | PROMPT | m | Deanonymize(g),
    "bound": lambda g, m: PROMPT | Anonymize(g) | m.bind(stop=["x"]).with_retry() | Deanonymize(g),
    "in a function": lambda g, m: PROMPT | Anonymize(g) | RunnableLambda(m.invoke) | Deanonymize(g),
    "nested": lambda g, m: (
        (PROMPT | Anonymize(g)).with_config(run_name="a") | (m | Deanonymize(g)).with_config(run_name="b")
    ),
    "protected chain": lambda g, m: protect(PROMPT | m | StrOutputParser(), g),
    "protected model": lambda g, m: PROMPT | protect(m, g),
}
"""Chains that send the model one hidden text and give its echo, restored."""


def config(*handlers: Any, session: str = "s-1") -> Any:
    return {"configurable": {"session_id": session}, "callbacks": list(handlers)}


def text_of(chunk: Any) -> str:
    return chunk if isinstance(chunk, str) else str(chunk.text)


async def events(chain: Any, version: str, conf: Any, value: str = NAME) -> list[Any]:
    return [event async for event in chain.astream_events({"q": value}, conf, version=version)]


def values_in(*seen: Any) -> list[str]:
    return [value for value in (NAME, MAIL) if value in repr(seen)]


def told_within(noter: Noter) -> list[Any]:
    """What a tracer was told of the model's run and its tokens."""
    return [call[2] for call in noter.calls if call[0] in ("model_start", "token", "model_end")]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("name", BUILDS)
def test_events_show_real_text_and_a_tracer_beside_them_none(name: str, version: str) -> None:
    tracer = Noter()
    with openai(echo) as (model, server):
        chain = BUILDS[name](make_guard(), model)
        seen = asyncio.run(events(chain, version, config(tracer)))
    tokens = [event["data"]["chunk"] for event in seen if event["event"] == "on_chat_model_stream"]
    assert "".join(map(text_of, tokens)) == SHOWN
    last = [event for event in seen if event["event"] == "on_chat_model_end"][-1]["data"]["output"]
    assert SHOWN in repr(last)
    assert P1 in repr(told_within(tracer))
    assert not values_in(told_within(tracer), server.raw)


def test_a_parser_between_shows_real_text() -> None:
    with openai(echo) as (model, _):
        chain = BUILDS["with a parser"](make_guard(), model)
        seen = asyncio.run(events(chain, "v2", config()))
    assert "".join(e["data"]["chunk"] for e in seen if e["event"] == "on_parser_stream") == SHOWN
    assert [e["data"]["output"] for e in seen if e["event"] == "on_parser_end"] == [SHOWN]


def test_the_log_of_a_stream_shows_real_text() -> None:
    async def go(chain: Any) -> Any:
        whole = None
        async for patch in chain.astream_log({"q": NAME}, config()):
            whole = patch if whole is None else whole + patch
        return whole

    with openai(echo) as (model, _):
        state = asyncio.run(go(BUILDS["with a parser"](make_guard(), model))).state
    assert "".join(state["streamed_output"]) == SHOWN
    assert "".join(state["logs"]["ChatOpenAI"]["streamed_output_str"]) == SHOWN
    assert "".join(state["logs"]["StrOutputParser"]["streamed_output"]) == SHOWN


class State(TypedDict):
    q: str
    answer: Any


def graph_of(node: Any) -> Any:
    """A graph of one node."""
    graph: Any = StateGraph(State)
    graph.add_node("say", node)
    graph.add_edge(START, "say")
    graph.add_edge("say", END)
    return graph.compile()


@pytest.mark.parametrize("mode", ["stream", "astream"])
@pytest.mark.parametrize("name", BUILDS)
def test_messages_of_a_graph_show_real_text(name: str, mode: str) -> None:
    tracer = Noter()
    with openai(echo) as (model, server):
        chain = BUILDS[name](make_guard(), model)

        def node(state: State) -> Any:
            return {"answer": chain.invoke({"q": state["q"]})}

        compiled = graph_of(node)

        async def go() -> list[Any]:
            return [each async for each in compiled.astream({"q": NAME}, config(tracer), stream_mode="messages")]

        seen = (
            asyncio.run(go())
            if mode == "astream"
            else list(compiled.stream({"q": NAME}, config(tracer), stream_mode="messages"))
        )
    pieces = [message for message, _ in seen if isinstance(message, AIMessageChunk)]
    assert "".join(map(text_of, pieces)) == SHOWN
    assert len(seen) == len(pieces)  # the whole message is not shown a second time
    assert not values_in(told_within(tracer), server.raw)


def test_steps_in_nodes_of_their_own() -> None:
    guard = make_guard()
    with openai(echo) as (model, server):
        graph: Any = StateGraph(State)
        graph.add_node("hide", lambda state, config: {"q": Anonymize(guard).invoke(state["q"], config)})
        graph.add_node("ask", lambda state, config: {"answer": model.invoke(state["q"], config).text})
        graph.add_node("show", lambda state, config: {"answer": Deanonymize(guard).invoke(state["answer"], config)})
        for one, two in ((START, "hide"), ("hide", "ask"), ("ask", "show"), ("show", END)):
            graph.add_edge(one, two)
        seen = list(graph.compile().stream({"q": NAME}, config(), stream_mode=["messages", "values"]))
    shown = [message for kind, (message, _) in ((k, p) for k, p in seen if k == "messages")]
    assert "".join(map(text_of, shown)) == NAME
    assert seen[-1][1]["answer"] == NAME
    assert not values_in(server.raw)


def test_what_comes_before_and_after_is_told_as_it_is() -> None:
    """A look-alike that the user typed is no placeholder: it is not restored where nothing was hidden."""
    odd = f"{NAME} wrote [REDACTED_PERSON_1]"

    async def go(chain: Any) -> list[Any]:
        return [e async for e in chain.astream_events(odd, config(), version="v2")]

    with openai(echo) as (model, _):
        guard = make_guard()
        before = RunnableLambda(lambda v: v).with_config(run_name="before")
        after = RunnableLambda(lambda v: v).with_config(run_name="after")
        chain = before | Anonymize(guard) | model | StrOutputParser() | Deanonymize(guard) | after
        seen = asyncio.run(go(chain))
    for name in ("before", "after"):
        (end,) = [e for e in seen if e["event"] == "on_chain_end" and e["name"] == name]
        assert end["data"]["output"] == odd
    assert "".join(e["data"]["chunk"].text for e in seen if e["event"] == "on_chat_model_stream") == odd


def test_sessions_at_the_same_time_are_not_mixed() -> None:
    names = {"s-1": "Zebulon Quartermain", "s-2": "zeb@canary.example"}

    async def go(chain: Any) -> list[str]:
        async def one(session: str) -> str:
            seen = await events(chain, "v2", config(session=session), names[session])
            return "".join(e["data"]["chunk"].text for e in seen if e["event"] == "on_chat_model_stream")

        return await asyncio.gather(*(one(session) for session in names for _ in range(5)))

    with openai(echo) as (model, _):
        shown = asyncio.run(go(BUILDS["hidden first"](make_guard(), model)))
    assert shown == [f"tell me of {value}" for value in names.values() for _ in range(5)]


def test_two_sessions_in_one_call() -> None:
    """Both chains number from 1, so that the wrong session's value would be shown."""
    guard = make_guard()
    with openai(echo) as (model, _):
        chain = {
            "a": Anonymize(guard, session_id="a") | model.with_config(tags=["a"]) | Deanonymize(guard, session_id="a"),
            "b": Anonymize(guard, session_id="b") | model.with_config(tags=["b"]) | Deanonymize(guard, session_id="b"),
        }
        parallel = RunnableLambda(lambda v: {"a": f"{NAME}!", "b": f"{MAIL}!"}) | {
            key: RunnableLambda(lambda v, key=key: v[key]) | step for key, step in chain.items()
        }

        async def go() -> list[Any]:
            return [e async for e in parallel.astream_events({}, {}, version="v2")]

        seen = asyncio.run(go())
    for tag, value in (("a", f"{NAME}!"), ("b", f"{MAIL}!")):
        own = [e for e in seen if e["event"] == "on_chat_model_stream" and tag in e["tags"]]
        assert "".join(e["data"]["chunk"].text for e in own) == value


@pytest.mark.parametrize("streaming", ["buffer", "window"])
def test_a_blocked_answer_is_not_shown(streaming: Any) -> None:
    scanner = Watcher(word="tell")
    guard = make_guard(output_scanners=[scanner], policy=Policy(streaming=streaming))
    for name in ("hidden first", "with a parser", "protected chain"):
        seen: list[Any] = []

        async def go(chain: Any, seen: list[Any] = seen) -> None:
            async for event in chain.astream_events({"q": NAME}, config(), version="v2"):
                seen.append(event)

        with openai(echo) as (model, _), pytest.raises(Blocked):
            asyncio.run(go(BUILDS[name](guard, model)))
        kinds = ("on_chat_model_stream", "on_chat_model_end", "on_parser_stream", "on_parser_end")
        answers = [e for e in seen if e["event"] in kinds]
        assert not values_in(answers)
        assert P1 not in repr(answers)


def test_a_judged_answer_is_shown_once_it_is_judged() -> None:
    scanner = Watcher()
    guard = make_guard(output_scanners=[scanner])
    with openai(echo) as (model, _):
        seen = asyncio.run(events(BUILDS["with a parser"](guard, model), "v2", config()))
    assert "".join(e["data"]["chunk"].text for e in seen if e["event"] == "on_chat_model_stream") == SHOWN
    assert [e["data"]["output"].text for e in seen if e["event"] == "on_chat_model_end"] == [SHOWN]


def test_a_tracer_with_the_methods_of_a_stream_handler_is_no_reader() -> None:
    class Exporter(Noter):
        def tap_output_iter(self, run_id: Any, output: Any) -> Any:
            return output

        def tap_output_aiter(self, run_id: Any, output: Any) -> Any:
            return output

    tracer = Exporter()
    with openai(echo) as (model, _):
        for name in ("hidden first", "protected model"):
            list(BUILDS[name](make_guard(), model).stream({"q": NAME}, config(tracer)))
            protect(model, make_guard()).invoke([HumanMessage(NAME)], config(tracer))
    assert isinstance(tracer, BaseCallbackHandler)
    assert told_within(tracer)
    assert not values_in(told_within(tracer))


class Watched(MemoryVault):
    """A vault that may block, and notes on which threads it is read."""

    blocking = True

    def __init__(self) -> None:
        super().__init__()
        self.readers: set[int] = set()

    def values(self, session: str, placeholders: Any) -> Any:
        self.readers.add(threading.get_ident())
        return super().values(session, placeholders)

    def kinds(self, session: str) -> Any:
        self.readers.add(threading.get_ident())
        return super().kinds(session)


@pytest.mark.parametrize("name", ["prompt first", "with a parser", "protected chain", "protected model"])
def test_a_vault_is_not_read_on_the_event_loop(name: str) -> None:
    vault = Watched()
    guard = make_guard(vault=vault)
    with openai(echo) as (model, _):
        chain = BUILDS[name](guard, model)

        async def node(state: State, config: RunnableConfig) -> Any:
            return {"answer": await chain.ainvoke({"q": state["q"]}, config)}

        compiled = graph_of(node)

        async def go() -> list[Any]:
            assert threading.get_ident() not in vault.readers
            stream = compiled.astream({"q": NAME}, config(), stream_mode="messages")
            shown = [message async for message, _ in stream if isinstance(message, AIMessageChunk)]
            await events(chain, "v2", config())
            assert threading.get_ident() not in vault.readers
            return shown

        shown = asyncio.run(go())
    assert "".join(map(text_of, shown)) == SHOWN
    assert vault.readers
