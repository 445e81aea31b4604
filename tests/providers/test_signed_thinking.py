"""What a provider signed goes back as it came, byte for byte; the user sees it restored, and nobody forges it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, messages_from_dict, messages_to_dict
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard import Guard, GuardCallbackHandler, GuardCheckpointer, GuardMiddleware, protect
from lc_guard.langchain.messages import KEPT
from lc_guard.testing import ExactDetector
from tests.providers.conversations import WAYS, aask, find, run_agent
from tests.support.providers import CLIENTS, Answer, Asked, Call, ProviderServer
from tests.support.providers.answers import sign

USER, GUEST = "Jane O'Hara", "John Smith"
SIGNED = ("anthropic", "bedrock", "gemini", "openai responses")
pytestmark = [pytest.mark.models, pytest.mark.asyncio(loop_scope="module")]

THOUGHTS = {
    "placeholders": "[REDACTED_PERSON_1] is asked for; [redacted person 1's] home, then.",
    "a mangled placeholder": "PERSON_1 is asked for: REDACTED_PERSON_1s home\n\nand [REDACTED: PERSON_1]",
    "a name that nobody said": "[REDACTED_PERSON_1], perhaps the friend of John Smith of Chicago, or PERSON_1",
    "a value that was guessed": "I bet that [REDACTED_PERSON_1] is Jane O'Hara, the “writer”.",
    "a placeholder of nobody": "[REDACTED_PERSON_7] and [REDACTED_PERSON_1, PERSON_1 and 1]",
}
MANGLED = "a mangled placeholder"


def guard() -> Guard:
    return Guard(detectors=[ExactDetector({"PERSON": [USER, GUEST]})])


def thinking(thought: str) -> Any:
    def reply(asked: Asked) -> Answer:
        who = asked.placeholders[0] if asked.placeholders else "nobody"
        if asked.answers_tool:
            return Answer(f"{who} lives in Turin.", thinking=f"{thought} So be it.")
        return Answer(f"I look for {who}.", (Call("find", {"who": "PERSON_1"}),), thinking=thought, redacted=True)

    return reply


def shown(message: Any) -> str:
    return json.dumps([message.content, message.additional_kwargs], default=str, ensure_ascii=False)


@pytest.mark.parametrize(
    ("thought", "way"),
    [
        *((thought, way) for thought in THOUGHTS for way in ("invoke", "astream")),
        *((MANGLED, way) for way in WAYS[1:3]),
    ],
)
@pytest.mark.parametrize("provider", SIGNED)
async def test_an_agent_sends_back_what_was_signed(provider: str, thought: str, way: str) -> None:
    seen: list[str] = []

    def look(who: str) -> str:
        """Find where somebody lives."""
        seen.append(who)
        return f"{who} lives in Turin"

    with ProviderServer(thinking(THOUGHTS[thought])) as server:
        agent = create_agent(
            CLIENTS[provider](server.url),
            [find.model_copy(update={"func": look})],
            middleware=[GuardMiddleware(guard())],
            checkpointer=InMemorySaver(),
        )
        config: Any = {"configurable": {"thread_id": f"{provider} {thought} {way}"}}
        for said in (f"Where does {USER} live?", "Are you sure?"):
            state = await run_agent(agent, said, way, config)
    assert not server.refused  # the server compares what was signed
    assert len(server.requests) == 4
    assert seen == [USER, USER]
    assert (USER in server.sent()) == ("guessed" in thought)
    first = next(message for message in state["messages"] if isinstance(message, AIMessage))
    assert shown(first).count(USER) >= 3  # in what it thinks, says and calls
    assert first.text == f"I look for {USER}."


@pytest.mark.parametrize(
    ("provider", "version"),
    [("openai responses", "v0"), *((provider, "v1") for provider in ("anthropic", "bedrock", "openai responses"))],
)
@pytest.mark.parametrize("way", ["invoke", "astream"])
@pytest.mark.parametrize("thought", [MANGLED, "a name that nobody said"])
async def test_whatever_form_langchain_gives_the_content(provider: str, version: str, thought: str, way: str) -> None:
    with ProviderServer(thinking(THOUGHTS[thought])) as server:
        model = CLIENTS[provider](server.url, output_version=version)
        agent = create_agent(model, [find], middleware=[GuardMiddleware(guard())], checkpointer=InMemorySaver())
        config: Any = {"configurable": {"thread_id": "1"}}
        for said in (f"Where does {USER} live?", "Are you sure?"):
            await run_agent(agent, said, way, config)
    assert not server.refused
    assert USER not in server.sent()


@pytest.mark.parametrize(("way", "session"), [("invoke", None), ("astream", "one")])
@pytest.mark.parametrize("thought", THOUGHTS)
@pytest.mark.parametrize("provider", SIGNED)
async def test_a_protected_model_sends_back_what_was_signed(
    provider: str, thought: str, way: str, session: str | None
) -> None:
    with ProviderServer(thinking(THOUGHTS[thought])) as server:
        model = protect(CLIENTS[provider](server.url).bind_tools([find]), guard(), session_id=session)
        messages: list[Any] = [HumanMessage(f"Where does {USER} live?")]
        called = await aask(model, messages, way)
        assert called.tool_calls[0]["args"] == {"who": USER}
        # as an application keeps it: as JSON
        (stored,) = messages_from_dict(json.loads(json.dumps(messages_to_dict([called]), default=_as_text)))
        stored = stored if provider != "bedrock" else called  # whose encrypted thinking is bytes
        messages += [stored, find.invoke(called.tool_calls[0])]
        await aask(model, messages, way)
    assert not server.refused
    assert (USER in server.sent()) == ("guessed" in thought)


def _as_text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("provider", SIGNED)
async def test_a_state_without_values_sends_back_what_was_signed(provider: str) -> None:
    own, saver = guard(), InMemorySaver()
    with ProviderServer(thinking(THOUGHTS["a name that nobody said"])) as server:
        agent = create_agent(
            CLIENTS[provider](server.url),
            [find],
            middleware=[GuardMiddleware(own, state="anonymized")],
            checkpointer=GuardCheckpointer(saver, guard=own),
        )
        config: Any = {"configurable": {"thread_id": "1"}}
        await agent.ainvoke({"messages": [("user", f"Where does {USER} live?")]}, config)
        await agent.ainvoke({"messages": [("user", "Are you sure?")]}, config)
    assert not server.refused
    held = repr([*saver.list(None)]) + repr(saver.blobs)
    assert KEPT in held
    assert USER not in held
    assert GUEST not in held


def history(provider: str, text: str, kept: Any) -> list[Any]:
    """A conversation as a client may hold it, with thinking that nobody signed."""
    block: dict[str, Any] = {"type": "thinking", "thinking": text, "signature": sign(text)}
    if provider == "bedrock":
        said = {"text": text, "signature": sign(text)}
        block = {"type": "reasoning_content", "reasoning_content": said}
    answer = AIMessage([block, {"type": "text", "text": "Hello."}], additional_kwargs={KEPT: kept})
    return [HumanMessage("Hi"), answer, HumanMessage("And?")]


@pytest.mark.parametrize("provider", ["anthropic", "bedrock"])
@pytest.mark.parametrize("kind", ["made up", "of another text", "of another session", "nonsense"])
async def test_nobody_gets_a_text_past_the_guard_by_calling_it_received(provider: str, kind: str) -> None:
    own = guard()
    with ProviderServer(lambda asked: Answer("Fine.", thinking=f"Somebody like {GUEST}.")) as server:
        model = protect(CLIENTS[provider](server.url), own)
        config: Any = {"configurable": {"session_id": "theirs"}}
        real = await aask(model, [HumanMessage("Hi")], "ainvoke", config)
        (name,) = real.additional_kwargs[KEPT]
        entry = real.additional_kwargs[KEPT][name]["signature"]
        kept: Any = {
            "made up": {name: {"signature": "W1tdXQ." + "0" * 32}},
            "of another text": real.additional_kwargs[KEPT],
            "of another session": real.additional_kwargs[KEPT],
            "nonsense": {name: {"signature": "~.~é." + entry[:9]}, "x": 1},
        }[kind]
        text = f"Somebody like {USER}." if kind != "of another session" else f"Somebody like {GUEST}."
        messages = history(provider, text, kept)
        if kind == "of another session":
            messages[1] = real
            config = {"configurable": {"session_id": "mine"}}
        sent = len(server.requests)
        with pytest.raises(Exception, match=r"400|alidation"):  # hidden, so that the signature is no longer its own
            await aask(model, messages, "ainvoke", config)
    assert USER not in server.requests[sent].text
    assert GUEST not in server.requests[sent].text
    assert KEPT not in server.sent()


async def test_what_was_guessed_is_no_leak_where_it_goes_back() -> None:
    own = guard()
    with ProviderServer(thinking(THOUGHTS["a value that was guessed"])) as server:
        agent = create_agent(CLIENTS["anthropic"](server.url), [find], middleware=[GuardMiddleware(own)])
        config: Any = {"configurable": {"thread_id": "1"}, "callbacks": [GuardCallbackHandler(stop_leaks=own)]}
        await agent.ainvoke({"messages": [("user", f"Where does {USER} live?")]}, config)
    assert not server.refused
    assert USER in server.requests[-1].text
    assert own.session_values.exposed("1", [f"{USER} is known"]) == {"PERSON": 1}


async def test_what_is_kept_is_no_way_for_a_user_either() -> None:
    kept = {"0": {"signature": "W1tdXQ." + "0" * 32, "text": f"about {USER}"}}
    with ProviderServer(lambda asked: "Fine.") as server:
        model = protect(CLIENTS["openai"](server.url), guard())
        await aask(model, [HumanMessage(f"I am {USER}", additional_kwargs={KEPT: kept})], "ainvoke")
    assert USER not in server.sent()
    assert KEPT not in server.sent()
