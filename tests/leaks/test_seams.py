"""A canary through every seam, in every mode: no value shows where it must not."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompt_values import ChatPromptValue, StringPromptValue
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from pydantic import BaseModel

from lc_guard import Anonymize, Deanonymize, Guard, GuardCallbackHandler, Policy
from lc_guard.testing import FailingDetector
from tests.support.canaries import CANARIES, CanaryDetector
from tests.support.openai_server import Drop, echo
from tests.support.seams import MODES, Noter, openai, run

SESSION = "zebulon.quartermain@session.example"
STORY = " / ".join(CANARIES)
ARGS = {"to": CANARIES[0], "deep": [{"note": STORY, CANARIES[1]: 1}]}
TOOL = {"type": "function", "function": {"name": "mail", "parameters": {"type": "object", "properties": {}}}}


class Note(BaseModel):
    text: str


def spellings(value: str) -> set[str]:
    """A value as it may stand in a recorded text: as it is, in JSON, in a repr, twice in JSON."""
    once = {value, repr(value)[1:-1], json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return once | {json.dumps(spelling)[1:-1] for spelling in once}


SPELLINGS = set().union(*map(spellings, [*CANARIES, SESSION]))


def leaks(*things: Any) -> list[str]:
    """The canaries that show in things as they are printed, logged or stored."""
    shown = "\n".join(f"{thing}\n{thing!r}" for thing in things)
    return sorted(spelling for spelling in SPELLINGS if spelling in shown)


CALLS = [{"name": "mail", "args": ARGS, "id": "c-1", "type": "tool_call"}]
BROKEN = [{"name": "mail", "args": f'{{"to": "{CANARIES[0]}', "id": "c-2", "error": STORY, "type": "invalid_tool_call"}]
KWARGS = {
    "function_call": {"name": "mail", "arguments": json.dumps(ARGS)},
    "reasoning_content": STORY,
    "parsed": Note(text=STORY),
}
HISTORY = [
    SystemMessage(f"You help {STORY}"),
    HumanMessage([{"type": "text", "text": STORY}], name=CANARIES[0]),
    AIMessage([{"type": "text", "text": STORY}], tool_calls=CALLS),
    ToolMessage(STORY, tool_call_id="c-1", artifact=[Document(STORY)]),
    HumanMessage(STORY),
]
CALLED = [{"id": "c-1", "type": "function", "function": KWARGS["function_call"]}]
SEAMS: dict[str, Any] = {
    "text": STORY,
    "string prompt": StringPromptValue(text=STORY),
    "chat prompt": ChatPromptValue(messages=[HumanMessage(STORY)]),
    "history": HISTORY,
    "openai messages": [{"role": "user", "content": STORY}],
    "json arguments": [
        HumanMessage("x"),
        AIMessage("", additional_kwargs={"tool_calls": CALLED}),
        ToolMessage(json.dumps("x"), tool_call_id="c-1"),
    ],
}  # fmt: skip


def watched(guard: Guard, noter: Noter) -> dict[str, Any]:
    return {"configurable": {"thread_id": SESSION}, "callbacks": [noter, GuardCallbackHandler(stop_leaks=guard)]}


def check_runs(noter: Noter) -> None:
    """Nothing between Anonymize and Deanonymize, and nothing of the checks, shows a canary."""
    outer = {
        call[3]
        for call in noter.calls
        if call[0] == "chain_start" and call[1] in ("RunnableSequence", "Anonymize", "Deanonymize")
    }
    hidden_inputs = [call for call in noter.calls if call[0] == "chain_start" and call[1] == "Deanonymize"]
    hidden_outputs = {call[3] for call in noter.of("chain_start", "Anonymize")}
    inner = [call for call in noter.calls if call[3] not in outer or call[0] == "custom"]
    inner += [call for call in noter.of("chain_end") if call[3] in hidden_outputs]
    assert len(inner) > 3
    assert leaks(*(call[2] for call in inner)) == []
    assert leaks(*(call[2] for call in hidden_inputs)) == []
    assert leaks(*((call[1], call[5]) for call in noter.calls)) == [], "a name, tag or metadata shows a canary"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seam", SEAMS)
def test_model_input_runs_events_and_logs(mode: str, seam: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lc_guard")
    detector, noter = CanaryDetector(), Noter()
    guard = Guard(detector)
    with openai(echo, size=None) as (model, server):
        chain = Anonymize(guard) | model.bind_tools([TOOL]) | StrOutputParser() | Deanonymize(guard)
        done = "".join(run(chain, mode, SEAMS[seam], watched(guard, noter)))
    expected = {"json arguments": json.dumps("x")}.get(seam, STORY)
    assert done == expected, "the reader sees what was said"
    assert server.raw
    assert leaks(*(body.decode() for body in server.raw)) == []
    check_runs(noter)
    assert leaks(caplog.text, guard, guard.vault, guard.session(SESSION), chain, detector) == []


OTHER_SEAMS: dict[str, Any] = {
    "nested": {"a": [{"b": (STORY, {STORY})}], "row": {CANARIES[0]: 1}},
    "documents": [Document(STORY, metadata={"author": CANARIES[0], "deep": {CANARIES[1]: [STORY]}})],
    "model": {"note": Note(text=STORY)},
    "provider fields": AIMessage(STORY, additional_kwargs=KWARGS, invalid_tool_calls=BROKEN),
    "tool blocks": HumanMessage(
        [
            {"type": "tool_use", "id": "t", "name": "mail", "input": ARGS},
            {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": STORY}]},
            {"type": "document", "source": {"type": "text", "data": STORY}, "title": STORY},
            {"type": "server_tool_result", "output": {"name": STORY}},
            {"type": "file", "source_type": "text", "text": STORY, "filename": STORY},
        ]
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seam", OTHER_SEAMS)
def test_what_steps_after_anonymize_see(mode: str, seam: str) -> None:
    noter = Noter()
    guard = Guard(CanaryDetector())
    chain = Anonymize(guard) | RunnableLambda(lambda value: value).with_config(run_name="between") | Deanonymize(guard)
    run(chain, mode, OTHER_SEAMS[seam], watched(guard, noter))
    assert noter.of("chain_start", "between")
    check_runs(noter)


def told(error: BaseException) -> list[str]:
    """What an error shows, with its causes and contexts."""
    chained = []
    seen: BaseException | None = error
    while seen is not None:
        chained += [str(seen), repr(seen), repr(getattr(seen, "__notes__", ""))]
        seen = seen.__cause__ or seen.__context__
    return [*chained, *traceback.format_exception(error)]


class Angry(CanaryDetector):
    """Raises with the text in its message, from another error with the text."""

    def detect(self, text: str) -> Any:
        try:
            raise KeyError(text)
        except KeyError as error:
            raise ValueError(text) from error


BLOCKING = {
    "detector raises": lambda: Guard(Angry()),
    "offsets outside": lambda: Guard(FailingDetector(IndexError(STORY))),
    "policy blocks": lambda: Guard(CanaryDetector(), policy=Policy(default="block")),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("why", BLOCKING)
def test_errors_of_a_check(mode: str, why: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    guard, noter = BLOCKING[why](), Noter()
    with pytest.raises(Exception, match=r"blocked the prompt|could not be done") as caught:
        run(Anonymize(guard), mode, STORY, watched(guard, noter))
    assert leaks(*told(caught.value), caplog.text) == []
    assert leaks(*(call[2] for call in noter.calls if call[0] in ("custom", "chain_error"))) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("value", [{"a": {STORY: object()}}, {STORY: {1: b"x"}}, [STORY, STORY.encode()]])
def test_errors_of_the_walk(mode: str, value: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(TypeError) as caught:
        run(Anonymize(Guard(CanaryDetector())), mode, value, {"configurable": {"thread_id": SESSION}})
    assert leaks(*told(caught.value), caplog.text) == []


@pytest.mark.parametrize("mode", MODES)
def test_a_bad_session_id_is_not_told(mode: str) -> None:
    with pytest.raises(Exception, match="no usable session id") as caught:
        run(Anonymize(Guard(CanaryDetector())), mode, STORY, {"configurable": {"thread_id": [SESSION]}})
    assert leaks(*told(caught.value)) == []


@pytest.mark.parametrize("mode", ["stream", "astream"])
def test_errors_of_the_model_in_mid_stream(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lc_guard")
    guard, noter = Guard(CanaryDetector()), Noter()
    prompt = ChatPromptTemplate.from_messages([("human", "{text}")])
    with openai(lambda request: Drop(echo(request)[:40])) as (model, _):
        chain = Anonymize(guard) | prompt | model | StrOutputParser() | Deanonymize(guard)
        with pytest.raises(Exception, match=r"(?i)connection|incomplete") as caught:
            run(chain, mode, {"text": STORY}, watched(guard, noter))
    assert leaks(*told(caught.value), caplog.text) == []


@pytest.mark.parametrize("mode", MODES)
def test_a_stopped_leak_tells_no_value(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "lc_guard")
    guard, noter = Guard(CanaryDetector()), Noter()
    with openai(echo) as (model, server):
        chain = Anonymize(guard) | RunnableLambda(lambda text: STORY) | model
        with pytest.raises(Exception, match="a model call was stopped") as caught:
            run(chain, mode, STORY, watched(guard, noter))
        assert server.raw == []
    assert leaks(*told(caught.value), caplog.text) == []


def test_this_test_would_see_a_leak() -> None:
    for canary in CANARIES:
        assert leaks(canary)
        assert leaks({"a": [canary]})
        assert leaks(json.dumps({"a": canary}))
        assert leaks(json.dumps({"a": json.dumps({"b": canary})}))
        assert leaks(ValueError(canary))
