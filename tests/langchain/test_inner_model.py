"""What frameworks look at on a model, and what a provider tells beside its text, is as it is without a guard."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from deepagents import create_deep_agent
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain_anthropic import ChatAnthropic
from langchain_anthropic.middleware import AnthropicPromptCachingMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_openai import ChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI

from lc_guard import Anonymize, Blocked, GuardMiddleware, SessionMissing, protect
from lc_guard.langchain.chat_model import ProtectedChatModel

from ..support.loopback import Exchange, LoopbackServer
from ..support.openai_server import echo
from ..support.scanners import Watcher
from ..support.seams import CONFIG, NAME, P1, added, make_guard, openai


class _Anthropic(LoopbackServer):
    """Answers each message, and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[dict[str, Any]] = []

    def handle(self, exchange: Exchange, body: bytes) -> None:
        self.bodies.append(json.loads(body))
        content = [{"type": "text", "text": f"Hello {P1}"}]
        told = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"}
        usage = {"input_tokens": 10, "output_tokens": 5}
        exchange.send_json(200, {**told, "stop_sequence": None, "content": content, "usage": usage})


@contextmanager
def anthropic() -> Iterator[tuple[ChatAnthropic, list[dict[str, Any]]]]:
    """A real ``ChatAnthropic``, and the bodies that it sends."""
    with _Anthropic() as server:
        options: dict[str, Any] = {"base_url": server.url, "api_key": "x", "max_retries": 0}
        yield ChatAnthropic(model_name="claude-sonnet-4-5", max_tokens_to_sample=99, **options), server.bodies


class Choosing(BaseChatModel):
    """A model that gives as many answers as it is asked for."""

    n: int = 1
    seen: list[Any] = []  # noqa: RUF012 - Pydantic copies it

    @property
    def _llm_type(self) -> str:
        return "choosing"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> ChatResult:
        self.seen.append(messages)
        made = [
            ChatGeneration(
                message=AIMessage(f"{number}: {messages[-1].text}", id=f"a{number}"),
                generation_info={"finish_reason": "stop", "logprobs": {"content": [number]}},
            )
            for number in range(kwargs.get("n", self.n))
        ]
        return ChatResult(generations=made)


def asked(model: Any, *, sync: bool, **options: Any) -> Any:
    messages = [[HumanMessage(f"It is {NAME}")]]
    return model.generate(messages, **options) if sync else asyncio.run(model.agenerate(messages, **options))


@pytest.mark.parametrize("sync", [True, False])
def test_each_of_several_answers_is_restored(sync: bool) -> None:
    for inner, options in ((Choosing(n=2), {}), (Choosing(), {"n": 2})):
        result = asked(protect(inner, make_guard()), sync=sync, **options)
        (generations,) = result.generations
        assert [each.text for each in generations] == [f"0: It is {NAME}", f"1: It is {NAME}"]
        assert [each.generation_info["logprobs"] for each in generations] == [{"content": [0]}, {"content": [1]}]
        assert [message.text for message in inner.seen[0]] == [f"It is {P1}"]


@pytest.mark.parametrize("sync", [True, False])
def test_two_answers_of_a_provider(sync: bool) -> None:
    with openai(echo) as (model, server):
        two = model.model_copy(update={"n": 2, "logprobs": True})
        result = asked(protect(two, make_guard()), sync=sync)
    assert [each.text for each in result.generations[0]] == [f"It is {NAME}"] * 2
    assert server.requests[0]["n"] == 2
    told = result.generations[0][1].message
    assert told.response_metadata["finish_reason"] == "stop"
    assert told.response_metadata["logprobs"]["content"][0]["logprob"] == -0.5
    assert result.generations[0][1].generation_info["finish_reason"] == "stop"
    assert result.llm_output["token_usage"]["total_tokens"] > 0


@pytest.mark.parametrize("sync", [True, False])
def test_every_answer_is_judged(sync: bool) -> None:
    guard = make_guard(output_scanners=[Watcher(word="1:")])
    with pytest.raises(Blocked):
        asked(protect(Choosing(n=2), guard), sync=sync)
    result = asked(protect(Choosing(n=2), guard, on_blocked="No."), sync=sync)
    assert [each.text for each in result.generations[0]] == ["No."]


def test_what_a_provider_tells_of_an_answer_stays() -> None:
    with openai(echo) as (model, _):
        logged = model.model_copy(update={"logprobs": True})
        bare, guarded = logged.invoke(NAME), protect(logged, make_guard()).invoke(NAME, CONFIG)
        streamed = added(list(protect(model, make_guard()).stream(NAME, CONFIG)))
        plain = added(list(model.stream(NAME)))
    changing = ("id", "created")
    for one, other in ((bare, guarded), (plain, streamed)):
        assert other.usage_metadata is not None
        assert set(other.usage_metadata) == set(one.usage_metadata)
        told = [{k: v for k, v in each.response_metadata.items() if k not in changing} for each in (one, other)]
        assert told[0].keys() == told[1].keys()
        assert told[1]["finish_reason"] == "stop"


def test_citations_and_annotations_are_restored_in_their_place() -> None:
    citation = {"type": "citation", "cited_text": f"{P1} lives here", "title": P1, "start_index": 0, "end_index": 5}
    blocks: Any = [{"type": "text", "text": f"Of {P1}.", "annotations": [citation]}]
    inner = GenericFakeChatModel(messages=iter([AIMessage(blocks)]))
    guard = make_guard()
    guard.session("s-1").anonymize(NAME)
    (block,) = protect(inner, guard).invoke("who?", CONFIG).content
    assert block["text"] == f"Of {NAME}."
    (restored,) = block["annotations"]
    assert restored["cited_text"] == f"{NAME} lives here"
    assert (restored["start_index"], restored["end_index"]) == (0, 5)


def test_it_is_what_the_inner_model_is_and_a_protected_one() -> None:
    model = protect(ChatOpenAI(model="gpt-4o", api_key="x"), make_guard())  # type: ignore[arg-type]
    for kind in (ChatOpenAI, BaseChatOpenAI, BaseChatModel, ProtectedChatModel):
        assert isinstance(model, kind)
    assert not isinstance(model, ChatAnthropic)
    assert type(model) is ProtectedChatModel
    assert model.__class__.__name__ == "ProtectedChatModel"
    assert not isinstance(protect(GenericFakeChatModel(messages=iter([])), make_guard()), ChatOpenAI)


def test_settings_are_those_of_the_inner_model() -> None:
    key = "sk-canary-77"
    inner = ChatOpenAI(
        model="gpt-4o",
        api_key=key,  # type: ignore[arg-type]
        temperature=0.25,
        streaming=True,
        max_tokens=12,
        model_kwargs={"user": "u"},
        use_responses_api=False,
    )
    model: Any = protect(inner, make_guard())
    assert (model.temperature, model.streaming, model.max_tokens) == (0.25, True, 12)
    assert (model.model_name, model.model, model.model_kwargs) == ("gpt-4o", "gpt-4o", {"user": "u"})
    assert model.use_responses_api is False
    assert model.profile == inner.profile
    for name in ("openai_api_key", "root_client", "client", "async_client", "no_such_thing", "_client"):
        with pytest.raises(AttributeError):
            getattr(model, name)
        assert not hasattr(model, name)
    with pytest.raises(ValueError, match="temperature"):
        model.temperature = 0.5
    assert key not in repr(model)


def test_bind_tools_has_the_parameters_of_the_inner_model() -> None:
    with openai(echo) as (model, server):
        guarded = protect(model, make_guard())
        assert inspect.signature(guarded.bind_tools) == inspect.signature(model.bind_tools)
        guarded.bind_tools([{"name": "find", "description": "d", "parameters": {}}], parallel_tool_calls=False).invoke(
            NAME, CONFIG
        )
    assert server.requests[0]["parallel_tool_calls"] is False
    fake = GenericFakeChatModel(messages=iter([]))
    assert "parallel_tool_calls" not in inspect.signature(protect(fake, make_guard()).bind_tools).parameters


@pytest.mark.parametrize("sync", [True, False])
@pytest.mark.parametrize("order", ["guard first", "guard last", "protected model", "no guard"])
def test_prompt_caching_is_asked_for_as_without_a_guard(order: str, sync: bool) -> None:
    guard = make_guard()
    with anthropic() as (model, bodies):
        caching: list[AgentMiddleware[Any, Any, Any]] = [AnthropicPromptCachingMiddleware()]
        guarding = GuardMiddleware(guard)
        middleware = {
            "guard first": [guarding, *caching],
            "guard last": [*caching, guarding],
            "protected model": caching,
            "no guard": caching,
        }[order]
        asks = protect(model, guard) if order == "protected model" else model
        agent: Any = create_agent(asks, [], system_prompt="Be kind", middleware=middleware)
        say = {"messages": [("user", "hello there" if order == "no guard" else f"hello {NAME}")]}
        conf = {"configurable": {"thread_id": "t"}}
        state = agent.invoke(say, conf) if sync else asyncio.run(agent.ainvoke(say, conf))
    (body,) = bodies
    assert body["cache_control"] == {"type": "ephemeral", "ttl": "5m"}
    assert [block["cache_control"] for block in body["system"]] == [{"type": "ephemeral", "ttl": "5m"}]
    assert NAME not in json.dumps(body)
    assert state["messages"][-1].usage_metadata["input_tokens"] == 10
    if order != "no guard":
        assert state["messages"][-1].text == f"Hello {NAME}"


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "astream"])
def test_a_conversation_that_the_provider_keeps_needs_a_session(mode: str) -> None:
    async def astream(model: Any, *args: Any, **options: Any) -> Any:
        return [chunk async for chunk in model.astream(*args, **options)]

    def call(model: Any, *args: Any, **options: Any) -> Any:
        if mode == "astream":
            return asyncio.run(astream(model, *args, **options))
        answer = getattr(model, mode)(*args, **options)
        return asyncio.run(answer) if mode == "ainvoke" else list(answer) if mode == "stream" else answer

    goes_on = GenericFakeChatModel(messages=iter([AIMessage("hi")] * 9))
    guard = make_guard()
    model = protect(goes_on, guard)
    for options in ({"previous_response_id": "resp_1"}, {"conversation": "conv_1"}):
        with pytest.raises(SessionMissing, match=f"{next(iter(options))} goes on") as told:
            call(model, f"I am {NAME}", **options)
        assert NAME not in str(told.value)
        assert call(model, "hello", CONFIG, **options)
    assert call(model, "hello")
    chain: Any = Anonymize(guard) | goes_on.bind(previous_response_id="resp_1")
    with pytest.raises(SessionMissing):
        call(chain, "hello")


def test_a_model_that_goes_on_by_itself_needs_a_session() -> None:
    model = protect(
        ChatOpenAI(model="gpt-4o", api_key="x", use_previous_response_id=True),  # type: ignore[arg-type]
        make_guard(),
    )
    before = AIMessage("hi", response_metadata={"id": "resp_1"})
    with pytest.raises(SessionMissing, match="previous_response_id"):
        model.invoke([before, HumanMessage(NAME)])


@pytest.mark.parametrize("how", ["protected model", "guard middleware"])
def test_a_deep_agent_caches_as_without_a_guard(how: str) -> None:
    guard = make_guard()
    sent: list[list[str]] = []
    with anthropic() as (model, bodies):
        guarded: dict[str, Any] = {
            "protected model": {"model": protect(model, guard)},
            "guard middleware": {"model": model, "middleware": [GuardMiddleware(guard)]},
        }[how]
        for options, name in (({"model": model}, "nobody"), (guarded, NAME)):
            bodies.clear()
            agent: Any = create_deep_agent(**options)
            agent.invoke({"messages": [("user", f"hello {name}")]}, {"configurable": {"thread_id": "t"}})
            sent.append(marked(bodies[0]))
            assert NAME not in json.dumps(bodies)
    assert sent[0]
    assert sent[1] == sent[0]


def marked(body: Any, path: str = "") -> list[str]:
    """Where a body asks for caching."""
    if isinstance(body, dict):
        here = [path] if "cache_control" in body else []
        return here + [found for key, item in body.items() for found in marked(item, f"{path}/{key}")]
    if isinstance(body, list):
        return [found for number, item in enumerate(body) for found in marked(item, f"{path}/{number}")]
    return []
