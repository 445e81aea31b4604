"""Each root run is a trace of its own, with its own attributes on all its spans; in the user's span it nests."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langfuse import Langfuse, propagate_attributes

from lc_guard.guard import Guard
from lc_guard.langchain.runnables import Anonymize, Deanonymize
from lc_guard.langfuse import CallbackHandler
from tests.support.canaries import CanaryDetector
from tests.support.chains import MODES, openai_chain, run
from tests.support.langfuse_server import LangfuseServer, StoredSpan


def config(handler: CallbackHandler, user: str = "u", **more: Any) -> dict[str, Any]:
    metadata = {"langfuse_user_id": user, "langfuse_session_id": f"ls-{user}", "langfuse_tags": [f"t-{user}"]}
    return {"configurable": {"session_id": "s"}, "callbacks": [handler], "metadata": metadata, **more}


def roots(spans: list[StoredSpan]) -> list[StoredSpan]:
    ids = {span.span_id for span in spans}
    return [span for span in spans if span.parent_id not in ids]


def users(server: LangfuseServer) -> dict[str, int]:
    """Number of spans by user; fails when a trace mixes users, or has more than one root."""
    counts: dict[str, int] = {}
    for spans in server.traces().values():
        (user,) = {span.attributes.get("user.id") for span in spans}
        assert {span.attributes.get("session.id") for span in spans} == {f"ls-{user}"}
        assert len(roots(spans)) == 1
        counts[user] = counts.get(user, 0) + len(spans)
    return counts


@pytest.fixture
def guard() -> Guard:
    return Guard(CanaryDetector())


@pytest.mark.parametrize("mode", MODES)
def test_attributes_reach_all_spans(
    mode: str, guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    with openai_chain(guard) as (chain, _):
        run(chain, mode, {"text": "x"}, config(CallbackHandler()))
    langfuse_client.flush()
    traces = 2 if "batch" in mode else 1
    assert users(langfuse_server) == {"u": 8 * traces}
    assert len(langfuse_server.traces()) == traces


@pytest.mark.parametrize("mode", ["batch", "abatch"])
@pytest.mark.parametrize("handlers", ["one", "each"])
@pytest.mark.parametrize("items", [2, 5])
def test_batch_items_keep_apart(
    mode: str, handlers: str, items: int, guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    shared = CallbackHandler()
    configs = [config(shared if handlers == "one" else CallbackHandler(), f"u{n}") for n in range(items)]
    with openai_chain(guard) as (chain, _):
        inputs = [{"text": f"item {n}"} for n in range(items)]
        if mode == "batch":
            chain.batch(inputs, configs)
            chain.invoke(inputs[0], config(shared, "later"))
        else:

            async def both() -> None:
                await chain.abatch(inputs, configs)
                await chain.ainvoke(inputs[0], config(shared, "later"))

            asyncio.run(both())
    langfuse_client.flush()
    assert users(langfuse_server) == {**{f"u{n}": 8 for n in range(items)}, "later": 8}
    assert len(langfuse_server.traces()) == items + 1
    actions = [score["traceId"] for score in langfuse_server.scores.values() if score["name"] == "guard.action"]
    assert sorted(actions) == sorted(langfuse_server.traces())
    assert not langfuse_server.violations


def test_a_batch_of_single_steps_and_as_completed(
    guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    handler = CallbackHandler()
    Anonymize(guard).batch(["a", "b", "c"], [config(handler, name) for name in "abc"])
    list(
        (Anonymize(guard) | Deanonymize(guard)).batch_as_completed(["d", "e"], [config(handler, name) for name in "de"])
    )
    langfuse_client.flush()
    assert users(langfuse_server) == {"a": 3, "b": 3, "c": 3, "d": 5, "e": 5}


def test_calls_while_streams_are_open(guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer) -> None:
    handler = CallbackHandler()
    with openai_chain(guard) as (chain, _):
        first = chain.stream({"text": "first text"}, config(handler, "first"))
        next(first)
        second = chain.stream({"text": "second text"}, config(handler, "second"))
        next(second)
        chain.invoke({"text": "x"}, config(handler, "inner"))
        list(first)
        chain.invoke({"text": "x"}, config(handler, "later"))
        list(second)
        chain.invoke({"text": "x"}, config(handler, "last"))
    langfuse_client.flush()
    assert users(langfuse_server) == dict.fromkeys(["first", "second", "inner", "later", "last"], 8)


def test_calls_while_async_streams_are_open(
    guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    handler = CallbackHandler()

    async def main() -> None:
        first = chain.astream({"text": "first text"}, config(handler, "first"))
        await anext(first)
        await asyncio.gather(*(chain.ainvoke({"text": "x"}, config(handler, f"g{n}")) for n in range(3)))
        await chain.ainvoke({"text": "x"}, config(handler, "inner"))
        async for _ in first:
            pass
        await chain.ainvoke({"text": "x"}, config(handler, "later"))

    with openai_chain(guard) as (chain, _):
        asyncio.run(main())
    langfuse_client.flush()
    assert users(langfuse_server) == dict.fromkeys(["first", "g0", "g1", "g2", "inner", "later"], 8)


def test_a_stream_that_was_given_up(guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer) -> None:
    handler = CallbackHandler()
    with openai_chain(guard) as (chain, _):
        given_up = chain.stream({"text": "some text"}, config(handler, "gone"))
        next(given_up)
        chain.invoke({"text": "x"}, config(handler, "next"))
        del given_up
        chain.invoke({"text": "x"}, config(handler, "after"))
    langfuse_client.flush()
    counts = users(langfuse_server)
    assert (counts["next"], counts["after"]) == (8, 8)


@pytest.mark.parametrize("mode", MODES)
def test_inside_the_users_own_span(
    mode: str, guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    handler = CallbackHandler()
    with (
        openai_chain(guard) as (chain, _),
        propagate_attributes(user_id="outer"),
        langfuse_client.start_as_current_observation(name="mine"),
    ):
        run(chain, mode, {"text": "x"}, {"configurable": {"session_id": "s"}, "callbacks": [handler]})
        with langfuse_client.start_as_current_observation(name="also mine"):
            chain_of_one = RunnableLambda(lambda text: text).with_config(run_name="one")
            chain_of_one.invoke("x", {"callbacks": [handler]})
    langfuse_client.flush()
    ((trace_id, spans),) = langfuse_server.traces().items()
    (mine,) = roots(spans)
    (also,) = [span for span in spans if span.name == "also mine"]
    (one,) = [span for span in spans if span.name == "one"]
    assert (mine.name, also.parent_id, one.parent_id) == ("mine", mine.span_id, also.span_id)
    chains = [span for span in spans if span.name == "RunnableSequence"]
    assert {span.parent_id for span in chains} == {mine.span_id}
    assert {span.attributes.get("user.id") for span in spans} == {"outer"}
    # one guard.action for each root run, with ids of their own
    actions = [score for score in langfuse_server.scores.values() if score["name"] == "guard.action"]
    assert [score["traceId"] for score in actions] == [trace_id] * len(chains)


def test_an_open_stream_in_the_users_span_does_not_swallow_it(
    guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    handler = CallbackHandler()
    with openai_chain(guard) as (chain, _):
        stream = chain.stream({"text": "some text"}, config(handler, "a"))
        next(stream)
        with langfuse_client.start_as_current_observation(name="mine"):
            chain.invoke({"text": "x"}, {"configurable": {"session_id": "s"}, "callbacks": [handler]})
        list(stream)
    langfuse_client.flush()
    (mine,) = [span for span in langfuse_server.spans if span.name == "mine"]
    inner = [span for span in langfuse_server.spans if span.parent_id == mine.span_id]
    assert [span.name for span in inner] == ["RunnableSequence"]


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
def test_nested_calls_stay_nested(
    mode: str, guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    handler = CallbackHandler()
    inner = Anonymize(guard) | Deanonymize(guard)

    def call(text: str) -> list[str]:
        # with its callbacks inherited, with the same handler given again, and as a batch
        again = {"callbacks": [handler], "configurable": {"session_id": "s"}}
        return [inner.invoke(text), inner.invoke(text, again), *inner.batch([text, text])]

    run(RunnableLambda(call).with_config(run_name="outer"), mode, "x", config(handler))
    langfuse_client.flush()
    ((_, spans),) = langfuse_server.traces().items()
    (outer,) = roots(spans)
    assert outer.name == "outer"
    assert len(spans) == 1 + 4 * 5
    assert {span.parent_id for span in spans if span.name == "RunnableSequence"} == {outer.span_id}


def test_a_span_of_the_user_inside_a_step_nests_there(
    guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    def step(text: str) -> str:
        with langfuse_client.start_as_current_observation(name="mine"):
            return text

    chain = Anonymize(guard) | RunnableLambda(step) | Deanonymize(guard)
    handler = CallbackHandler()
    chain.batch(["a", "b"], [config(handler, name) for name in "ab"])
    langfuse_client.flush()
    assert users(langfuse_server) == {"a": 7, "b": 7}
    for spans in langfuse_server.traces().values():
        names = {span.span_id: span.name for span in spans}
        (mine,) = [span for span in spans if span.name == "mine"]
        assert names[str(mine.parent_id)] == "step"


def test_a_span_of_the_user_inside_an_async_step_nests_there(
    guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer
) -> None:
    async def step(text: str) -> str:
        with langfuse_client.start_as_current_observation(name="mine"):
            return text

    handler = CallbackHandler()
    chain = Anonymize(guard) | RunnableLambda(step) | Deanonymize(guard)
    asyncio.run(chain.abatch(["a", "b"], [config(handler, name) for name in "ab"]))
    langfuse_client.flush()
    assert users(langfuse_server) == {"a": 7, "b": 7}
    for spans in langfuse_server.traces().values():
        names = {span.span_id: span.name for span in spans}
        (mine,) = [span for span in spans if span.name == "mine"]
        assert names[str(mine.parent_id)] == "step"


def test_a_handler_on_a_step_alone(guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer) -> None:
    handler = CallbackHandler()
    chain = RunnableLambda(lambda text: text) | Anonymize(guard).with_config(callbacks=[handler])
    for _ in range(2):
        chain.invoke("x", {"configurable": {"session_id": "s"}})
    langfuse_client.flush()
    assert len(langfuse_server.traces()) == 2
    assert sum(score["name"] == "guard.action" for score in langfuse_server.scores.values()) == 2
    assert len(handler._roots) == 0


def test_two_handlers_on_one_call(guard: Guard, langfuse_client: Langfuse, langfuse_server: LangfuseServer) -> None:
    chain = Anonymize(guard) | Deanonymize(guard)
    settings = config(CallbackHandler(), "u")
    chain.batch(["a", "b"], {**settings, "callbacks": [*settings["callbacks"], CallbackHandler()]})
    langfuse_client.flush()
    assert users(langfuse_server) == {"u": 20}
    assert len(langfuse_server.traces()) == 4
