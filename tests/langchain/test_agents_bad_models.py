"""Models that misbehave, and agents used in rarer ways."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from langchain.agents.middleware import (
    ContextEditingMiddleware,
    ModelCallLimitMiddleware,
    ModelRetryMiddleware,
    ToolCallLimitMiddleware,
)
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard import GuardError, Policy
from lc_guard.langchain.checkpointer import GuardCheckpointer
from lc_guard.langchain.tools import ToolCallGuard, ToolPolicy
from tests.support.agents import REAL_ANSWER, Toolbox, agent_of, asked, config, run, sent
from tests.support.openai_server import Drop
from tests.support.seams import MAIL, NAME, ODD, P1, make_guard


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
@pytest.mark.parametrize("size", [1, 50, None])
def test_invented_endless_and_cut_placeholders(size: int | None, mode: str) -> None:
    answer = P1 * 2000 + "[REDACTED_PERSON_99] [REDACTED_PERS"
    with agent_of(make_guard(), lambda request: answer, size=size) as (agent, _):
        (done,) = run(agent, mode, asked(), config())
    assert done["messages"][-1].text == NAME * 2000 + "[REDACTED_PERSON_99] [REDACTED_PERS"


def test_a_stream_that_breaks_off() -> None:
    shown: list[str] = []
    dropped = agent_of(make_guard(), lambda request: Drop(f"Hello {P1} and [REDACTED_PER"))
    with dropped as (agent, _), pytest.raises(Exception, match="onnection"):
        shown.extend(chunk.text for chunk, _ in agent.stream(asked(), config(), stream_mode="messages"))
    assert "".join(shown) == f"Hello {NAME} and [REDACTED_PER"


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
def test_results_as_json_and_blocks(mode: str) -> None:
    @tool
    def send_mail(to: str, text: str) -> list[dict[str, str]]:
        """Send a mail."""
        return [{"type": "text", "text": json.dumps({"who": ODD})}, {"type": "text", "text": NAME}]

    limits = [ContextEditingMiddleware(), ModelCallLimitMiddleware(run_limit=5), ToolCallLimitMiddleware(run_limit=5)]
    with agent_of(make_guard(), tools=[send_mail], middleware=lambda guarded: [guarded, *limits]) as (agent, server):
        (done,) = run(agent, mode, asked(), config())
    assert done["messages"][-1].text == REAL_ANSWER
    assert not [part for part in (NAME, MAIL, "Iggy", "Sloot") if part in sent(server)]


def test_a_blocked_prompt_is_retried_unless_the_retry_is_told() -> None:
    """It is an error like others for LangChain; what it leaves for the user is free of values."""
    for settings in ({}, {"retry_on": lambda error: not isinstance(error, GuardError), "on_failure": "error"}):
        retry = ModelRetryMiddleware(max_retries=1, initial_delay=0.0, jitter=False, **settings)
        guard = make_guard(policy=Policy(default="block"))
        with agent_of(guard, lambda request: P1, middleware=lambda guarded, retry=retry: [guarded, retry]) as (
            agent,
            server,
        ):
            try:
                done = agent.invoke(asked(), config())
            except GuardError:
                assert settings
            else:
                assert "Blocked" in done["messages"][-1].text
                assert NAME not in done["messages"][-1].text
            assert not server.raw


async def test_the_event_loop_is_never_blocked() -> None:
    guard = make_guard()
    with agent_of(
        guard,
        tools=list(Toolbox()),
        settings={"state": "anonymized", "real_values_for": []},
        checkpointer=GuardCheckpointer(InMemorySaver(), guard=guard),
    ) as (agent, _):
        await agent.ainvoke(asked(), config())  # opens the connection, loads what is loaded once
        with blockbuster_ctx():
            done = await agent.ainvoke(asked(f"again {NAME}"), config())
            stream = [piece async for piece in agent.astream(asked(ODD), config("t-2"), stream_mode="messages")]
    assert done["messages"][-1].text == REAL_ANSWER
    assert stream


def test_batches_are_sessions_of_their_own() -> None:
    guard = make_guard()
    with agent_of(guard, lambda request: P1) as (agent, server):
        questions, settings = [asked(NAME), asked(ODD)], [config("a"), config("b")]
        for done in (agent.batch(questions, settings), asyncio.run(agent.abatch(questions, settings))):
            assert [one["messages"][-1].text for one in done] == [NAME, ODD]
    assert NAME not in sent(server)
    assert guard.session("a").placeholders() == {P1: NAME}


@pytest.mark.parametrize("mode", ["debug", "tasks", "checkpoints"])
def test_other_stream_modes_show_real_text(mode: str) -> None:
    guard = make_guard()
    saver = GuardCheckpointer(InMemorySaver(), guard=guard)
    with agent_of(guard, tools=list(Toolbox()), checkpointer=saver) as (agent, _):
        pieces: Any = list(agent.stream(asked(), config(), stream_mode=mode))
    assert NAME in repr(pieces)
    assert P1 not in repr(pieces)


def test_forks_and_updates_of_the_state() -> None:
    guard, inner = make_guard(), InMemorySaver()
    with agent_of(guard, tools=list(Toolbox()), checkpointer=GuardCheckpointer(inner, guard=guard)) as (agent, server):
        agent.invoke(asked(), config())
        agent.update_state(config(), {"messages": [("user", f"late {ODD}")]})
        assert agent.get_state(config()).values["messages"][-1].text == f"late {ODD}"
        before_the_answer = next(state for state in agent.get_state_history(config()) if state.next == ("model",))
        done = agent.invoke(None, before_the_answer.config)
    assert done["messages"][-1].text == REAL_ANSWER
    assert "Iggy" not in repr([found.checkpoint for found in inner.list(None)])
    assert not [part for part in (NAME, MAIL) if part in sent(server)]


def test_a_boundary_around_nothing() -> None:
    guard = make_guard()
    policy = ToolPolicy(real_values_for=[], placeholders_for=["search"], scan_results_of=[])
    empty = ToolCallGuard(policy, tool="search", args={}, session="s")
    assert empty.arguments() is None
    assert empty.result("text", {}) is None
    harmless = ToolCallGuard(policy, tool="other", args={"q": "weather"}, session="s")
    job = harmless.arguments()
    assert job is not None
    (outcome,) = guard.check([job])
    assert harmless.hidden(outcome, {}) == {"q": "weather"}
    assert harmless.restored("the weather") == "the weather"
    assert repr(harmless) == "ToolCallGuard('other')"
