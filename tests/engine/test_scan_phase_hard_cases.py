"""What an attacker, an odd scanner or an unlucky order could get past the scanners, or out to where they are."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.runnables import RunnableLambda
from langgraph.types import Command

from lc_guard import (
    Anonymize,
    Blocked,
    CheckPolicy,
    Deanonymize,
    Entity,
    Guard,
    Policy,
    PolicyError,
    ScanOutput,
    ScanResult,
    protect,
)
from lc_guard._engine.caches import PromptStore
from lc_guard.langchain.refusals import WITHHELD, is_refusal
from lc_guard.langchain.scan_targets import scan_targets
from lc_guard.langchain.tools import ToolCallGuard, ToolPolicy
from lc_guard.scanners.base import ScanRequest
from lc_guard.testing import ExactDetector, FailingDetector

from ..support.scanners import BAD, Answers, RemoteWatcher, Watcher
from ..support.seams import CONFIG, NAME, P1, VALUES, added, openai, run

modes = pytest.mark.parametrize("mode", ["invoke", "ainvoke"])

# --- what is asked about


@pytest.mark.parametrize(
    "value",
    [
        {"q": {f"my {BAD}": 1}},
        {"q": [{f"my {BAD}": 1}]},
        {"q": {f"my {BAD}": HumanMessage("hello")}},
        {"q": [[HumanMessage(f"my {BAD}")]]},
        {"q": {"deep": [Document("fine", metadata={"author": {f"my {BAD}": "x"}})]}},
        [{"role": "user", "content": f"my {BAD}"}],
        [("human", f"my {BAD}")],
        ["hello", f"my {BAD}"],
        (HumanMessage("hello"), {"more": f"my {BAD}"}),
    ],
)
def test_no_text_reaches_a_model_unjudged(value: Any) -> None:
    with pytest.raises(Blocked):
        Anonymize(Guard([], prompt_scanners=[Watcher()])).invoke(value, CONFIG)


def test_what_is_no_text_of_people_is_not_asked_about() -> None:
    value = {"q": [{"type": "image", "base64": "AAAA"}, {"role": "user", "content": "hello"}], "m": [[AIMessage("I")]]}
    assert [ask.text for ask in scan_targets(value, "prompt")] == ["hello"]


def test_a_long_history_is_gone_through_once() -> None:
    kinds = (HumanMessage, AIMessage)
    history = [kinds[number % 2](f"message {number}") for number in range(4_000)]
    started = time.process_time()
    asks = scan_targets(
        [*history, HumanMessage([{"type": "text", "text": f"block {n}"} for n in range(4_000)])], "prompt"
    )
    assert time.process_time() - started < 2, "about 0.1 s; turns collected anew for each text took 20 s"
    assert [turn.text for turn in asks[1_000].turns] == [f"message {number}" for number in range(1_992, 2_000)]
    assert [turn.text for turn in asks[-1].turns] == [f"block {number}" for number in range(3_991, 3_999)]


# --- who looks at what: nothing goes on that was not looked at


class Strips:
    """Gives another text where nothing is wrong, and does not say that it does."""

    name = "strips"

    def scan(self, request: ScanRequest) -> ScanResult:
        return ScanResult(valid=True, risk_score=0.0, sanitized=request.text.strip())


@modes
@pytest.mark.parametrize("cost", ["instant", "model"])
def test_what_a_scanner_gives_instead_of_a_text_is_looked_at_as_well(mode: str, cost: Any) -> None:
    strips = Strips()
    strips.cost = cost
    guard = Guard(ExactDetector(VALUES), prompt_scanners=[strips])
    assert run(Anonymize(guard), mode, f" I am {NAME} ") == [f"I am {P1}"]


@modes
def test_a_threshold_keeps_a_text_as_it_is(mode: str) -> None:
    policy = Policy(checks={"watcher": CheckPolicy(threshold=0.9)})
    guard = Guard(ExactDetector(VALUES), prompt_scanners=[Watcher(redacts=True)], policy=policy)
    assert run(Anonymize(guard), mode, f"{BAD} of {NAME}") == [f"{BAD} of {P1}"]


@modes
def test_who_says_where_to_hide_looks_after_those_that_rewrite(mode: str) -> None:
    hides = Watcher("hides", word="sk-12345", locates=True, rewrites=True)
    redacts = Watcher("redacts", redacts=True)
    checks = {"hides": CheckPolicy(action="anonymize"), "redacts": CheckPolicy(action="redact")}
    guard = Guard([], prompt_scanners=[hides, redacts], policy=Policy(checks=checks))
    assert run(Anonymize(guard), mode, f"{BAD}, my key is sk-12345!") == ["***, my key is [REDACTED_BAD_WORD_1]!"]


@modes
def test_a_text_changed_beside_who_says_where_to_hide_is_stopped(mode: str) -> None:
    hides = Watcher("hides", word="sk-12345", locates=True)
    policy = Policy(checks={"hides": CheckPolicy(action="anonymize")})
    step = Anonymize(Guard([], prompt_scanners=[hides, Strips()], policy=policy))
    assert run(step, mode, "key sk-12345") == ["key [REDACTED_BAD_WORD_1]"]
    with pytest.raises(Blocked, match="rewrites = True"):
        run(step, mode, "  my key is sk-12345!")


@modes
def test_what_a_scanner_wants_hidden_is_hidden_below_the_thresholds_of_detectors(mode: str) -> None:
    checks = {"watcher": CheckPolicy(action="anonymize")}
    policy = Policy(default="allow", thresholds={"BAD_WORD": 0.95}, checks=checks)
    guard = Guard([], prompt_scanners=[Watcher(locates=True, risk=0.8)], policy=policy)
    assert run(Anonymize(guard), mode, f"my {BAD}") == ["my [REDACTED_BAD_WORD_1]"]


@modes
def test_a_kind_that_blocks_blocks_though_a_scanner_would_hide_it(mode: str) -> None:
    policy = Policy(kinds={"BAD_WORD": "block"}, checks={"watcher": CheckPolicy(action="anonymize")})
    guard = Guard(ExactDetector({"BAD_WORD": ["uncle"]}), prompt_scanners=[Watcher(locates=True)], policy=policy)
    for text in (f"my {BAD}", f"my {BAD} and my uncle"):
        with pytest.raises(Blocked, match="BAD_WORD"):
            run(Anonymize(guard), mode, text)


def test_kinds_of_scanners_become_placeholders_that_come_back() -> None:
    class Names:
        name = "names"

        def scan(self, request: ScanRequest) -> ScanResult:
            return ScanResult(valid=False, risk_score=1.0, entities=(Entity("person name", 0, 4, math.inf),))

    policy = Policy(checks={"names": CheckPolicy(action="anonymize")})
    guard = Guard([], prompt_scanners=[Names()], policy=policy)
    hidden = Anonymize(guard).invoke("Jane is here", CONFIG)
    assert hidden == "[REDACTED_PERSON_NAME_1] is here"
    assert Deanonymize(guard).invoke(hidden, CONFIG) == "Jane is here"
    wrong = Answers(ScanResult(valid=False, risk_score=1.0, entities=(Entity("X", 0, 2.5),)), "names")  # type: ignore[arg-type]
    with pytest.raises(Blocked, match="whole offsets"):
        Anonymize(Guard([], prompt_scanners=[wrong], policy=policy)).invoke("Jane is here", CONFIG)


def test_a_text_said_twice_is_judged_with_what_came_before_it_each_time() -> None:
    watcher = Watcher(uses_turns=True)
    history = [HumanMessage(text) for text in ("first half", "second half", "filler", "second half")]
    Anonymize(Guard([], prompt_scanners=[watcher])).invoke(history, CONFIG)
    asked = [[turn.text for turn in request.turns] for request in watcher.requests if request.text == "second half"]
    assert asked == [["first half"], ["first half", "second half", "filler"]]


@modes
def test_what_was_taken_out_is_not_shown_to_a_service_as_said_before(mode: str) -> None:
    service = RemoteWatcher(uses_turns=True)
    secrets, swears = Watcher("secrets", word="sk-12345", redacts=True), Watcher("swears")
    checks = {"secrets": CheckPolicy(action="redact"), "swears": CheckPolicy(action="replace", replacement="…")}
    guard = Guard(ExactDetector(VALUES), prompt_scanners=[secrets, swears, service], policy=Policy(checks=checks))
    parts = [{"type": "text", "text": "again sk-12345"}, {"type": "text", "text": f"of {NAME}"}]
    run(Anonymize(guard), mode, [*map(HumanMessage, (f"sk-12345 of {NAME}", f"my {BAD}", parts, "hello"))])
    (last,) = {request.turns for request in service.requests if request.text == "hello"}
    assert [turn.text for turn in last] == [f"*** of {P1}", "…", f"again ***\nof {P1}"]


@modes
def test_models_of_detectors_are_loaded_off_the_clock(mode: str) -> None:
    class Slow(ExactDetector):
        def warm_up(self) -> None:
            time.sleep(0.4)

    guard = Guard(Slow(VALUES), prompt_scanners=[Watcher(seconds=0.01)], policy=Policy(timeout=0.3))
    assert run(Anonymize(guard), mode, f"I am {NAME}") == [f"I am {P1}"]


def test_a_replacement_may_be_the_text_itself() -> None:
    detector = ExactDetector(VALUES)
    detector.preamble = "Keep the placeholders. "
    policy = Policy(checks={"watcher": CheckPolicy(action="replace", replacement=f"I am {NAME}")})
    step = Anonymize(Guard(detector, prompt_scanners=[Watcher(word=NAME)], policy=policy))
    assert step.invoke(f"I am {NAME}", CONFIG) == f"I am {NAME}"


def test_a_scanner_that_refuses_to_be_cancelled_keeps_nobody_waiting() -> None:
    class Stubborn(RemoteWatcher):
        async def ascan(self, request: ScanRequest) -> ScanResult:
            for _ in range(3):
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(2)
            return ScanResult(valid=True, risk_score=0.0)

    async def ask() -> float:
        started = time.perf_counter()
        with pytest.raises(Blocked, match=r"no answer within 0\.(1|09\d*) s"):
            await Anonymize(Guard([], prompt_scanners=[Stubborn()], policy=Policy(timeout=0.1))).ainvoke("x", CONFIG)
        return time.perf_counter() - started

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(ask()) < 1.5
        for task in asyncio.all_tasks(loop):
            task.cancel()
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
    finally:
        loop.close()


def test_scanners_of_tool_calls_get_the_prompt() -> None:
    watcher = Watcher(stages=("tool_call",))
    guard = Guard([], output_scanners=[watcher])
    calls = AIMessage("", tool_calls=[{"name": "search", "args": {"q": "cats"}, "id": "1"}])
    (Anonymize(guard) | RunnableLambda(lambda _: calls) | Deanonymize(guard)).invoke("find cats", CONFIG)
    assert [(request.text, request.prompt) for request in watcher.requests] == [("cats", "find cats")]


# --- streams


def windowed(*chunks: Any, guard: Guard | None = None) -> Any:
    """Give what is shown of a stream that is judged by windows, added up."""
    guard = guard or Guard([], output_scanners=[Watcher()], policy=Policy(streaming="window"))
    return added(list(ScanOutput(guard).transform(iter(chunks), CONFIG)))


def piece(content: Any, **more: Any) -> AIMessageChunk:
    return AIMessageChunk(content, id="run-1", **more)


CALL = {"name": "f", "args": "{}", "id": "1", "index": 0}
ODD = [
    [piece(BAD, additional_kwargs={"refusal": None})],
    [piece("grand"), piece("mother", additional_kwargs={"x": "y"})],
    [piece([{"type": "text", "text": BAD, "index": 0}])],
    [piece("", additional_kwargs={"reasoning_content": BAD})],
    [piece(BAD, tool_call_chunks=[CALL])],
    [piece("", tool_call_chunks=[{**CALL, "args": f'{{"q": "{BAD}"}}'}])],
]
SHOWN = "The first sentence is fine. "


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("action", ["block", "redact"])
def test_no_chunk_after_a_window_is_shown_unjudged(odd: list[Any], action: Any) -> None:
    watcher = Watcher(redacts=True, stages=("output", "tool_call"))
    policy = Policy(streaming="window", checks={"watcher": CheckPolicy(action=action)})
    guard = Guard([], output_scanners=[watcher], policy=policy)
    chunks = (piece(SHOWN), piece("The second is by "), *odd)
    if action == "block":
        with pytest.raises(Blocked):
            windowed(*chunks, guard=guard)
        return
    whole = windowed(*chunks, guard=guard)
    assert BAD not in repr(whole)
    assert "***" in repr(whole)
    assert whole.text.startswith(SHOWN + "The second is by ")


def test_scanners_of_wholes_judge_tool_calls_after_windows() -> None:
    watcher = Watcher(stages=("tool_call",), needs_whole=True)
    guard = Guard([], output_scanners=[watcher, Watcher("other")], policy=Policy(streaming="window"))
    with pytest.raises(Blocked):
        windowed(piece(SHOWN), piece("", tool_call_chunks=[{**CALL, "args": f'{{"q": "{BAD}"}}'}]), guard=guard)


def test_a_chunk_that_is_cut_keeps_its_metadata_once() -> None:
    usage = {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    whole = windowed(piece(SHOWN + "Bye", response_metadata={"model_name": "m"}, usage_metadata=usage))
    assert (whole.content, whole.response_metadata, whole.usage_metadata) == (SHOWN + "Bye", {"model_name": "m"}, usage)


def test_a_refusal_in_mid_stream_belongs_to_the_message_that_was_begun() -> None:
    guard = Guard([], output_scanners=[Watcher()], policy=Policy(streaming="window"))
    with openai(lambda _: f"{SHOWN}Then comes my {BAD}. Bye.", size=5) as (model, _):
        pieces = list(protect(model, guard, on_blocked="No.").stream("hello", CONFIG))
    assert len({piece.id for piece in pieces}) == 1
    whole = added(pieces)
    assert whole.content == f"{SHOWN}No."
    assert is_refusal(whole)


# --- tools that command a graph


@pytest.mark.parametrize("several", [False, True])
def test_a_withheld_command_still_leads_where_it_did(several: bool) -> None:
    policy = ToolPolicy(real_values_for="all", placeholders_for=(), scan_results_of="all")
    boundary = ToolCallGuard(policy, tool="search", args={}, session="s")
    bad = Command(
        graph=Command.PARENT, goto="writer", update={"messages": [ToolMessage(f"my {BAD}", tool_call_id="1")], "n": 1}
    )
    given = [bad, ToolMessage("fine", tool_call_id="2")] if several else bad
    job = boundary.result(given, {"messages": []})
    assert job is not None
    assert list(job.texts) == [f"my {BAD}", "fine"][: 1 + several]
    (outcome,) = Guard([], prompt_scanners=[Watcher()]).check([job])
    judged = boundary.judged(given, outcome, withhold=True)
    made = judged[0] if several else judged
    assert (made.graph, made.goto, made.update["n"]) == (Command.PARENT, "writer", 1)
    assert made.update["messages"][0].content == WITHHELD
    assert bad.update["messages"][0].content == f"my {BAD}"


# --- what can't be, and what is kept


def test_a_scanner_that_would_never_be_asked_is_refused() -> None:
    with pytest.raises(PolicyError, match="'output' only, where prompt_scanners are never asked"):
        Guard([], prompt_scanners=[Watcher(stages=("output",))])
    with pytest.raises(PolicyError, match="put it into prompt_scanners"):
        Guard([], output_scanners=[Watcher(stages=("prompt", "document"))])
    both = Watcher(stages=("prompt", "output"))
    Guard([], prompt_scanners=[both], output_scanners=[both])


def test_a_step_streams_only_as_its_scanners_can() -> None:
    guard = Guard([], output_scanners=[Watcher(needs_whole=True)])
    with pytest.raises(PolicyError, match="judges whole answers"):
        ScanOutput(guard, mode="window")
    ScanOutput(guard, mode="audit")


def test_prompts_are_forgotten_with_their_session_and_bounded_by_their_length() -> None:
    guard = Guard([], output_scanners=[Watcher()])
    Anonymize(guard).invoke("hello", CONFIG)
    assert guard.prompts.of(run=None, session="s-1") == "hello"
    guard.session("s-1").forget()
    assert guard.prompts.of(run=None, session="s-1") == ""
    prompts = PromptStore()
    for number in range(12):
        prompts.note("x" * 1_000_000, run=None, session=str(number))
    kept = [number for number in range(12) if prompts.of(run=None, session=str(number))]
    assert kept == list(range(2, 12))
    prompts.note("y" * 20_000_000, run=None, session="long")
    assert prompts.of(run=None, session="long")


@pytest.mark.parametrize("on_error", ["block", "allow"])
@modes
def test_where_the_detectors_failed_nothing_goes_outside(mode: str, on_error: Any) -> None:
    remote = RemoteWatcher()
    policy = Policy(checks={"pii": CheckPolicy(on_error="allow"), "remote": CheckPolicy(on_error=on_error)})
    guard = Guard(FailingDetector(ValueError(NAME)), prompt_scanners=[remote], policy=policy)
    if on_error == "block":
        with pytest.raises(Blocked, match="nothing was sent") as raised:
            run(Anonymize(guard), mode, f"I am {NAME}")
        assert raised.value.decision.error == "ScannerError"
    else:
        assert added(run(Anonymize(guard), mode, f"I am {NAME}")) == f"I am {NAME}"
    assert not remote.requests
