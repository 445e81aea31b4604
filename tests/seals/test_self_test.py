"""The self-test: it passes with what is installed, costs little, leaves nothing, and refuses to go on after a leak."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from typing import Any

import pytest
from langchain.agents.middleware import AgentMiddleware
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableLambda

from lc_guard import Guard, GuardMiddleware, SeamBroken, selftest
from lc_guard.langchain.agent_proof import prove_agents
from lc_guard.policy import Policy
from lc_guard.testing import ExactDetector, FailingDetector
from tests.support.agents import ANSWER, agent_of, asked, config, run
from tests.support.seams import make_guard

SEAMS = ["Anonymize | model | Deanonymize", "protect(model)", "GuardMiddleware", "GuardMiddleware (async)"]
both_ways = pytest.mark.parametrize("mode", ["invoke", "ainvoke"])


@pytest.fixture(autouse=True)
def _unproved() -> Any:
    prove_agents.cache_clear()
    yield
    prove_agents.cache_clear()


def pass_through(self: Any, request: Any, handler: Any) -> Any:
    return handler(request)


def test_every_seam_is_whole_with_what_is_installed(caplog: pytest.LogCaptureFixture) -> None:
    threads = threading.active_count()
    found = selftest()
    assert found.passed
    assert {check.seam for check in found.checks} >= {*SEAMS, "GuardCheckpointer"}
    assert all(check.error is None and check.milliseconds > 0 for check in found.checks)
    assert not found.warnings
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert threading.active_count() <= threads + 8  # LangChain's own executors, no growth with calls
    assert json.loads(json.dumps(found.as_dict()))["passed"] is True


async def test_on_an_event_loop() -> None:
    assert selftest().passed
    assert (await asyncio.to_thread(selftest)).passed


def test_the_callers_tracers_see_nothing_of_it() -> None:
    seen: list[str] = []

    class Seen(BaseCallbackHandler):
        def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
            seen.append(repr(inputs))

        def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
            seen.append(repr(messages))

    RunnableLambda(lambda _: selftest().passed).invoke("start", {"callbacks": [Seen()]})
    assert seen == ["'start'"]


def test_the_guards_own_session_is_forgotten() -> None:
    guard = Guard(ExactDetector({"PERSON": ["Katherine Johnson"]}))
    assert selftest(guard).passed
    assert "0 values" in repr(guard.vault)


@pytest.mark.parametrize(
    ("values", "warning"),
    [
        ({"PERSON": ["Katherine Johnson"]}, None),
        ({"EMAIL_ADDRESS": ["katherine.johnson@example.com"]}, "patterns only"),
        ({"DATE": ["1969"]}, "neither a person's name nor an e-mail address"),
    ],
)
def test_a_guard_that_finds_little_is_warned_of(values: dict[str, list[str]], warning: str | None) -> None:
    found = selftest(Guard(ExactDetector(values)))
    assert found.passed
    assert [warning in text for text in found.warnings] == [True] if warning else not found.warnings


def test_a_guard_that_fails() -> None:
    guard = Guard(FailingDetector(RuntimeError("Katherine Johnson")))
    with pytest.raises(SeamBroken, match=r"^Guard is not whole.*RuntimeError") as caught:
        selftest(guard)
    assert "Katherine" not in str(caught.value)
    found = selftest(guard, on_failure="return")
    assert not found.passed
    assert [check.seam for check in found.checks if not check.passed] == ["Guard"]


def test_a_guard_that_blocks_what_it_finds_works() -> None:
    guard = Guard(ExactDetector({"PERSON": ["Katherine Johnson"]}), policy=Policy(kinds={"PERSON": "block"}))
    assert selftest(guard).passed


def test_it_needs_a_guard() -> None:
    with pytest.raises(TypeError, match="needs a Guard, got str"):
        selftest("guard")  # type: ignore[arg-type]


@pytest.mark.parametrize("hooks", [("wrap_model_call", "awrap_model_call"), ("wrap_tool_call", "awrap_tool_call")])
def test_hooks_that_are_not_called(monkeypatch: pytest.MonkeyPatch, hooks: tuple[str, str]) -> None:
    """LangChain asks the model, or the tool, another way: where the hook hides nothing the test says so."""
    for hook in hooks:
        monkeypatch.setattr(GuardMiddleware, hook, pass_through)
    found = selftest(on_failure="return")
    broken = [check.seam for check in found.checks if not check.passed]
    # a tool gets real values by the model's restored answer: its hook only hides and checks
    assert broken == (["GuardMiddleware", "GuardMiddleware (async)"] if "wrap_model_call" in hooks else [])


@both_ways
def test_the_first_run_of_a_process_refuses_to_go_on_where_agents_leak(
    monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """Simulated: neither the request nor the watch does its work any more."""
    monkeypatch.setattr("lc_guard.langchain.middleware.GuardMiddleware._guarded", lambda self, request, config: request)
    monkeypatch.setattr("lc_guard.langchain.child_runs.ModelWatch._refuse", lambda self, what: None)
    with agent_of(make_guard(), lambda request: ANSWER) as (agent, server):
        for _ in range(2):  # and stays so
            with pytest.raises(SeamBroken, match="the value was let through"):
                run(agent, mode, asked(), config())
    assert not server.raw


@both_ways
def test_the_first_run_proves_and_the_next_ones_do_not(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    proofs: list[str] = []
    monkeypatch.setattr("lc_guard.langchain.agent_proof._agent", lambda kind, way: proofs.append(way))
    with agent_of(make_guard(), lambda request: ANSWER) as (agent, _):
        run(agent, mode, asked(), config())
        run(agent, mode, asked(), config("t-2"))
    with agent_of(make_guard(), lambda request: ANSWER) as (agent, _):
        run(agent, mode, asked(), config())
    assert proofs == ["sync" if mode == "invoke" else "async"]


@both_ways
def test_never(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    proofs: list[str] = []
    monkeypatch.setattr("lc_guard.langchain.agent_proof._agent", lambda kind, way: proofs.append(way))
    with agent_of(make_guard(), lambda request: ANSWER, settings={"self_test": "never"}) as (agent, _):
        run(agent, mode, asked(), config())
    assert proofs == []
    with pytest.raises(ValueError, match="self_test must be"):
        GuardMiddleware(make_guard(), self_test="sometimes")  # type: ignore[arg-type]


def test_the_middleware_still_has_the_hooks_of_langchain() -> None:
    for hook in ("wrap_model_call", "awrap_model_call", "wrap_tool_call", "awrap_tool_call"):
        assert getattr(GuardMiddleware, hook) is not getattr(AgentMiddleware, hook)
