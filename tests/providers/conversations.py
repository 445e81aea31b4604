"""Conversations in the four ways to ask a model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.tools import tool

WAYS = ("invoke", "ainvoke", "stream", "astream")


def ask(model: Any, messages: Sequence[BaseMessage], way: str, config: Any = None) -> Any:
    """Ask a model once and return its whole answer."""
    return asyncio.run(aask(model, messages, way, config))


async def aask(model: Any, messages: Sequence[BaseMessage], way: str, config: Any = None) -> Any:
    """Ask within an event loop, which the clients of some providers keep."""
    given = list(messages)
    if way == "ainvoke":
        return await model.ainvoke(given, config)
    if way == "astream":
        return whole([chunk async for chunk in model.astream(given, config)])
    if way == "stream":
        return whole(await asyncio.to_thread(lambda: list(model.stream(given, config))))
    return await asyncio.to_thread(model.invoke, given, config)


def whole(chunks: Sequence[AIMessageChunk]) -> AIMessageChunk:
    """Add up the chunks of a stream."""
    first, *others = chunks
    return first + others if others else first


@tool
def find(who: str) -> str:
    """Find where somebody lives."""
    return f"{who} lives in Turin"


async def run_agent(agent: Any, said: str, way: str, config: Any) -> Any:
    """Run an agent on what a user said, in one of its four ways; give its last state."""
    messages = {"messages": [("user", said)]}
    if way == "invoke":
        return agent.invoke(messages, config)
    if way == "ainvoke":
        return await agent.ainvoke(messages, config)
    if way == "stream":
        return list(agent.stream(messages, config, stream_mode=["messages", "values"]))[-1][1]
    return [state async for state in agent.astream(messages, config, stream_mode=["messages", "values"])][-1][1]
