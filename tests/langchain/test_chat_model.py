"""ProtectedChatModel around the real ChatOpenAI: what the provider, the watchers and the caller see."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from langchain.chat_models import init_chat_model
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import UsageMetadataCallbackHandler, get_usage_metadata_callback
from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.globals import set_llm_cache
from langchain_core.language_models import BaseChatModel, FakeListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_core.runnables import ConfigurableField, RunnableLambda
from langchain_core.runnables.history import RunnableWithMessageHistory
from langgraph.graph import END, START, MessagesState, StateGraph
from pydantic import BaseModel, Field, ValidationError, field_validator
from typing_extensions import TypedDict

from lc_guard import Blocked, Guard, GuardCallbackHandler, GuardError, Policy, SessionMissing, protect
from lc_guard.langchain.chat_model import ProtectedChatModel
from lc_guard.langfuse import CallbackHandler
from lc_guard.testing import ExactDetector

from ..support.openai_server import Drop, Failure, OpenAIServer, Reply, ToolCall, ToolCalls, echo
from ..support.seams import CONFIG, E1, MAIL, MODES, NAME, ODD, P1, P2, Noter, added, chat, make_guard, openai, run

SIZES = [1, 7, None]
SAID = f"{NAME} wrote to {ODD} at {MAIL}. [1] {NAME}'s"
HIDDEN = f"{P1} wrote to {P2} at {E1}. [1] {P1}'s"
VALUES = (NAME, ODD, MAIL, "Quartermain", "Iggy", "canary.example")
TOOL = {"type": "function", "function": {"name": "mail", "parameters": {"type": "object", "properties": {}}}}
ARGS = {"to": P2, "cc": [{"name": P1, "n": 1.5}], "note": f"for {E1} ["}
REAL_ARGS = {"to": ODD, "cc": [{"name": NAME, "n": 1.5}], "note": f"for {MAIL} ["}


def assert_clean(server: OpenAIServer) -> None:
    assert server.raw
    for body in server.raw:
        text = json.dumps(json.loads(body), ensure_ascii=False)
        assert not [value for value in VALUES if value.encode() in body or value in text]


def known() -> Guard:
    """A guard whose session ``s-1`` knows `NAME` as `P1`, `ODD` as `P2`, `MAIL` as `E1`."""
    guard = make_guard()
    guard.session("s-1").anonymize(f"{NAME}|{ODD}|{MAIL}")
    return guard


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_every_mode(mode: str, size: int | None) -> None:
    with openai(echo, size=size) as (model, server):
        plain = added(run(model, mode, HIDDEN, {}))
        server.raw.clear()
        pieces = run(protect(model, make_guard()), mode, SAID, {})
        assert_clean(server)
    done = added(pieces)
    assert done.content == SAID
    assert type(done) is (AIMessageChunk if "stream" in mode else AIMessage)
    assert done.usage_metadata == plain.usage_metadata
    assert done.response_metadata.keys() == plain.response_metadata.keys()
    if "stream" in mode:
        assert done.chunk_position == "last"
        assert len({piece.id for piece in pieces}) == 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_what_was_restored_is_not_restored_again(mode: str, size: int | None) -> None:
    typed = f"Is {P1} what {NAME} is called, or {P2}?"
    with openai(echo, size=size) as (model, server):
        done = added(run(protect(model, known()), mode, typed, CONFIG))
        assert_clean(server)
    assert done.content == typed


class Unended(BaseChatModel):
    """A model that streams in its own way: no chunk of it says that it is the last one."""

    @property
    def _llm_type(self) -> str:
        return "unended"

    def _generate(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def _stream(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    def stream(self, *_: Any, **__: Any) -> Any:
        for piece in ("Yours, [REDA", "CTED_PERSON_1"):
            yield AIMessageChunk(piece, id="run-1")

    async def astream(self, *_: Any, **__: Any) -> Any:
        for piece in self.stream():
            yield piece


@pytest.mark.parametrize("mode", ["stream", "astream"])
def test_what_is_held_comes_at_the_end_of_a_stream_that_does_not_say_so(mode: str) -> None:
    assert added(run(protect(Unended(), known()), mode, "hello", CONFIG)).content == f"Yours, {NAME}"


HISTORY = [
    SystemMessage(f"You help {NAME}"),
    HumanMessage(
        [{"type": "text", "text": ODD}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    ),
    AIMessage(f"I mail {NAME}", tool_calls=[{"name": "mail", "args": REAL_ARGS, "id": "c-1", "type": "tool_call"}]),
    ToolMessage(json.dumps({"sent to": MAIL, "for": ODD}), tool_call_id="c-1"),
    AIMessage(f"Done, {NAME}"),
    HumanMessage(f"Thanks, says {NAME}", name="user_1"),
]


@pytest.mark.parametrize("mode", MODES)
def test_the_whole_history_is_hidden(mode: str) -> None:
    before = copy.deepcopy(HISTORY)
    with openai(echo) as (model, server):
        done = added(run(protect(model, make_guard()).bind_tools([TOOL]), mode, HISTORY, {}))
        assert_clean(server)
    assert done.content == f"Thanks, says {NAME}"
    assert before == HISTORY
    assert server.requests[0]["tools"] == [TOOL]
    sent = server.requests[0]["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool", "assistant", "user"]
    assert sent[1]["content"][1]["image_url"]["url"] == "data:image/png;base64,AA=="


@pytest.mark.parametrize("mode", MODES)
def test_observers_see_what_the_model_saw(mode: str) -> None:
    noter, counter, guard = Noter(), UsageMetadataCallbackHandler(), make_guard()
    guard_handler = GuardCallbackHandler(stop_leaks=guard)
    with openai(echo) as (model, _), get_usage_metadata_callback() as ambient:
        done = added(run(protect(model, guard), mode, SAID, {"callbacks": [noter, counter, guard_handler]}))
    items = 2 if "batch" in mode else 1
    assert len(noter.of("model_start")) == len(noter.of("model_end")) == items
    (outer, *_), check = noter.of("chain_start", "ProtectedChatModel"), noter.of("chain_start", "pii")[0]
    starts = noter.of("model_start")
    assert {start[4] for start in starts} == {each[3] for each in noter.of("chain_start", "ProtectedChatModel")}
    assert outer[2] == {"messages": 1}
    assert check[4] in {each[3] for each in noter.of("chain_start", "ProtectedChatModel")}
    assert not [value for value in VALUES if value in str(noter.calls)]
    assert starts[0][2][0][0].content == HIDDEN
    expected = {name: count * items for name, count in done.usage_metadata.items() if isinstance(count, int)}
    for counted in (counter.usage_metadata, ambient.usage_metadata):
        assert {name: counted["gpt-4o"][name] for name in expected} == expected
    assert guard_handler.restored == 4 * items


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("asynchronous", [False, True])
def test_events_v2_and_v3_show_restored_text_once(size: int | None, asynchronous: bool) -> None:
    async def events(model: Any) -> tuple[list[Any], str, Any]:
        v2 = [event async for event in model.astream_events(SAID, version="v2")]
        if asynchronous:
            stream = await model.astream_events(SAID, version="v3")
            return v2, "".join([text async for text in stream.text]), await stream.output
        stream = model.stream_events(SAID, version="v3")
        return v2, "".join(stream.text), stream.output

    with openai(echo, size=size) as (model, server):
        guard, noter = make_guard(), Noter()
        v2, text, output = asyncio.run(events(protect(model, guard).with_config(callbacks=[noter])))
        assert_clean(server)
    chunks = [event["data"]["chunk"] for event in v2 if event["event"] == "on_chat_model_stream"]
    assert added(chunks).content == SAID
    assert [event["event"] for event in v2 if "chat_model" in event["event"]].count("on_chat_model_end") == 1
    assert text == SAID == output.text
    assert P1 not in str(v2)
    assert not [value for value in VALUES if value in str(noter.calls)]
    assert len(noter.of("model_start")) == 2
    assert "0 sessions" in repr(guard.vault)


@pytest.mark.parametrize("streaming_node", [False, True])
def test_a_graph_streams_restored_messages_once(streaming_node: bool) -> None:
    with openai(echo) as (model, server):
        safe = protect(model, make_guard())

        def node(state: MessagesState) -> Any:
            if streaming_node:
                return {"messages": [added(list(safe.stream(state["messages"])))]}
            return {"messages": [safe.invoke(state["messages"])]}

        graph = StateGraph(MessagesState)
        graph.add_node("node", node)
        graph.add_edge(START, "node")
        graph.add_edge("node", END)
        pieces = list(graph.compile().stream({"messages": [HumanMessage(SAID)]}, stream_mode=["messages", "values"]))
        assert_clean(server)
    tokens = [piece[0] for kind, piece in pieces if kind == "messages"]
    assert "".join(token.text for token in tokens) == SAID
    assert len(tokens) > 5
    assert pieces[-1][1]["messages"][-1].content == SAID


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_tool_calls_hold_real_arguments(mode: str, size: int | None) -> None:
    calls = ToolCalls((ToolCall("mail", ARGS, id="c-1"), ToolCall("mail", json.dumps(ARGS)[:-2], id="c-2")), content=P1)
    with openai(lambda request: calls, size=size) as (model, _):
        bound = ProtectedChatModel(inner=model, guard=known()).bind_tools([TOOL], tool_choice="auto")
        done = added(run(bound, mode, NAME))
    assert done.content == NAME
    assert done.tool_calls[0] == {"name": "mail", "args": REAL_ARGS, "id": "c-1", "type": "tool_call"}
    second = (done.invalid_tool_calls or done.tool_calls[1:])[0]  # a stream's partial JSON is completed
    assert second["id"] == "c-2"
    assert P1 not in str(second)
    assert NAME in str(second)


class Note(BaseModel):
    """A note."""

    who: str
    cc: list[str] = Field(default_factory=list)

    @field_validator("who")
    @classmethod
    def _is_real(cls, who: str) -> str:
        if who == "Nobody Nowhere":
            raise ValueError("nobody")
        return who


class NoteDict(TypedDict):
    """A note."""

    who: str
    cc: list[str]


SCHEMAS: list[Any] = [Note, NoteDict, {"title": "Note", **Note.model_json_schema()}]
RESULT = {"who": ODD, "cc": [NAME]}


def structured(request: dict[str, Any]) -> Reply:
    values = {"who": P2, "cc": [P1]}
    return (
        ToolCalls((ToolCall(request["tools"][0]["function"]["name"], values),))
        if request.get("tools")
        else json.dumps(values)
    )


@pytest.mark.parametrize("include_raw", [False, True])
@pytest.mark.parametrize("method", ["function_calling", "json_mode", "json_schema"])
@pytest.mark.parametrize("schema", SCHEMAS, ids=["pydantic", "typeddict", "json_schema"])
@pytest.mark.parametrize("size", [1, None])
def test_structured_output(schema: Any, method: str, include_raw: bool, size: int | None) -> None:
    with openai(structured, size=size) as (model, server):
        safe = ProtectedChatModel(inner=model, guard=known())
        chain = safe.with_structured_output(schema, method=method, include_raw=include_raw)
        for mode in MODES:
            whole = run(chain, mode, f"A note as JSON for {NAME}")
            done = {name: part for piece in whole for name, part in piece.items()} if include_raw else whole[-1]
            if include_raw:
                assert done["parsing_error"] is None
                assert P1 not in str(done["raw"])
                done = done["parsed"]
            assert (done.model_dump() if schema is Note else done) == RESULT
        assert_clean(server)


@pytest.mark.parametrize("method", ["function_calling", "json_mode", "json_schema"])
def test_restored_objects_are_validated_again(method: str) -> None:
    guard = make_guard(detectors=ExactDetector({"PERSON": ["Nobody Nowhere"]}))
    reply = json.dumps({"who": P1})
    answer = lambda request: ToolCalls((ToolCall("Note", reply),)) if request.get("tools") else reply  # noqa: E731
    with openai(answer) as (model, _):
        safe = protect(model, guard)
        with pytest.raises(ValidationError if method == "json_schema" else ValueError):
            safe.with_structured_output(Note, method=method).invoke("JSON for Nobody Nowhere")
        done = safe.with_structured_output(Note, method=method, include_raw=True).invoke("JSON for Nobody Nowhere")
    assert done["parsed"] is None
    assert done["parsing_error"] is not None


@pytest.mark.parametrize(
    "form", [{"type": "json_object"}, {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}]
)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mode", MODES)
def test_values_are_escaped_in_json(mode: str, size: int | None, form: Any) -> None:
    with openai(structured, size=size) as (model, _):
        done = added(run(ProtectedChatModel(inner=model, guard=known()).bind(response_format=form), mode, "JSON"))
        text = added(
            run(ProtectedChatModel(inner=model, guard=known()).bind(response_format={"type": "text"}), mode, "x")
        )
    assert json.loads(done.content) == RESULT
    assert json.loads(text.content) == RESULT  # nobody asked for JSON, but it is some


def test_what_langchain_composes_around_it() -> None:
    with openai(echo) as (model, server):
        safe = protect(model, make_guard())
        assert safe.with_retry().invoke(SAID).content == SAID
        assert safe.bind(stop=["you"]).invoke(SAID).content == SAID
        assert server.requests[-1]["stop"] == ["you"]
        assert safe.invoke(SAID, stop=["me"], temperature=0.5).content == SAID
        assert (server.requests[-1]["stop"], server.requests[-1]["temperature"]) == (["me"], 0.5)
        hot = safe.configurable_fields(temperature=ConfigurableField(id="heat"))
        assert isinstance(hot, BaseChatModel)
        assert hot.invoke(SAID, {"configurable": {"heat": 0.25}}).content == SAID
        assert server.requests[-1]["temperature"] == 0.25
        assert added(list(hot.stream(SAID, {"configurable": {"heat": 0.75}}))).content == SAID
        assert server.requests[-1]["temperature"] == 0.75
        other = safe.configurable_alternatives(ConfigurableField(id="which"), other=chat(server).bind(seed=1))
        assert other.invoke(SAID, {"configurable": {"which": "other"}}).content == SAID
        assert server.requests[-1]["seed"] == 1
        assert_clean(server)
    down = GenericFakeChatModel(messages=iter([]))
    with openai(echo) as (model, server):
        for whole in (
            protect(down, make_guard()).with_fallbacks([protect(model, make_guard())]),
            protect(down.with_fallbacks([model]), make_guard()),
            protect(model.bind_tools([TOOL]).with_retry(), make_guard()),
        ):
            assert whole.invoke(SAID).content == SAID
        assert_clean(server)


def test_models_that_the_config_chooses() -> None:
    with OpenAIServer(structured) as server:
        where = {"base_url": server.base_url, "api_key": server.api_key}
        fixed = init_chat_model("openai:gpt-4o", **where)
        free = init_chat_model(configurable_fields=("model", "temperature"), model_provider="openai", **where)
        guard = known()
        for model in (fixed, free):
            config = {"configurable": {"session_id": "s-1", "model": "gpt-4o"}}
            safe = ProtectedChatModel(inner=model, guard=guard)
            assert (
                json.loads(safe.invoke(f"{NAME}?", config, response_format={"type": "json_object"}).content) == RESULT
            )
            assert (
                json.loads(added(list(safe.stream("x", config, response_format={"type": "json_object"}))).content)
                == RESULT
            )
            assert safe.bind_tools([TOOL]).invoke(ODD, config).tool_calls[0]["args"] == RESULT
            done = safe.with_structured_output(Note, method="function_calling").invoke(ODD, config)
            assert done.model_dump() == RESULT
        with pytest.raises(NotImplementedError, match="function_calling"):
            safe.with_structured_output(Note, method="json_mode")
        assert_clean(server)


def test_its_identity_is_the_inner_models() -> None:
    with openai(echo) as (model, _):
        safe = protect(model, make_guard())
        assert safe._llm_type == model._llm_type
        assert safe._get_ls_params(stop=["x"], model="y") == model._get_ls_params(stop=["x"], model="y")
        assert safe._identifying_params == model._identifying_params
        if hasattr(model, "asdict"):  # langchain-core 1.4.9
            assert safe.asdict() == model.asdict()
        assert safe.profile == model.profile
        assert safe.profile
        assert (safe.model, safe.model_name) == ("gpt-4o", "gpt-4o")
        assert protect(safe, safe.guard) is safe
        assert "sk-" not in repr(safe)
        assert "ChatOpenAI" in str(safe)
    fake = protect(GenericFakeChatModel(messages=iter(["x"])), make_guard())
    assert not hasattr(fake, "model_name")
    with pytest.raises(NotImplementedError):
        fake.bind_tools([TOOL])


def test_nothing_real_rests_in_a_cache() -> None:
    cache = InMemoryCache()
    with openai(echo) as (model, server):
        safe = protect(model.model_copy(update={"cache": cache}), make_guard())
        assert [safe.invoke(SAID).content for _ in range(2)] == [SAID] * 2
        assert len(server.requests) == 1
        # the same placeholders, other values: what was cached is restored for each
        assert safe.invoke(SAID.replace(NAME, "\0").replace(MAIL, NAME + "@").replace("\0", MAIL)) is not None
        assert cache._cache
        assert not [value for value in VALUES if value in str(cache._cache)]
        everywhere = InMemoryCache()
        set_llm_cache(everywhere)
        try:
            assert protect(model, make_guard()).invoke(SAID).content == SAID
        finally:
            set_llm_cache(None)
        assert len(everywhere._cache) == 1
        assert not [value for value in VALUES if value in str(everywhere._cache)]
        for wrong in ({"cache": cache}, {"cache": True}, {"rate_limiter": InMemoryRateLimiter()}):
            with pytest.raises(ValidationError, match="inner model"):
                ProtectedChatModel(inner=model, guard=make_guard(), **wrong)
        with pytest.raises(ValidationError, match="use protect"):
            ProtectedChatModel(inner=RunnableLambda(str), guard=make_guard())


def test_the_rate_limiter_counts_a_call_once() -> None:
    class Limiter(InMemoryRateLimiter):
        taken = 0

        def acquire(self, *, blocking: bool = True) -> bool:
            self.taken += 1
            return True

    limiter = Limiter()
    with openai(echo) as (model, _):
        safe = protect(model.model_copy(update={"rate_limiter": limiter}), make_guard())
        safe.invoke(SAID)
        list(safe.stream(SAID))
    assert limiter.taken == 2


def test_tokens_are_counted_as_the_model_sees_them() -> None:
    class Counter(GenericFakeChatModel):
        seen: list[Any] = []  # noqa: RUF012 - a field

        def get_token_ids(self, text: str) -> list[int]:
            self.seen.append(text)
            return list(range(len(text.split())))

        def get_num_tokens_from_messages(self, messages: Any, tools: Any = None) -> int:
            self.seen.extend(message.content for message in messages)
            return 7

    guard = make_guard()
    inner = Counter(messages=iter(["x"]))
    safe = protect(inner, guard)
    assert safe.get_num_tokens(f"to {NAME}") == len(safe.get_token_ids(f"to {NAME}")) == 2
    assert safe.get_num_tokens_from_messages([HumanMessage(SAID)]) == 7
    assert safe.get_num_tokens_from_messages([HumanMessage(SAID)], tools=[TOOL]) == 7
    assert safe.inner.seen == [f"to {P1}", f"to {P1}", HIDDEN, HIDDEN]
    assert "0 sessions" in repr(guard.vault)


@pytest.mark.parametrize("mode", MODES)
def test_sessions(mode: str) -> None:
    guard = make_guard()
    with openai(echo) as (model, _):
        for config in ({"configurable": {"session_id": "a"}}, {"configurable": {"thread_id": "b"}}):
            run(protect(model, guard), mode, ODD, config)
        run(protect(model, guard, session_id="c"), mode, ODD, {})
        assert [guard.session(name).placeholders() for name in "abc"] == [{P1: ODD}] * 3
        run(protect(model, guard), mode, NAME, {})
        run(ProtectedChatModel(inner=model, guard=guard, session_id="c"), mode, NAME, {})
        assert "3 sessions" in repr(guard.vault)
        with pytest.raises(SessionMissing):
            run(ProtectedChatModel(inner=model, guard=guard), mode, NAME, {})
        result = protect(model, guard).generate([[HumanMessage(NAME)], [HumanMessage(ODD)]])
        more = asyncio.run(protect(model, guard).agenerate([[HumanMessage(NAME)]], tags=["t"]))
    assert [each[0].text for each in result.generations] == [NAME, ODD]
    assert more.generations[0][0].text == NAME
    assert len(result.run) == 2
    assert "3 sessions" in repr(guard.vault)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("replacement", ["raise", "No."])
def test_a_blocked_prompt_never_reaches_the_model(mode: str, replacement: str) -> None:
    guard = make_guard(policy=Policy(kinds={"PERSON": "block"}))
    noter = Noter()
    with openai(echo) as (model, server):
        safe = protect(model, guard, on_blocked=replacement)
        if replacement == "raise":
            with pytest.raises(Blocked) as raised:
                run(safe, mode, f"I am {NAME}", {"callbacks": [noter]})
            assert NAME not in str(raised.value)
        else:
            done = added(run(safe, mode, f"I am {NAME}", {"callbacks": [noter]}))
            assert (done.content, done.response_metadata["finish_reason"]) == ("No.", "content_filter")
            assert not noter.of("chain_error")
        assert not server.requests
    assert NAME not in str(noter.calls)
    assert "0 sessions" in repr(guard.vault)


BAD_ANSWERS = [
    ("[REDACTED_PERSON_99] and [REDACTED_UNICORN_1]", "[REDACTED_PERSON_99] and [REDACTED_UNICORN_1]"),
    (P1 * 10_000, NAME * 10_000),
    (f"I ask {P1[:-1]}", f"I ask {NAME}"),
    (f"I ask {P1[:12]}", f"I ask {P1[:12]}"),
    (f"Здравствуйте, {P1.lower()}！ ［ＲＥＤＡＣＴＥＤ＿ＰＥＲＳＯＮ＿１］", None),
    (f"您好\\[REDACTED\\_PERSON\\_1\\]{E1}", f"您好{NAME}{MAIL}"),
    ("[" * 5_000, "[" * 5_000),
    ("\n", "\n"),
]


@pytest.mark.parametrize("size", [1, None])
@pytest.mark.parametrize(("answer", "shown"), BAD_ANSWERS, ids=range(len(BAD_ANSWERS)))
def test_models_that_answer_oddly(answer: str, shown: str | None, size: int | None) -> None:
    size = 50 if len(answer) > 9_000 and size else size  # the server needs long for 200,000 events
    with openai(lambda request: answer, size=size) as (model, _):
        safe = ProtectedChatModel(inner=model, guard=known())
        whole = safe.invoke("x", CONFIG).content
        pieces = [piece.content for piece in safe.stream("x", CONFIG)]
        assert whole == "".join(pieces)
    assert shown in (None, whole)


@pytest.mark.parametrize("mode", ["stream", "astream"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("text", "shown"), [(f"Dear {P1}, to {E1[:9]}", f"Dear {NAME}, to {E1[:9]}"), (f"{P1[:-1]}", NAME), ("ab", "ab")]
)
def test_a_stream_that_fails_half_way(mode: str, size: int | None, text: str, shown: str) -> None:
    guard, noter = known(), Noter()
    pieces: list[str] = []

    async def go(safe: Any) -> None:
        async for piece in safe.astream(SAID, {**CONFIG, "callbacks": [noter]}):
            pieces.append(piece.content)

    with openai(lambda request: Drop(text), size=size) as (model, _):
        safe = protect(model, guard)
        with pytest.raises(Exception, match=r"(?i)peer|incomplete|connection|protocol") as raised:  # noqa: PT012 - both modes
            if mode == "astream":
                asyncio.run(go(safe))
            else:
                pieces.extend(piece.content for piece in safe.stream(SAID, {**CONFIG, "callbacks": [noter]}))
    assert "".join(pieces) == shown
    assert not [value for value in VALUES if value in str(noter.calls) or value in str(raised.value)]
    assert len(noter.of("model_error")) == 1
    assert len(noter.of("chain_error", "")) == 1


@pytest.mark.parametrize("mode", MODES)
def test_errors_of_the_provider_pass(mode: str) -> None:
    guard = make_guard()
    with openai(lambda request: Failure(500)) as (model, _), pytest.raises(Exception, match="had an error"):
        run(protect(model, guard), mode, SAID, {})
    assert "0 sessions" in repr(guard.vault)


@pytest.mark.parametrize("control", ["GraphBubbleUp", "KeyboardInterrupt"])
def test_control_flow_passes(control: str) -> None:
    from langgraph.errors import GraphBubbleUp

    kind: Any = {"GraphBubbleUp": GraphBubbleUp, "KeyboardInterrupt": KeyboardInterrupt}[control]

    class Leaves(GenericFakeChatModel):
        def _generate(self, *args: Any, **kwargs: Any) -> Any:
            raise kind

        def _stream(self, *args: Any, **kwargs: Any) -> Any:
            yield ChatGenerationChunk(message=AIMessageChunk("x"))
            raise kind

    guard = make_guard()
    safe = protect(Leaves(messages=iter([])), guard)
    with pytest.raises(kind):
        safe.invoke(NAME)
    with pytest.raises(kind):
        list(safe.stream(NAME))
    assert "0 sessions" in repr(guard.vault)


def test_streams_that_are_given_up() -> None:
    guard = make_guard()

    async def go(safe: Any) -> None:
        stream = safe.astream(SAID)
        await anext(stream)
        assert "1 sessions" in repr(guard.vault)
        await stream.aclose()
        assert "0 sessions" in repr(guard.vault)
        task = asyncio.create_task(safe.ainvoke(f"wait for {NAME}"))
        await asyncio.to_thread(arrived.wait, 10)
        assert "1 sessions" in repr(guard.vault)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        leave.set()

    arrived, leave = threading.Event(), threading.Event()

    def patient(request: Any) -> Reply:
        if echo(request).startswith("wait"):
            arrived.set()
            leave.wait(10)
        return echo(request)

    with openai(patient) as (model, _):
        safe = protect(model, guard)
        stream = safe.stream(SAID)
        next(stream)
        assert "1 sessions" in repr(guard.vault)
        stream.close()
        assert "0 sessions" in repr(guard.vault)
        asyncio.run(go(safe))
    assert "0 sessions" in repr(guard.vault)


def test_models_that_do_not_stream() -> None:
    class Whole(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "whole"

        def _generate(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
            from langchain_core.outputs import ChatGeneration, ChatResult

            calls = [{"name": "mail", "args": {"to": P1}, "id": "1", "type": "tool_call"}]
            return ChatResult(generations=[ChatGeneration(message=AIMessage(messages[-1].content, tool_calls=calls))])

    safe = protect(Whole(), make_guard())
    for mode in MODES:
        done = added(run(safe, mode, SAID, {}))
        assert done.content == SAID
        assert done.tool_calls[0]["args"] == {"to": NAME}
    stream = safe.stream_events(SAID, version="v3")
    assert "".join(stream.text) == SAID


def test_reasoning_is_restored_as_it_streams() -> None:
    blocks = [
        {"type": "reasoning", "reasoning": f"who is {P1[:10]}", "index": 0},
        {"type": "reasoning", "reasoning": P1[10:], "index": 0},
        {"type": "text", "text": P1[:3], "index": 1},
        {"type": "text", "text": P1[3:], "index": 1},
    ]

    class Thinks(GenericFakeChatModel):
        def _stream(self, messages: Any, stop: Any = None, run_manager: Any = None, **kwargs: Any) -> Any:
            for block in blocks:
                yield ChatGenerationChunk(message=AIMessageChunk([block]))

    safe = protect(Thinks(messages=iter([])), make_guard())
    done = added(list(safe.stream(NAME)))
    assert done.content == [
        {"type": "reasoning", "reasoning": f"who is {NAME}", "index": 0},
        {"type": "text", "text": NAME, "index": 1},
    ]
    stream = safe.stream_events(NAME, version="v3")
    assert "".join(stream.reasoning) == f"who is {NAME}"
    assert stream.output.text == NAME


def test_spans_hold_no_values(langfuse_client: Any, langfuse_server: Any) -> None:
    """Without any mask: what tracers are shown of a protected model holds none by itself."""
    with openai(echo) as (model, _):
        safe = protect(model, make_guard())
        for mode in MODES:
            run(safe, mode, HISTORY, {"callbacks": [CallbackHandler()]})
    langfuse_client.flush()
    assert len(langfuse_server.traces()) == 8
    received = b"".join(langfuse_server.raw)
    assert not [value for value in VALUES if value.encode() in received]
    assert P1.encode() in received
    types = [span.type for span in langfuse_server.spans]
    assert (types.count("generation"), types.count("guardrail")) == (8, 8)


def test_turn_two_never_sends_what_turn_one_restored() -> None:
    histories: dict[str, InMemoryChatMessageHistory] = {}
    with openai(echo) as (model, server):
        guard = make_guard()
        chain = RunnableWithMessageHistory(
            protect(model, guard), lambda session_id: histories.setdefault(session_id, InMemoryChatMessageHistory())
        )
        for session in ("one", "two"):
            config = {"configurable": {"session_id": session}}
            for turn in (SAID, f"{MAIL} again", "and who?"):
                assert chain.invoke([HumanMessage(turn)], config).content == turn
        assert_clean(server)
    for history in histories.values():
        assert [message.content for message in history.messages][:2] == [SAID, SAID]
        assert len(history.messages) == 6
    assert len(server.requests[2]["messages"]) == 5
    assert "2 sessions" in repr(guard.vault)


def test_200_conversations_at_once_never_cross() -> None:
    people = [f"Person{chr(65 + n // 26)}{chr(97 + n % 26)} Ownname{n:03}" for n in range(200)]
    guard = Guard(ExactDetector({"PERSON": people}))

    def ask(safe: Any, number: int) -> str:
        config = {} if number % 3 else {"configurable": {"thread_id": f"t-{number}"}}
        said = f"{people[number]} meets {people[(number + 1) % 200]}"
        if number % 2:
            return "".join(piece.content for piece in safe.stream(said, config))
        return str(safe.invoke(said, config).content)

    async def aask(safe: Any, number: int) -> str:
        said = f"{people[number]} meets {people[(number + 1) % 200]}"
        return "".join([piece.content async for piece in safe.astream(said)])

    async def together(safe: Any) -> list[str]:
        with ThreadPoolExecutor(16) as pool:
            loop = asyncio.get_running_loop()
            threads = [loop.run_in_executor(pool, ask, safe, n) for n in range(100)]
            return await asyncio.gather(*threads, *(aask(safe, n) for n in range(100, 200)))

    with openai(echo, size=9) as (model, server):
        answers = asyncio.run(together(protect(model, guard)))
    assert answers == [f"{people[n]} meets {people[(n + 1) % 200]}" for n in range(200)]
    assert all(b"Ownname" not in body for body in server.raw)


def test_async_calls_do_not_block_the_loop() -> None:
    async def go(safe: Any) -> None:
        with blockbuster_ctx("lc_guard"):
            assert (await safe.ainvoke(SAID)).content == SAID
            assert "".join([piece.content async for piece in safe.astream(SAID)]) == SAID

    with openai(echo) as (model, _):
        asyncio.run(go(protect(model, make_guard())))


def test_what_holds_no_model_is_refused() -> None:
    class Hides(GenericFakeChatModel):
        def bind_tools(self, tools: Any, **kwargs: Any) -> Any:
            return RunnableLambda(self.invoke)

    with pytest.raises(GuardError, match="no model to protect"):
        protect(Hides(messages=iter([])), make_guard()).bind_tools([TOOL])


class Choosy(FakeListChatModel):
    """Takes an option of its own where tools are bound."""

    def bind_tools(self, tools: Any, *, parallel_tool_calls: bool | None = None, **kwargs: Any) -> Any:
        return self.bind(parallel_tool_calls=parallel_tool_calls, **kwargs)


def test_the_signature_for_tools_is_the_inner_models() -> None:
    model = protect(Choosy(responses=["x"]), make_guard())
    assert "parallel_tool_calls" in inspect.signature(model.bind_tools).parameters
    bound: Any = model.bind_tools([], parallel_tool_calls=False)
    assert bound.kwargs == {"parallel_tool_calls": False}
    assert isinstance(bound.bound, ProtectedChatModel)
    assert "kwargs" in inspect.signature(ProtectedChatModel.bind_tools).parameters
    late = protect(init_chat_model(), make_guard())
    assert "tools" in inspect.signature(late.bind_tools).parameters
