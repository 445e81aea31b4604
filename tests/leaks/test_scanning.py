"""A canary through every seam that scanners judge at: no value shows where it must not, whatever a scanner does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool

from lc_guard import (
    Anonymize,
    Blocked,
    CheckPolicy,
    Deanonymize,
    DetectorError,
    Guard,
    GuardCallbackHandler,
    Policy,
    ProtectedRetriever,
    ScannerError,
    ScanPrompt,
    protect,
)
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from lc_guard.records import CHECK_RUN_ID, Entity, ScanResult
from lc_guard.scanners import ScanRequest, Secrets, Turn
from tests.support import agents
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer
from tests.support.openai_server import OpenAIServer, ToolCalls, echo
from tests.support.scanners import Watcher
from tests.support.seams import MODES, Noter, openai, run

from .test_seams import leaks, told

SESSION = "zebulon.quartermain@session.example"
STORY = " / ".join(CANARIES)
BAD = "grandmother"
ASKED = f"{STORY} and my {BAD}"


class Angry:
    """Raises with the text in its message, its notes and its cause."""

    name = "judge"

    def scan(self, request: ScanRequest) -> ScanResult:
        said = f"{request.text} {request.prompt} {request.turns}"
        try:
            raise KeyError(said)
        except KeyError as cause:
            error = ValueError(said)
            error.add_note(said)
            raise error from cause


class AsyncAngry(Angry):
    """The same on an event loop."""

    cost = "remote"

    async def ascan(self, request: ScanRequest) -> ScanResult:
        await asyncio.sleep(0)
        return self.scan(request)


class Chatty:
    """Fails by an error of the package itself, with the text in it: only whoever wrote the package is trusted."""

    name = "judge"

    def scan(self, request: ScanRequest) -> ScanResult:
        raise ScannerError(f"can't judge {request.text}")


class Says:
    """Gives back what a function makes of the text."""

    name = "judge"

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make

    def scan(self, request: ScanRequest) -> Any:
        return self._make(request.text)


class Batching(Says):
    """Gives one answer too many for a batch."""

    def scan_batch(self, requests: list[ScanRequest]) -> list[Any]:
        return [self._make(request.text) for request in requests] * 2


def outside(text: str) -> ScanResult:
    return ScanResult(valid=False, risk_score=1.0, entities=(Entity("BAD", 0, len(text) + 5),))


FAILING: dict[str, Callable[[], Any]] = {
    "raises": Angry,
    "raises an error of ours": Chatty,
    "gives the text": lambda: Says(str),
    "points outside": lambda: Says(outside),
    "gives too many": lambda: Batching(lambda text: ScanResult(valid=True, risk_score=0.0)),
    "async raises": AsyncAngry,
}


def finds(**more: Any) -> Watcher:
    return Watcher("judge", word=BAD, redacts=True, locates=True, uses_turns=True, **more)


JUDGING: dict[str, tuple[Callable[[], Any], Policy]] = {
    "blocks": (finds, Policy()),
    "blocks first": (finds, Policy(fail_fast=True)),
    "blocks at once": (lambda: finds(cost="instant"), Policy(fail_fast=True)),
    "warns": (finds, Policy(on_invalid="warn")),
    "redacts": (finds, Policy(checks={"judge": CheckPolicy(action="redact")})),
    "takes a value out": (
        lambda: Watcher("judge", word=CANARIES[0], redacts=True),
        Policy(checks={"judge": CheckPolicy(action="redact")}),
    ),
    "replaces": (finds, Policy(checks={"judge": CheckPolicy(action="replace")})),
    "fails open": (Angry, Policy(checks={"judge": CheckPolicy(on_error="allow")})),
    "only watches, and fails": (Angry, Policy(checks={"judge": CheckPolicy(monitor=True)})),
    **{why: (make, Policy()) for why, make in FAILING.items()},
}


def scanning(make: Callable[[], Any], policy: Policy) -> Guard:
    checks = {name: settings for settings in policy.checks.values() for name in ("judge", "says")}
    both = replace(policy, checks=checks)
    return Guard(CanaryDetector(), prompt_scanners=[make()], output_scanners=[("says", make())], policy=both)


class CheckNoter(Noter):
    """Also notes which runs are checks."""

    def __init__(self) -> None:
        super().__init__()
        self.checks: set[Any] = set()

    def on_chain_start(self, serialized: Any, inputs: Any, **kwargs: Any) -> None:
        if tuple((serialized or {}).get("id", ()))[:2] == CHECK_RUN_ID:
            self.checks.add(kwargs["run_id"])
        super().on_chain_start(serialized, inputs, **kwargs)


def watched(noter: Noter, session: str = SESSION) -> dict[str, Any]:
    return {"configurable": {"thread_id": session}, "callbacks": [noter, GuardCallbackHandler()]}


@contextmanager
def value_free_if_blocked() -> Iterator[list[Any]]:
    """Give what an error tells, if a text is blocked: it shows no value."""
    told_by_it: list[Any] = []
    try:
        yield told_by_it
    except Blocked as error:
        told_by_it += [*told(error), error.decision]
    assert leaks(*told_by_it) == []


def told_of(noter: CheckNoter) -> None:
    """Nothing that a check tells shows a value: its runs whole, its events, and the errors of the steps around it."""
    ours = [call for call in noter.calls if call[3] in noter.checks or call[0] == "custom"]
    assert {call[1] for call in ours} & {"judge", "says"}
    assert leaks(*(call[1:] for call in ours)) == []
    assert leaks(*(line for call in noter.of("chain_error") for line in told(call[2]))) == []


SEAMS: dict[str, Callable[[Guard, Any], Any]] = {
    "chain": lambda guard, model: Anonymize(guard) | model | StrOutputParser() | Deanonymize(guard),
    "steps that only judge": lambda guard, model: Anonymize(guard, scan=False) | ScanPrompt(guard) | model,
    "model": lambda guard, model: protect(model, guard),
    "protected chain": lambda guard, model: protect(model | StrOutputParser(), guard),
}
HISTORY = [HumanMessage(f"I am {STORY}"), AIMessage(f"Hello {STORY}"), HumanMessage(ASKED)]


@pytest.fixture(scope="module")
def echoing() -> Iterator[tuple[Any, OpenAIServer]]:
    with openai(echo, size=7) as served:
        yield served


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("why", JUDGING)
def test_chains_and_models(
    why: str, mode: str, echoing: tuple[Any, OpenAIServer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "lc_guard")
    model, server = echoing
    for seam, make in SEAMS.items():
        guard, noter = scanning(*JUDGING[why]), CheckNoter()
        safe = make(guard, model)
        with value_free_if_blocked() as blocked:
            run(safe, mode, HISTORY, watched(noter))
        assert bool(blocked) == (why.startswith("blocks") or why in FAILING), seam
        assert leaks(*_raw(server)) == [], seam
        server.raw.clear()
        told_of(noter)
        assert leaks(caplog.text, guard, guard.policy, safe) == [], seam


@pytest.mark.parametrize("mode", ["ainvoke", "stream"])
@pytest.mark.parametrize("why", JUDGING)
def test_what_a_model_makes_up(why: str, mode: str, caplog: pytest.LogCaptureFixture) -> None:
    """The canary is in the answer alone: the model has it from elsewhere."""
    caplog.set_level(logging.DEBUG, "lc_guard")
    guard, noter = scanning(*JUDGING[why]), CheckNoter()
    with openai(lambda _: ASKED, size=7) as (model, _), value_free_if_blocked():
        run(protect(model, guard), mode, "hello", watched(noter))
    told_of(noter)
    assert leaks(caplog.text) == []


@pytest.mark.parametrize("mode", ["invoke", "amessages", "events_v2"])
@pytest.mark.parametrize("why", ["blocks", "redacts", "raises", "raises an error of ours"])
@pytest.mark.parametrize("on_blocked", ["raise", "I can't help with that."])
def test_agents(why: str, on_blocked: str, mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lc_guard")

    @tool
    def web_search(query: str) -> str:
        """Search the web."""
        return f"{STORY}: call your {BAD}"

    reply = agents.script(ToolCalls((agents.call("web_search", query="x"),), content=""), f"Done, {STORY}")
    guard, noter = scanning(*JUDGING[why]), CheckNoter()
    settings = {"on_blocked": on_blocked}
    with agents.agent_of(guard, reply, tools=[web_search], size=7, settings=settings) as (agent, server):
        question = "search" if on_blocked == "raise" else ASKED
        with value_free_if_blocked():
            agents.run(agent, mode, agents.asked(question), watched(noter, "t-1"))  # LangGraph shows it
        assert leaks(*_raw(server)) == []
    told_of(noter)
    assert leaks(caplog.text) == []


class Shelf(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(f"of {STORY}"), Document(ASKED)]


@pytest.mark.parametrize("mode", ["invoke", "abatch"])
@pytest.mark.parametrize("why", JUDGING)
def test_documents(why: str, mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lc_guard")
    guard, noter = scanning(*JUDGING[why]), CheckNoter()
    with value_free_if_blocked():
        found = run(ProtectedRetriever(Shelf(), guard), mode, f"who is {CANARIES[0]}?", watched(noter))
        assert leaks(found) == []
    told_of(noter)
    assert leaks(caplog.text) == []


@pytest.mark.parametrize("why", JUDGING)
def test_records_and_the_guard_itself(why: str) -> None:
    guard = scanning(*JUDGING[why])
    turns = (Turn("user", STORY),)
    decisions = guard.scan(ASKED, turns=turns)
    assert [decision.check for decision in decisions] == ["judge"]
    assert asyncio.run(guard.ascan(ASKED, turns=turns))
    shown = [decisions, [decision.as_dict() for decision in decisions], guard, guard.policy, guard.policy.as_dict()]
    assert leaks(*shown) == []
    assert leaks(ScanRequest(ASKED, prompt=STORY, turns=turns), Turn("tool", STORY)) == []
    assert leaks(ScanResult(valid=False, risk_score=1.0, sanitized=STORY)) == []


def test_scan_remembers_nothing() -> None:
    policy = Policy(checks={"judge": CheckPolicy(action="anonymize")})
    guard = Guard(CanaryDetector(), prompt_scanners=[finds()], policy=policy)
    assert [decision.action for decision in guard.scan(ASKED)] == ["anonymize"]
    assert [decision.action for decision in asyncio.run(guard.ascan(ASKED))] == ["anonymize"]
    assert guard.vault.items("") == {}
    assert "0 values" in repr(guard.vault)


def _raw(server: OpenAIServer) -> list[str]:
    return [body.decode() for body in server.raw]


class ChattyDetector:
    """Fails by an error of the package itself, with the text in it."""

    name = "canary"

    def detect(self, text: str) -> Any:
        raise DetectorError(f"can't look at {text}")


@pytest.mark.parametrize("mode", MODES)
def test_a_detector_that_quotes_the_text(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lc_guard")
    with pytest.raises(Blocked, match=r"DetectorError at test_scanning\.py") as caught:
        run(Anonymize(Guard(ChattyDetector())), mode, STORY, watched(Noter()))
    assert leaks(*told(caught.value), caplog.text) == []


# --- Langfuse


def langfuse_config(number: int) -> dict[str, Any]:
    return {"configurable": {"session_id": f"ann@example.org {number}"}, "callbacks": [CallbackHandler()]}


def nothing_arrived(server: LangfuseServer, caplog: pytest.LogCaptureFixture) -> None:
    assert server.spans
    assert not server.refused
    assert not server.violations
    parts = [part for value in (*CANARIES, "ann@example.org") for part in (value, value.split()[0]) if len(part) > 3]
    assert [part for part in parts if server.holds(part)] == []
    assert [part for part in parts if part in caplog.text] == []


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "batch"])
@pytest.mark.parametrize("why", [*(why for why in JUDGING if why not in FAILING), "raises", "gives the text"])
def test_langfuse(
    why: str, mode: str, make_langfuse: MakeClient, langfuse_server: LangfuseServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    guard = scanning(*JUDGING[why])
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    with openai(echo, size=7) as (model, _):
        chain = RunnableLambda(lambda value: value) | Anonymize(guard) | model | StrOutputParser() | Deanonymize(guard)
        for number, question in enumerate((ASKED, f"I am {STORY}")):
            with value_free_if_blocked():
                run(chain, mode, question, langfuse_config(number))
    client.flush()
    nothing_arrived(langfuse_server, caplog)
    names = {name for trace in langfuse_server.traces() for name, _ in langfuse_server.scores_of(trace)}
    assert {"prompt.judge", "prompt.judge.valid", "guard.action"} <= names


@pytest.mark.parametrize("mode", ["invoke", "amessages"])
@pytest.mark.parametrize("why", ["blocks", "redacts", "raises"])
def test_langfuse_of_an_agent(
    why: str, mode: str, make_langfuse: MakeClient, langfuse_server: LangfuseServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    @tool
    def web_search(query: str) -> str:
        """Search the web."""
        return f"{STORY}: call your {BAD}"

    reply = agents.script(ToolCalls((agents.call("web_search", query="x"),), content=""), f"Done, {STORY}")
    guard = scanning(*JUDGING[why])
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    settings = {"on_blocked": "I can't help with that."}
    with agents.agent_of(guard, reply, tools=[web_search], size=7, settings=settings) as (agent, _):
        for number, question in enumerate(("search", ASKED)):
            agents.run(agent, mode, agents.asked(question), langfuse_config(number))
    client.flush()
    nothing_arrived(langfuse_server, caplog)


TOKEN = "ghp_" + "x7Kq2mN9vB4tR8wZ1pL6" + "cY3dF5gH0jS2aE4u"


@pytest.mark.parametrize("mode", ["invoke", "ainvoke", "stream", "batch"])
@pytest.mark.parametrize("action", ["redact", "anonymize"])
@pytest.mark.parametrize("blocked", [False, True])
def test_what_scanners_take_out_does_not_reach_langfuse(
    blocked: bool, action: Any, mode: str, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    judge, checks = Watcher("judge", word=BAD), {"Secrets": CheckPolicy(action=action)}
    checks["said"] = CheckPolicy(action="redact")
    guard = Guard(
        CanaryDetector(),
        prompt_scanners=[Secrets(), judge],
        output_scanners=[Secrets(name="said")],
        policy=Policy(checks=checks),
    )
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    model = RunnableLambda(lambda text: f"{text}; mine is {TOKEN[:-1]}v")
    chain = RunnableLambda(lambda value: value) | Anonymize(guard) | model | Deanonymize(guard)
    with value_free_if_blocked():
        run(chain, mode, f"my token is {TOKEN}{f', my {BAD}' if blocked else ''}", langfuse_config(1))
    client.flush()
    assert langfuse_server.spans
    assert not langfuse_server.holds(TOKEN[:-1])
    assert langfuse_server.holds("my token is ")


@pytest.mark.parametrize("mode", ["invoke", "ainvoke"])
def test_an_answer_exported_before_it_was_judged(
    mode: str, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    policy = Policy(checks={"Secrets": CheckPolicy(action="redact")})
    guard = Guard(CanaryDetector(), output_scanners=[Secrets()], policy=policy)
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))

    def slow(message: Any) -> Any:
        client.flush()
        assert [span.type for span in langfuse_server.spans] == ["guardrail", "span", "chain", "generation"]
        return message

    with openai(lambda _: f"your token is {TOKEN}") as (model, _):
        chain = Anonymize(guard) | model | RunnableLambda(slow) | Deanonymize(guard)
        (answer,) = run(chain, mode, "hello", langfuse_config(1))
    assert answer.text == "your token is [REDACTED_ACCESS_TOKEN]"
    client.flush()
    assert not langfuse_server.holds(TOKEN)
    assert langfuse_server.holds("your token is ")


def test_this_test_would_see_a_leak() -> None:
    guard = Guard(
        [], prompt_scanners=[Says(lambda text: ScanResult(valid=False, risk_score=1.0, categories={text: 1}))]
    )
    noter = CheckNoter()
    with pytest.raises(Blocked):
        run(ScanPrompt(guard), "invoke", STORY, watched(noter))
    with pytest.raises(AssertionError):
        told_of(noter)
