"""No canary of an agent's run reaches Langfuse: not from the model, the tools, their errors, nor the state."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from langchain.agents.middleware import ToolRetryMiddleware
from langgraph.checkpoint.memory import InMemorySaver

from lc_guard.guard import Guard
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from tests.support.agents import Toolbox, agent_of, asked, call, config, run, script
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer
from tests.support.openai_server import Failure, ToolCalls
from tests.support.seams import ODD, P1

STORY = "; ".join(CANARIES)
REPLIES = script(
    ToolCalls((call("send_mail", 1, to=P1, text="[REDACTED_PERSON_2]"), call("web_search", 2, query=P1))),
    f"Told {P1} and [REDACTED_PERSON_3]",
)
FAILS = script(ToolCalls((call("look_up", 1, person=P1),)), f"no {P1}")


@pytest.fixture
def guard() -> Guard:
    return Guard(CanaryDetector([*CANARIES, ODD]))  # what the tools bring is found as well


def nothing_leaked(server: LangfuseServer, caplog: pytest.LogCaptureFixture) -> bool:
    assert server.spans, "nothing arrived at all"
    assert not server.refused
    assert not server.violations
    assert not [score for score in server.scores.values() if score["name"] == "guard.leak"]
    parts = [part for value in (*CANARIES, ODD) for part in (value, value.split()[0]) if len(part) > 3]
    assert [part for part in parts if server.holds(part)] == []
    assert [part for part in parts if part in caplog.text] == []
    return True


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "messages", "amessages", "events_v2"])
def test_a_whole_run(
    mode: str,
    guard: Guard,
    make_langfuse: MakeClient,
    langfuse_server: LangfuseServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with agent_of(
        guard,
        REPLIES,
        tools=list(Toolbox()),
        size=3,
        system_prompt=f"You help {STORY}",
        checkpointer=InMemorySaver(),
        settings={"placeholders_for": ["web_search"]},
    ) as (agent, _):
        for text in (f"Hello {STORY}", f"And {CANARIES[3]}?"):
            run(agent, mode, asked(text), config(callbacks=[CallbackHandler()]))
    client.flush()
    assert nothing_leaked(langfuse_server, caplog)
    generations = [span for span in langfuse_server.spans if span.type == "generation"]
    assert len(generations) == 3, "one for each call of the provider: usage is not counted twice"
    assert len(langfuse_server.traces()) == 2
    stages = {name for trace in langfuse_server.traces() for name, _ in langfuse_server.scores_of(trace)}
    assert {"prompt.pii", "tool_call.pii", "tool_result.pii", "guard.action"} <= stages


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "messages", "amessages"])
@pytest.mark.parametrize("kept", [False, True], ids=["raised", "retried"])
def test_a_tool_that_raises_with_a_value(
    kept: bool,
    mode: str,
    guard: Guard,
    make_langfuse: MakeClient,
    langfuse_server: LangfuseServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    retry = ToolRetryMiddleware(max_retries=1, initial_delay=0.0, jitter=False, on_failure="continue")
    arrange: Any = (lambda guarded: [guarded, retry]) if kept else (lambda guarded: [guarded])
    with agent_of(guard, FAILS, tools=list(Toolbox()), middleware=arrange) as (agent, _):
        settings = config(callbacks=[CallbackHandler()])
        if kept:
            run(agent, mode, asked(STORY), settings)
        else:
            with pytest.raises(LookupError, match="Zebulon"):
                run(agent, mode, asked(STORY), settings)
    client.flush()
    assert nothing_leaked(langfuse_server, caplog)
    failed = [span for span in langfuse_server.spans if span.attributes.get("langfuse.observation.level") == "ERROR"]
    assert failed
    assert all((span.status, span.events) == ("", ()) for span in failed)


def test_the_provider_fails(
    guard: Guard, make_langfuse: MakeClient, langfuse_server: LangfuseServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    failing = agent_of(guard, lambda request: Failure(500, "down"), tools=list(Toolbox()))
    with failing as (agent, _), pytest.raises(Exception, match="down"):
        agent.invoke(asked(STORY), config(callbacks=[CallbackHandler()]))
    client.flush()
    assert nothing_leaked(langfuse_server, caplog)
