"""Every way to run an agent: the provider sees placeholders, the tools and the user real text, each token once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer

from tests.support.agents import (
    ANSWER,
    MAILS,
    MODES,
    REAL_ANSWER,
    Toolbox,
    agent_of,
    asked,
    call,
    config,
    run,
    script,
    sent,
    shown,
)
from tests.support.openai_server import ToolCalls
from tests.support.seams import E1, MAIL, NAME, ODD, P1, P2, make_guard

ODD_PARTS = ("Iggy", "Sloot")
READ = f"Asking {NAME}{REAL_ANSWER}"


def nothing_sent(server: Any) -> bool:
    assert server.raw
    assert not [part for part in (NAME, MAIL, *ODD_PARTS) if part in sent(server)]
    return True


@pytest.mark.parametrize("size", [1, 7, None])
@pytest.mark.parametrize("mode", MODES)
def test_real_outside_placeholders_inside(mode: str, size: int | None) -> None:
    toolbox = Toolbox()
    with agent_of(
        make_guard(),
        tools=list(toolbox),
        size=size,
        system_prompt=f"You help {NAME}",
        checkpointer=InMemorySaver(),
    ) as (agent, server):
        pieces = run(agent, mode, asked(), config())
    assert shown(mode, pieces) == READ
    assert toolbox.got == [("send_mail", {"to": MAIL, "text": f"Dear {NAME}"})]
    assert nothing_sent(server)
    first, second = server.requests
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert first["messages"][0]["content"] == f"You help {P1}"
    assert first["messages"][1]["content"] == f"Mail {P1} at {E1}"
    assert second["messages"][-1]["content"] == f"sent to {E1}; also knows {P2}"


@pytest.mark.parametrize("mode", MODES)
def test_the_second_turn_never_sends_what_the_first_restored(mode: str) -> None:
    replies = script(f"Hello {P1}", f"Again {P1} and {P2}", f"Third {E1}")
    with agent_of(make_guard(), replies, checkpointer=InMemorySaver()) as (agent, server):
        assert shown(mode, run(agent, mode, asked(f"I am {NAME}"), config())).endswith(f"Hello {NAME}")
        assert shown(mode, run(agent, mode, asked(f"and {ODD}"), config())).endswith(f"Again {NAME} and {ODD}")
        history = agent.get_state(config()).values["messages"]
    assert [message.text for message in history[:2]] == [f"I am {NAME}", f"Hello {NAME}"]
    assert nothing_sent(server)
    assert server.requests[1]["messages"][1]["content"] == f"Hello {P1}"


def test_several_modes_at_once_and_custom() -> None:
    @tool
    def note(person: str) -> str:
        """Note a person."""
        get_stream_writer()({"noted": person})
        return "noted"

    replies = script(ToolCalls((call("note", person=P1),)), ANSWER)
    with agent_of(make_guard(), replies, tools=[note]) as (agent, server):
        pieces = list(agent.stream(asked(), config(), stream_mode=["custom", "messages", "updates", "values"]))
    assert [piece for mode, piece in pieces if mode == "custom"] == [{"noted": NAME}]
    tokens = [chunk.text for mode, (chunk, *_) in pieces if mode == "messages" and isinstance(chunk, AIMessageChunk)]
    assert "".join(tokens) == REAL_ANSWER
    assert len(tokens) > 10
    assert nothing_sent(server)


async def test_events_v2_tell_each_token_once_and_the_whole_at_the_end() -> None:
    with agent_of(make_guard(), MAILS, tools=list(Toolbox())) as (agent, _):
        events = [event async for event in agent.astream_events(asked(), config(), version="v2")]
    ends = [event["data"]["output"].text for event in events if event["event"] == "on_chat_model_end"]
    assert ends == [f"Asking {NAME}", REAL_ANSWER]
    starts = [event for event in events if event["event"] == "on_chat_model_start"]
    assert len(starts) == 2
    tools = [event["data"]["input"] for event in events if event["event"] == "on_tool_start"]
    assert tools == [{"to": MAIL, "text": f"Dear {NAME}"}]
    final = [event for event in events if event["event"] == "on_chain_end"][-1]
    assert final["data"]["output"]["messages"][-1].text == REAL_ANSWER


def test_v3_events() -> None:
    with agent_of(make_guard(), MAILS, tools=list(Toolbox())) as (agent, server):
        stream = agent.stream_events(asked(), config(), version="v3")
        texts = [str(message.text) for message in stream.messages]
        output = stream.output
    assert texts == [f"Asking {NAME}", REAL_ANSWER]
    assert output["messages"][-1].text == REAL_ANSWER
    assert nothing_sent(server)


def test_v3_events_async_and_every_raw_event() -> None:
    async def go(agent: Any) -> tuple[list[Any], Any]:
        stream = await agent.astream_events(asked(), config(), version="v3")
        return [event async for event in stream], await stream.output()

    with agent_of(make_guard(), MAILS, tools=list(Toolbox())) as (agent, server):
        events, output = asyncio.run(go(agent))
    assert output["messages"][-1].text == REAL_ANSWER
    deltas = [
        event["params"]["data"][0]["delta"]["text"]
        for event in events
        if event["method"] == "messages"
        and event["params"]["data"][0].get("event") == "content-block-delta"
        and event["params"]["data"][0]["delta"].get("type") == "text-delta"
    ]
    assert "".join(deltas) == READ
    assert P1 not in repr([event["params"]["data"] for event in events if event["method"] != "custom"])
    assert nothing_sent(server)


def test_history_of_all_kinds_of_messages() -> None:
    history = [
        SystemMessage(f"about {NAME}"),
        HumanMessage([{"type": "text", "text": f"from {NAME}"}], name=NAME),
        {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "args": {"who": ODD}, "id": "1"}]},
        ToolMessage(f"{ODD} found", tool_call_id="1"),
        HumanMessage(f"and {MAIL}?"),
    ]
    with agent_of(make_guard(), lambda request: f"{P1} {P2} {E1}") as (agent, server):
        done = agent.invoke({"messages": history}, config())
    assert done["messages"][-1].text == f"{NAME} {ODD} {MAIL}"
    assert done["messages"][1].text == f"from {NAME}", "the state stays as it was given"
    assert nothing_sent(server)
