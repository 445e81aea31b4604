"""Of clean stages a share is sent, of the others all; the mask knows what it has to, whatever is sent."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from lc_guard import Anonymize, Blocked, Deanonymize, Guard
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from lc_guard.langfuse.stage_sampling import StageSampling
from lc_guard.testing import ExactDetector
from tests.support.fixtures import MakeClient
from tests.support.langfuse_server import LangfuseServer
from tests.support.scanners import BAD, Answers, Watcher
from tests.support.seams import NAME, P1, VALUES

CALLS = 30


def guard_of(**more: Any) -> Guard:
    return Guard(
        ExactDetector(VALUES), prompt_scanners=[Watcher("jailbreak")], output_scanners=[Watcher("toxicity")], **more
    )


def call(guard: Guard, handler: CallbackHandler, text: str, answer: Any = str) -> None:
    chain = Anonymize(guard) | RunnableLambda(answer) | Deanonymize(guard)
    with suppress(Blocked):
        chain.invoke(text, {"configurable": {"session_id": "s"}, "callbacks": [handler]})


def stages(server: LangfuseServer) -> dict[str, set[str]]:
    """Names of stages by trace."""
    return {
        trace: {span.name for span in spans if span.name.startswith("guard: ")}
        for trace, spans in server.traces().items()
    }


@pytest.mark.parametrize("share", [0.0, {"prompt": 0.0, "output": 0.0}])
def test_clean_stages_are_left_out_and_all_others_sent(
    share: Any, make_langfuse: MakeClient, langfuse_server: LangfuseServer
) -> None:
    guard = guard_of()
    client = make_langfuse(mask_otel_spans=mask_otel_spans(guard))
    handler = CallbackHandler(guard, sample_clean=share)
    call(guard, handler, f"I am {NAME}")
    client.flush()
    (clean,) = langfuse_server.traces()
    assert stages(langfuse_server)[clean] == set()
    # only the trace's own score, and the mask knew the session all the same: placeholders, nothing redacted
    assert [score["name"] for score in langfuse_server.scores.values()] == ["guard.action"]
    assert not langfuse_server.holds(NAME)
    assert langfuse_server.holds(f"I am {P1}")
    assert not langfuse_server.holds("[REDACTED_PERSON]")

    call(guard, handler, f"I am {NAME}, my {BAD}")
    call(guard, handler, "hello", lambda _: f"my {BAD}")
    client.flush()
    blocked = [names for trace, names in stages(langfuse_server).items() if trace != clean]
    assert sorted(map(sorted, blocked)) == [["guard: output"], ["guard: prompt"]]
    names = {span.name for span in langfuse_server.spans if span.type == "guardrail"}
    assert names == {"prompt.pii", "prompt.jailbreak", "output.toxicity"}  # those that were clean beside it too
    assert len([score for score in langfuse_server.scores.values() if score["name"] == "prompt.pii"]) == 1
    assert (len(handler._roots), len(handler._checks)) == (0, 0)
    assert not langfuse_server.refused
    assert not langfuse_server.holds(NAME)


def test_a_failed_check_is_sent(make_langfuse: MakeClient, langfuse_server: LangfuseServer) -> None:
    guard = Guard([], prompt_scanners=[Answers(ValueError("x"), "fails")])
    client = make_langfuse()
    call(guard, CallbackHandler(sample_clean=0), "hello")
    client.flush()
    assert list(stages(langfuse_server).values()) == [{"guard: prompt"}]


def test_a_share_by_stage(make_langfuse: MakeClient, langfuse_server: LangfuseServer) -> None:
    guard = guard_of()
    client = make_langfuse()
    handler = CallbackHandler(sample_clean={"prompt": 0.5, "output": 0.1})
    for _ in range(CALLS):
        call(guard, handler, "hello")
    client.flush()
    found = stages(langfuse_server)
    sampling = StageSampling({"prompt": 0.5, "output": 0.1})
    assert len(found) == CALLS
    assert found == {
        trace: {f"guard: {stage}" for stage in ("prompt", "output") if sampling.sends(trace, stage)} for trace in found
    }
    scored = {score["traceId"] for score in langfuse_server.scores.values() if score["name"] == "prompt.jailbreak"}
    assert scored == {trace for trace, names in found.items() if "guard: prompt" in names}


def test_shares_are_shares() -> None:
    ids = [f"{number * 0x9E3779B97F4A7C15 % (1 << 64):016x}{1:016x}" for number in range(2_000)]
    for share in (0.0, 0.1, 0.5, 1.0):
        sent = [each for each in ids if StageSampling(share).sends(each, "prompt")]
        assert len(sent) == pytest.approx(share * len(ids), abs=40)
    assert StageSampling({"document": 0.0}).sends(ids[0], "prompt")
    assert not StageSampling({"document": 0.0}).sends(ids[0], "document")


@pytest.mark.parametrize("share", [-0.1, 1.1, "half", {"prompts": 0.5}, {"prompt": 2}])
def test_what_is_no_share_is_refused(share: Any) -> None:
    with pytest.raises(ValueError, match="sample_clean"):
        StageSampling(share)
