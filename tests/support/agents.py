"""Agents against the loopback OpenAI: a scripted model, tools that note what they get, all ways to run an agent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessageChunk
from langchain_core.tools import BaseTool, tool

from lc_guard import Guard
from lc_guard.langchain.middleware import GuardMiddleware

from .openai_server import OpenAIServer, Reply, ToolCall, ToolCalls
from .seams import E1, MAIL, NAME, ODD, P1, openai

QUESTION = f"Mail {NAME} at {MAIL}"
ANSWER = f"Done: {P1} was told ({E1})"
REAL_ANSWER = f"Done: {NAME} was told ({MAIL})"


def config(thread: str = "t-1", **more: Any) -> dict[str, Any]:
    return {"configurable": {"thread_id": thread}, **more}


def asked(text: str = QUESTION) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def call(name: str, number: int = 1, **arguments: Any) -> ToolCall:
    return ToolCall(name, arguments, id=f"call_{number}")


def script(*replies: Reply) -> Callable[[dict[str, Any]], Reply]:
    """Answer by the number of answers that the conversation holds already: the same script serves all threads."""

    def reply(request: dict[str, Any]) -> Reply:
        said = sum(message["role"] == "assistant" for message in request["messages"])
        return replies[min(said, len(replies) - 1)]

    return reply


class Toolbox:
    """Tools that note the arguments they got, as (tool, arguments)."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []

    def __iter__(self) -> Iterator[BaseTool]:
        @tool
        def send_mail(to: str, text: str) -> str:
            """Send a mail."""
            self.got.append(("send_mail", {"to": to, "text": text}))
            return f"sent to {to}; also knows {ODD}"

        @tool
        def web_search(query: str) -> str:
            """Search the web."""
            self.got.append(("web_search", {"query": query}))
            return f"3 results for {query}; see [REDACTED_PERSON_7]"

        @tool
        def look_up(person: str) -> str:
            """Look a person up; fails for everyone."""
            self.got.append(("look_up", {"person": person}))
            raise LookupError(f"no record of {person!r}")

        return iter([send_mail, web_search, look_up])


MAILS = script(ToolCalls((call("send_mail", to=E1, text=f"Dear {P1}"),), content=f"Asking {P1}"), ANSWER)


@contextmanager
def agent_of(
    guard: Guard,
    reply: Callable[[dict[str, Any]], Reply] = MAILS,
    *,
    tools: Sequence[Any] | None = None,
    size: int | None = 1,
    middleware: Callable[[GuardMiddleware], Sequence[Any]] = lambda guarded: [guarded],
    settings: dict[str, Any] | None = None,
    **kwargs: Any,
) -> Iterator[tuple[Any, OpenAIServer]]:
    """A real agent on a real ``ChatOpenAI``, and the server it talks to.

    Args:
        guard: The guard.
        reply: What the model says.
        tools: The agent's tools; None for none.
        size: Characters in a streamed piece.
        middleware: Gives the middlewares, around the one under test.
        settings: Arguments of `GuardMiddleware`.
        kwargs: Arguments of ``create_agent``.
    """
    with openai(reply, size=size) as (model, server):
        guarded = GuardMiddleware(guard, **(settings or {}))
        yield create_agent(model, list(tools or ()), middleware=list(middleware(guarded)), **kwargs), server


def sent(server: OpenAIServer) -> str:
    """All that reached the provider, readable: JSON escapes undone."""
    raw = b"".join(server.raw).decode()
    return raw + "".join(json.dumps(request, ensure_ascii=False) for request in server.requests)


MODES = ("invoke", "ainvoke", "values", "updates", "messages", "avalues", "aupdates", "amessages", "events_v2")


def run(agent: Any, mode: str, value: Any, settings: Any) -> list[Any]:
    """Run an agent in one of the `MODES` and give what comes out, in order."""

    async def go() -> list[Any]:
        if mode == "ainvoke":
            return [await agent.ainvoke(value, settings)]
        if mode == "events_v2":
            return [event async for event in agent.astream_events(value, settings, version="v2")]
        return [piece async for piece in agent.astream(value, settings, stream_mode=mode[1:])]

    if mode == "invoke":
        return [agent.invoke(value, settings)]
    if mode in ("ainvoke", "events_v2") or mode.startswith("a"):
        return asyncio.run(go())
    return list(agent.stream(value, settings, stream_mode=mode))


def shown(mode: str, pieces: Sequence[Any]) -> str:
    """The text that a user reads of what came out: the whole answers, or the tokens put together."""
    if mode in ("messages", "amessages"):
        return "".join(chunk.text for chunk, _ in pieces if isinstance(chunk, AIMessageChunk))
    if mode == "events_v2":
        chunks = [event["data"]["chunk"] for event in pieces if event["event"] == "on_chat_model_stream"]
        return "".join(chunk.text for chunk in chunks)
    if mode in ("updates", "aupdates"):
        said = [m for piece in pieces for node in piece.values() if node for m in node.get("messages", ())]
    else:
        said = pieces[-1]["messages"]
    return "".join(message.text for message in said if message.type == "ai")
