"""The proof that agents are guarded with the LangChain that is installed: a canary goes through one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal

from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware

from lc_guard._vendors.seals import Seal
from lc_guard.errors import SeamBroken
from lc_guard.langchain.canary import SESSION, Canary, apart, joined

Way = Literal["sync", "async"]


def check_agents(middleware: type[Any], way: Way) -> None:
    """Run and stream an agent whose model and tool note what they get.

    Args:
        middleware: The class of the middleware that guards it.
        way: Whether sync or async runs are checked.

    Raises:
        SeamBroken: If the canary comes out, or a model that nobody protects is asked.
    """
    apart(lambda: _agent(middleware, way))


@lru_cache(maxsize=16)
def prove_agents(middleware: type[Any], way: Way) -> None:
    """Do what `check_agents` does, once in a process; a failure is not kept, so that it is tried anew."""
    check_agents(middleware, way)


def _agent(middleware: type[Any], way: Way) -> None:
    seal, canary = Seal("GuardMiddleware", "langchain"), Canary()
    tool_saw: list[str] = []

    def note(text: str) -> str:
        """Note a text."""
        tool_saw.append(text)
        return f"noted {text}"

    guarded = middleware(canary.guard, self_test="never")
    agent = create_agent(canary.model, [note], middleware=[guarded], system_prompt=f"You serve {canary.value}")
    for mode, answer in _runs(agent, canary, way):
        canary.require(seal, mode, answer)
        seal.require(canary.value in "".join(tool_saw), f"{mode}: the tool did not get the value")
        tool_saw.clear()

    class Around(AgentMiddleware[Any, Any, Any]):
        """Goes around the guard, as no middleware should."""

        def wrap_model_call(self, request: Any, handler: Any) -> Any:  # noqa: ARG002
            return canary.model.invoke(request.messages)

        async def awrap_model_call(self, request: Any, handler: Any) -> Any:  # noqa: ARG002
            return await canary.model.ainvoke(request.messages)

    try:
        list(_runs(create_agent(canary.model, middleware=[guarded, Around()]), canary, way))
    except SeamBroken:
        seal.require(not canary.sent.texts, "a model that nobody protects was asked before it was refused")
    else:
        raise seal.broken("a model that nobody protects was asked after it")


def _runs(agent: Any, canary: Canary, way: Way) -> Iterator[tuple[str, str]]:
    """Run an agent and stream it, and yield what the user is shown at the end."""
    asked: Any = {"messages": [("user", f"Greet {canary.value}")]}

    async def streamed() -> list[Any]:
        return [piece async for piece in agent.astream(asked, SESSION, stream_mode="messages")]

    if way == "sync":
        yield "invoke", agent.invoke(asked, SESSION)["messages"][-1].text
        yield "stream", joined(piece for piece, _ in agent.stream(asked, SESSION, stream_mode="messages"))
    else:
        yield "ainvoke", asyncio.run(agent.ainvoke(asked, SESSION))["messages"][-1].text
        yield "astream", joined(piece for piece, _ in asyncio.run(streamed()))
