"""The stand-in for a chat model with tools: it calls each once, streams, and says nothing but what it was sent."""

from __future__ import annotations

import inspect

from langchain.agents import create_agent

from lc_guard import Guard, GuardMiddleware
from lc_guard.demo import StandInModel
from tests.support.pages import run
from tests.support.received import Received, found_in, recording

QUESTION = {"messages": [("user", "Who is Sean O'Brien?")]}
CONFIG = {"configurable": {"thread_id": "t"}}
asked: list[object] = []


def find_file(who: str) -> str:
    """Find somebody's file."""
    asked.append(who)
    return f"{who}: docket 22-CV-0417"


def count(limit: int) -> str:
    """Count files."""
    asked.append(limit)
    return f"{limit} file"


def test_an_agent_calls_each_tool_once_with_what_the_question_names() -> None:
    received = Received()
    agent = create_agent(StandInModel(), [find_file, count], middleware=[GuardMiddleware(Guard())])
    asked.clear()
    with recording(received):
        answer = agent.invoke(QUESTION, CONFIG)
        requests = received.take()
    assert asked == ["Sean O'Brien", 1]
    assert answer["messages"][-1].text == "Sean O'Brien: docket 22-CV-0417\n1 file"
    assert len(requests) == 3
    assert found_in(requests, ["Sean O'Brien", "O'Brien"]) == []


async def test_a_stream_gives_the_same() -> None:
    agent = create_agent(StandInModel(), [find_file], middleware=[GuardMiddleware(Guard())])
    asked.clear()
    pieces = [
        chunk.text
        async for chunk, told in agent.astream(QUESTION, CONFIG, stream_mode="messages")
        if told["langgraph_node"] == "model"
    ]
    assert asked == ["Sean O'Brien"]
    assert "".join(pieces) == "Sean O'Brien: docket 22-CV-0417"
    assert len([piece for piece in pieces if piece]) > 2


def test_without_a_placeholder_a_tool_gets_the_question() -> None:
    agent = create_agent(StandInModel(), [find_file])
    asked.clear()
    agent.invoke({"messages": [("user", "Is anything new in the files?")]})
    assert asked == ["Is anything new in the files?"]


def test_what_its_docstring_shows() -> None:
    run(inspect.getdoc(StandInModel) or "", "StandInModel")


def test_says_what_it_is() -> None:
    assert "stand-in" in StandInModel()._llm_type
    assert "Not a language model" in (StandInModel.__doc__ or "")
    assert StandInModel().invoke("").content == ""
