"""Answers are judged before they are shown: whole, and as they stream, in each of the three modes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.runnables import RunnableGenerator, RunnableLambda
from langchain_core.runnables.utils import AddableDict

from lc_guard import Blocked, CheckPolicy, Deanonymize, Guard, Policy, ScanOutput, ScanPrompt, ScanResult
from lc_guard.records import DECISION_EVENT

from ..support.scanners import BAD, Answers, Watcher
from ..support.seams import CONFIG, MODES, NAME, P1, BatchDetector, Noter, added, run

STREAMED = ("stream", "astream")


def output_guard(*scanners: Any, streaming: Any = "buffer", **settings: Any) -> Guard:
    checks = {"watcher": CheckPolicy(**settings)} if settings else {}
    policy = Policy(streaming=streaming, checks=checks)
    return Guard(BatchDetector(), output_scanners=scanners or [Watcher()], policy=policy)


def speaker(chunks: list[Any], log: list[Any] | None = None) -> Any:
    """A step that says chunks, and notes in a log when each was asked for."""

    def say(_: Iterator[Any]) -> Iterator[Any]:
        for chunk in chunks:
            if log is not None:
                log.append(("said", chunk))
            yield chunk

    async def asay(_: AsyncIterator[Any]) -> AsyncIterator[Any]:
        for chunk in chunks:
            if log is not None:
                log.append(("said", chunk))
            yield chunk

    return RunnableGenerator(say, asay)


def shown(chain: Any, mode: str, log: list[Any] | None = None) -> tuple[list[Any], Exception | None]:
    """Give the chunks that a reader gets, and what ended them."""
    pieces: list[Any] = []

    def note(piece: Any) -> None:
        pieces.append(piece)
        if log is not None:
            log.append(("shown", piece))

    async def read() -> None:
        async for piece in chain.astream("go", CONFIG):
            note(piece)

    try:
        if mode == "stream":
            for piece in chain.stream("go", CONFIG):
                note(piece)
        else:
            asyncio.run(read())
    except Blocked as blocked:
        return pieces, blocked
    return pieces, None


SENTENCES = [
    "The first sentence is fine. ",
    "The second sentence is fine too. ",
    f"The third is by your {BAD}. ",
    "Bye.",
]
TOKENS = [token for sentence in SENTENCES for token in sentence.replace(" ", " |").split("|") if token]


def as_messages(tokens: list[str]) -> list[AIMessageChunk]:
    return [AIMessageChunk(token, id="run-1") for token in tokens]


def text_of(pieces: list[Any]) -> str:
    return "".join(piece if isinstance(piece, str) else piece.text for piece in pieces)


kinds = pytest.mark.parametrize("made", [list, as_messages], ids=["text", "messages"])
streamed = pytest.mark.parametrize("mode", STREAMED)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("step", [ScanOutput, Deanonymize])
def test_a_harmful_answer_is_not_shown(step: Any, mode: str) -> None:
    chain = RunnableLambda(lambda text: text) | step(output_guard())
    assert added(run(chain, mode, "all is well")) == "all is well"
    with pytest.raises(Blocked) as raised:
        run(chain, mode, f"says your {BAD}")
    assert (raised.value.decision.stage, raised.value.decision.check) == ("output", "watcher")
    assert BAD not in str(raised.value)


@streamed
@kinds
def test_buffer_shows_nothing_before_all_was_judged(mode: str, made: Any) -> None:
    log: list[Any] = []
    chain = speaker(made(TOKENS), log) | ScanOutput(output_guard())
    assert shown(chain, mode, log)[0] == []
    assert [what for what, _ in log] == ["said"] * len(TOKENS)
    fine = made(TOKENS[:4])
    pieces, error = shown(speaker(fine) | ScanOutput(output_guard()), mode)
    assert (pieces, error) == (fine, None), "the same chunks as they came"


@streamed
@kinds
def test_window_shows_each_sentence_once_it_was_judged(mode: str, made: Any) -> None:
    watcher, log = Watcher(), []
    chain = speaker(made(TOKENS), log) | ScanOutput(output_guard(watcher, streaming="window"))
    pieces, error = shown(chain, mode, log)
    assert text_of(pieces) == SENTENCES[0] + SENTENCES[1]
    assert isinstance(error, Blocked)
    assert log.index(("shown", pieces[0])) < log.index(("said", made(TOKENS)[-2]))
    assert watcher.texts == ["".join(SENTENCES[:count]) for count in (1, 2, 3)], "each after what was shown before"


@streamed
@kinds
def test_audit_shows_all_at_once_and_scores_after(mode: str, made: Any) -> None:
    watcher, log, noter = Watcher(), [], Noter()
    chain = speaker(made(TOKENS), log) | ScanOutput(output_guard(watcher, streaming="audit"))
    pieces, error = shown(chain.with_config(callbacks=[noter]), mode, log)
    assert (text_of(pieces), error) == ("".join(TOKENS), None)
    assert [what for what, _ in log[:4]] == ["said", "shown", "said", "shown"]
    assert watcher.texts == ["".join(TOKENS)]
    (event,) = noter.of("custom", DECISION_EVENT)
    assert (event[2]["action"], event[2]["valid"], event[2]["risk_score"]) == ("warn", True, 0.8)


def test_audit_blocks_what_is_not_streamed() -> None:
    chain = RunnableLambda(lambda text: text) | ScanOutput(output_guard(streaming="audit"))
    with pytest.raises(Blocked):
        chain.invoke(BAD, CONFIG)


@streamed
@kinds
@pytest.mark.parametrize("streaming", ["buffer", "window"])
@pytest.mark.parametrize(("action", "expected"), [("redact", "by your ***. "), ("replace", "[gone]")])
def test_what_scanners_change_is_shown_changed(
    mode: str, made: Any, streaming: Any, action: Any, expected: str
) -> None:
    guard = output_guard(Watcher(redacts=True), streaming=streaming, action=action, replacement="[gone]")
    pieces, error = shown(speaker(made(TOKENS)) | ScanOutput(guard), mode)
    assert error is None
    if action == "redact":
        assert text_of(pieces) == "".join(TOKENS).replace(BAD, "***")
    elif streaming == "buffer":
        assert text_of(pieces) == "[gone]"
    else:
        assert text_of(pieces) == SENTENCES[0] + SENTENCES[1] + "[gone]Bye."


@streamed
def test_what_began_in_a_shown_sentence_can_only_be_stopped(mode: str) -> None:
    guard = output_guard(Watcher(word="fine. The", redacts=True), streaming="window", action="redact")
    pieces, error = shown(speaker(TOKENS) | ScanOutput(guard), mode)
    assert text_of(pieces) == SENTENCES[0]
    assert isinstance(error, Blocked)
    assert "began in a sentence that was shown before" in str(error)


@streamed
@pytest.mark.parametrize("streaming", ["buffer", "window", "audit"])
def test_metadata_of_chunks_stays(mode: str, streaming: Any) -> None:
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    chunks = [
        AIMessageChunk("A sentence that is long enough. ", id="run-1", response_metadata={"model_name": "m"}),
        AIMessageChunk("Another one.", id="run-1"),
        AIMessageChunk("", id="run-1", usage_metadata=usage, chunk_position="last"),
    ]
    pieces, _ = shown(speaker(chunks) | ScanOutput(output_guard(streaming=streaming)), mode)
    whole = added(pieces)
    assert whole.content == "A sentence that is long enough. Another one."
    assert (whole.usage_metadata, whole.response_metadata["model_name"]) == (usage, "m")
    assert pieces[-1].chunk_position == "last"


CALL = {"name": "search", "args": f'{{"query": "{BAD}"}}', "id": "c1", "index": 0, "type": "tool_call_chunk"}


@streamed
@pytest.mark.parametrize("streaming", ["buffer", "window"])
def test_arguments_of_tool_calls_are_judged_before_they_are_shown(mode: str, streaming: Any) -> None:
    chunks = [
        AIMessageChunk("Let me look that up for you. ", id="run-1"),
        AIMessageChunk("", id="run-1", tool_call_chunks=[{**CALL, "args": CALL["args"][:12]}]),
        AIMessageChunk(
            "", id="run-1", tool_call_chunks=[{**CALL, "name": None, "id": None, "args": CALL["args"][12:]}]
        ),
        AIMessageChunk("", id="run-1", chunk_position="last"),
    ]
    watcher = Watcher(stages=("output", "tool_call"))
    pieces, error = shown(speaker(chunks) | ScanOutput(output_guard(watcher, streaming=streaming)), mode)
    assert error.decision.stage == "tool_call"
    assert not any(piece.tool_call_chunks for piece in pieces)
    assert watcher.texts[-1] == BAD
    redacting = Watcher(stages=("output", "tool_call"), redacts=True)
    guard = output_guard(redacting, streaming=streaming, action="redact")
    pieces, error = shown(speaker(chunks) | ScanOutput(guard), mode)
    assert error is None
    assert added(pieces).tool_calls[0]["args"] == {"query": "***"}


@streamed
@pytest.mark.parametrize("streaming", ["buffer", "window", "audit"])
def test_objects_that_parsers_give_again_and_again(mode: str, streaming: Any) -> None:
    snapshots = [{"a": "x"}, {"a": "x y"}, {"a": f"x y {BAD}"}]
    guard = output_guard(Watcher(redacts=True), streaming=streaming, action="redact")
    pieces, _ = shown(speaker(snapshots) | ScanOutput(guard), mode)
    assert pieces[-1] == {"a": f"x y {BAD if streaming == 'audit' else '***'}"}
    adding = [AddableDict(a="x "), AddableDict(a=BAD)]
    pieces, _ = shown(speaker(adding) | ScanOutput(guard), mode)
    assert added(pieces) == {"a": f"x {BAD if streaming == 'audit' else '***'}"}


@streamed
@pytest.mark.parametrize("streaming", ["buffer", "window", "audit"])
def test_an_empty_stream_and_no_scanner_that_judges(mode: str, streaming: Any) -> None:
    chain = speaker([""]) | ScanOutput(output_guard(streaming=streaming))
    assert text_of(shown(chain, mode)[0]) == ""
    off = {"watcher": CheckPolicy(enabled=False)}
    without = Guard([], output_scanners=[Watcher()], policy=Policy(streaming=streaming, checks=off))
    assert shown(speaker(TOKENS) | ScanOutput(without), mode)[0] == TOKENS


@streamed
def test_an_error_of_the_model_shows_nothing_that_was_not_judged(mode: str) -> None:
    def say(_: Iterator[Any]) -> Iterator[str]:
        yield from TOKENS
        raise RuntimeError("broken")

    async def asay(_: AsyncIterator[Any]) -> AsyncIterator[str]:
        for token in TOKENS:
            yield token
        raise RuntimeError("broken")

    pieces: list[Any] = []
    chain = RunnableGenerator(say, asay) | ScanOutput(output_guard())

    async def read() -> None:
        async for piece in chain.astream("go", CONFIG):
            pieces.append(piece)

    with pytest.raises(RuntimeError, match="broken"):
        pieces.extend(chain.stream("go", CONFIG)) if mode == "stream" else asyncio.run(read())
    assert pieces == []


def test_scanners_that_need_the_whole_judge_it_at_the_end_of_windows() -> None:
    whole, parts = Watcher("whole", needs_whole=True), Watcher("parts", word="nothing")
    policy = Policy(streaming="window", checks={"whole": CheckPolicy(action="warn")})
    guard = Guard([], output_scanners=[whole, parts], policy=policy)
    pieces, _ = shown(speaker(TOKENS) | ScanOutput(guard), "stream")
    assert text_of(pieces) == "".join(TOKENS)
    assert whole.texts == ["".join(TOKENS)]
    assert parts.texts[-1] == "".join(TOKENS)
    assert len(parts.texts) == 4


def test_a_sentence_without_end_is_judged_as_well() -> None:
    watcher = Watcher()
    chunks = [f"{number:04} " for number in range(1_200)]
    pieces, _ = shown(speaker(chunks) | ScanOutput(output_guard(watcher, streaming="window")), "stream")
    assert text_of(pieces) == "".join(chunks)
    assert len(watcher.texts) == 3
    assert max(map(len, watcher.texts)) <= 3_100


@given(
    st.lists(st.sampled_from(["a", " ", ". ", "\n", BAD, "Ende!", "。", "1. ", "x" * 30, "🦓"]), max_size=60),
    st.lists(st.integers(1, 40), min_size=1),
    st.sampled_from(["buffer", "window"]),
)
def test_nothing_shown_was_not_judged_and_nothing_is_lost(words: list[str], sizes: list[int], streaming: Any) -> None:
    text = "".join(words)
    chunks, at, number = [], 0, 0
    while at < len(text):
        chunks.append(text[at : at + sizes[number % len(sizes)]])
        at += len(chunks[-1])
        number += 1
    watcher = Watcher(word=BAD)
    pieces, error = shown(speaker(chunks or [""]) | ScanOutput(output_guard(watcher, streaming=streaming)), "stream")
    assert text.startswith(text_of(pieces))
    assert BAD not in text_of(pieces)
    assert (error is None) == (BAD not in text)
    if error is None:
        assert text_of(pieces) == text


# --- the prompt, and restoring after judging


@pytest.mark.parametrize("mode", MODES)
def test_scanners_of_answers_get_the_prompt_that_the_model_saw(mode: str) -> None:
    from lc_guard import Anonymize

    watcher = Watcher()
    guard = output_guard(watcher)
    chain = Anonymize(guard) | RunnableLambda(lambda text: f"You said: {text}") | Deanonymize(guard)
    assert added(run(chain, mode, f"I am {NAME}")) == f"You said: I am {NAME}"
    assert [(request.prompt, request.text) for request in watcher.requests][:1] == [
        (f"I am {P1}", f"You said: I am {P1}")
    ], "values are put back after judging"


def test_two_calls_of_one_session_keep_their_prompts() -> None:
    watcher = Watcher(uses_turns=True)
    guard = Guard([], prompt_scanners=[Answers(ScanResult(True, 0.0))], output_scanners=[watcher])
    chain = ScanPrompt(guard) | RunnableLambda(lambda text: f"re: {text}") | ScanOutput(guard)
    chain.batch([f"q{number}" for number in range(20)], [CONFIG] * 20)
    assert {request.text: request.prompt for request in watcher.requests} == {
        f"re: q{number}": f"q{number}" for number in range(20)
    }


def test_a_nested_chain_finds_the_sessions_prompt() -> None:
    watcher = Watcher()
    guard = Guard([], prompt_scanners=[Answers(ScanResult(True, 0.0))], output_scanners=[watcher])
    chain = {"q": ScanPrompt(guard)} | RunnableLambda(lambda d: d["q"].upper()) | ScanOutput(guard)
    chain.invoke("question", CONFIG)
    assert watcher.requests[0].prompt == "question"


def test_the_prompt_of_messages_is_what_the_user_said_last() -> None:
    from langchain_core.messages import HumanMessage, SystemMessage

    watcher = Watcher()
    guard = Guard([], output_scanners=[watcher])
    history = [SystemMessage("be kind"), HumanMessage("one"), AIMessage("1"), HumanMessage("two")]
    chain = ScanPrompt(guard) | RunnableLambda(lambda _: AIMessage("2")) | ScanOutput(guard)
    assert chain.invoke(history, CONFIG).content == "2"
    assert (watcher.requests[0].prompt, watcher.texts) == ("two", ["2"])


@pytest.mark.parametrize(("step", "wrong"), [(ScanOutput, {"mode": "slow"}), (ScanPrompt, {"stage": "answer"})])
def test_wrong_arguments(step: Any, wrong: Any) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        step(output_guard(), **wrong)
    with pytest.raises(ValueError, match="scanners="):
        step(Guard([]))
    with pytest.raises(TypeError, match="needs a Guard"):
        step("guard")
