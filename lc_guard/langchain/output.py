"""Answers: what a model says, judged whole or as it streams, before it is shown.

The three modes of `Policy.streaming` differ in when a piece is shown: ``"buffer"`` after all was judged, ``"window"``
after its sentence was judged together with those before it, ``"audit"`` at once.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from langchain_core.messages import AIMessageChunk

from lc_guard._engine.requests import GuardRequest, GuardResult, ScanTarget, StreamPart
from lc_guard.errors import Blocked
from lc_guard.guard import Guard
from lc_guard.langchain.child_runs import arun_checks, run_checks
from lc_guard.langchain.messages import map_texts
from lc_guard.langchain.scan_targets import scan_targets
from lc_guard.policy.policy import Streaming

CONTEXT = 1_000
"""Characters of what was shown before that are judged together with a window."""

_SENTENCE_END = re.compile(r"(?:[.!?…][\"'”’)\]]*(?=\s)|[。！？]|\n)\s*")
_LONGEST = 2_000  # characters after which a window ends, with or without the end of a sentence
_SHORTEST = 24  # characters: "Mr. " or "1. " is no sentence to judge

Asked = tuple[list[ScanTarget], StreamPart]


class StreamBuffer:
    """The chunks of one stream.

    Args:
        mode: When they are shown; see `lc_guard.Policy`.
    """

    def __init__(self, mode: Streaming) -> None:
        self._mode = mode
        self._all: list[Any] = []
        self._pending: list[Any] = []
        self._text = ""  # of the pending chunks that are plain text
        self._context = ""
        self._plain = mode == "window"
        self._windows = 0

    def feed(self, chunk: Any) -> Iterator[Any]:
        """Take a chunk and give it back if it may be shown at once."""
        self._all.append(chunk)
        if self._mode == "audit":
            yield chunk
            return
        self._pending.append(chunk)
        text = _plain_text(chunk)
        self._plain = self._plain and text is not None
        if self._plain and text:
            self._text += text

    def window(self) -> ScanTarget | None:
        """Return the next sentences to judge, after what was shown before them; None while there is no whole one."""
        cut = self._cut() if self._plain else 0
        if not cut:
            return None
        return ScanTarget(self._context + self._text[:cut], "output")

    def passed(self, window: ScanTarget, outcome: GuardResult) -> list[Any]:
        """Return the chunks of a window that was judged.

        Raises:
            Blocked: If it may not be shown.
        """
        cut = len(window.text) - len(self._context)
        text = self._text[:cut]
        changed = self._changed(window, outcome)
        self._windows += 1
        self._context = (self._context + (text if changed is None else changed))[-CONTEXT:]
        self._text = self._text[cut:]
        return self._released(cut, changed)

    def last(self) -> list[Asked]:
        """Return what is to be judged when the stream has ended: texts, and which scanners are asked about them."""
        if not self._all:
            return []
        asks = scan_targets(self._whole(self._all), "output")
        if not self._windows:
            return [(asks, "all")]
        return [(self._tail(), "window"), (asks, "rest")]

    def ended(self, outcomes: Sequence[GuardResult]) -> list[Any]:
        """Return what is still to be shown when the rest was judged.

        Args:
            outcomes: What became of what `last` gave.

        Raises:
            Blocked: If it may not be shown.
        """
        for outcome in outcomes:
            outcome.raise_if_blocked()
        if not self._pending:
            return []
        if not any(outcome.texts for outcome in outcomes):
            return self._pending
        changes = {text: now for outcome in reversed(outcomes) for text, now in outcome.texts.items()}
        if self._windows:
            window = next((ask for ask in self._tail() if ask.stage == "output"), None)
            if window is not None and (changed := self._changed(window, outcomes[0])) is not None:
                changes[window.text[len(self._context) :]] = changed
        return [map_texts(self._whole(self._pending), lambda text: changes.get(text, text), strict=False)]

    def _tail(self) -> list[ScanTarget]:
        """Return what was not shown yet; its first words are judged after what was shown before."""
        asks = scan_targets(self._whole(self._pending), "output") if self._pending else []
        first = next((number for number, ask in enumerate(asks) if ask.stage == "output"), None)
        if first is not None:
            asks[first] = ScanTarget(self._context + asks[first].text, "output")
        return asks

    def _changed(self, window: ScanTarget, outcome: GuardResult) -> str | None:
        """Return what scanners made of a window, without what was shown before; None if nothing."""
        whole = outcome.hide(window.text)
        if whole == window.text:
            return None
        if any(decision.action == "replace" for decision in outcome.decisions):
            return whole
        if whole.startswith(self._context):
            return whole[len(self._context) :]
        decision = next(decision for decision in outcome.decisions if decision.action == "redact")
        raise Blocked(
            replace(decision, action="block", valid=False),
            "what is at fault began in a sentence that was shown before; streaming='buffer' can take it out",
        )

    def _cut(self) -> int:
        ends = [match.end() for match in _SENTENCE_END.finditer(self._text) if match.end() >= _SHORTEST]
        if ends:
            return ends[-1]
        if len(self._text) < _LONGEST:
            return 0
        blank = max(self._text.rfind(" "), self._text.rfind("\n"))
        return blank + 1 if blank > 0 else len(self._text)

    def _released(self, characters: int, changed: str | None) -> list[Any]:
        """Take chunks off the pending ones, as far as they hold some characters of text."""
        released: list[Any] = []
        while self._pending and characters >= 0:
            text = _plain_text(self._pending[0])
            if text is None or (characters == 0 and text):
                break
            if len(text) > characters:
                head, self._pending[0] = _split(self._pending[0], characters)
                released.append(head)
                break
            characters -= len(text)
            released.append(self._pending.pop(0))
        if changed is None:
            return released
        return [_with_text(chunk, changed if number == 0 else "") for number, chunk in enumerate(released)]

    @staticmethod
    def _whole(chunks: Sequence[Any]) -> Any:
        first, *others = chunks
        if isinstance(first, str):
            return "".join(chunks)
        if isinstance(first, AIMessageChunk):
            return first + others if others else first  # all in one go: adding one by one copies all before it
        return reduce(_added, others, first)


def _plain_text(chunk: Any) -> str | None:
    """Return the text of a chunk that is nothing but text, else None."""
    if isinstance(chunk, str):
        return chunk
    if isinstance(chunk, AIMessageChunk) and isinstance(chunk.content, str):
        return None if chunk.tool_call_chunks or chunk.additional_kwargs else chunk.content
    return None


def _split(chunk: Any, at: int) -> tuple[Any, Any]:
    if isinstance(chunk, str):
        return chunk[:at], chunk[at:]
    kept_once: dict[str, Any] = {"usage_metadata": None, "response_metadata": {}, "chunk_position": None}
    head = chunk.model_copy(update={"content": chunk.content[:at], **kept_once})
    return head, chunk.model_copy(update={"content": chunk.content[at:]})


def _with_text(chunk: Any, text: str) -> Any:
    return text if isinstance(chunk, str) else chunk.model_copy(update={"content": text})


def _added(whole: Any, chunk: Any) -> Any:
    try:
        return whole + chunk
    except TypeError:
        return chunk  # parsers give the same object again and again, as far as it has come


class OutputCheck:
    """One answer of a model, judged before it is shown.

    Args:
        guard: Decides.
        session: Session id, or None.
        prompt: Gives what the model was asked, as it saw it.
        mode: When a streamed answer is shown; None takes that of the guard's policy.

    Attributes:
        judged: Whether any scanner judges it.
    """

    def __init__(
        self, guard: Guard, *, session: str | None, prompt: Callable[[], str], mode: Streaming | None = None
    ) -> None:
        self._guard = guard
        self._session = session
        self._prompt = prompt
        self._mode: Streaming = guard.policy.streaming if mode is None else mode
        self.judged = guard.scanners.judge_answers

    def judge(self, value: Any, manager: Any) -> Any:
        """Return what may be shown of a whole answer.

        Args:
            value: What the model said.
            manager: Run manager of the step.

        Raises:
            Blocked: If the policy does not let it go on.
        """
        if not self.judged:
            return value
        (outcome,) = run_checks(self._guard, [self._job((scan_targets(value, "output"), "all"))], [manager])
        return _passed(value, outcome)

    async def ajudge(self, value: Any, manager: Any) -> Any:
        """Async version of `judge`."""
        if not self.judged:
            return value
        (outcome,) = await arun_checks(self._guard, [self._job((scan_targets(value, "output"), "all"))], [manager])
        return _passed(value, outcome)

    def stream(self, chunks: Iterator[Any], manager: Any) -> Iterator[Any]:
        """Yield the chunks of an answer as they may be shown.

        Args:
            chunks: What the model says.
            manager: Run manager of the step.

        Raises:
            Blocked: If the policy does not let it go on; what was held back is not shown.
        """
        if not self.judged:
            yield from chunks
            return
        held = StreamBuffer(self._mode)
        for chunk in chunks:
            yield from held.feed(chunk)
            if (window := held.window()) is not None:
                (outcome,) = run_checks(self._guard, [self._job(([window], "window"))], [manager])
                yield from held.passed(window, outcome)
        if jobs := [self._job(asked, shown=self._mode == "audit") for asked in held.last()]:
            yield from held.ended(run_checks(self._guard, jobs, [manager] * len(jobs)))

    async def astream(self, chunks: AsyncIterator[Any], manager: Any) -> AsyncIterator[Any]:
        """Async version of `stream`."""
        if not self.judged:
            async for chunk in chunks:
                yield chunk
            return
        held = StreamBuffer(self._mode)
        async for chunk in chunks:
            for shown in held.feed(chunk):
                yield shown
            if (window := held.window()) is not None:
                (outcome,) = await arun_checks(self._guard, [self._job(([window], "window"))], [manager])
                for shown in held.passed(window, outcome):
                    yield shown
        if jobs := [self._job(asked, shown=self._mode == "audit") for asked in held.last()]:
            for shown in held.ended(await arun_checks(self._guard, jobs, [manager] * len(jobs))):
                yield shown

    def _job(self, asked: Asked, *, shown: bool = False) -> GuardRequest:
        asks, part = asked
        return GuardRequest(
            [ask.text for ask in asks],
            self._session,
            "output",
            asks=asks,
            prompt=self._prompt(),
            hide=False,
            part=part,
            watch_only=shown,
        )


def _passed(value: Any, outcome: GuardResult) -> Any:
    outcome.raise_if_blocked()
    return map_texts(value, outcome.hide, strict=False) if outcome.texts else value


class InnerErrors:
    """The stream of what is inside a boundary, which remembers what was raised in it.

    A boundary answers for its own verdicts; that of another one inside goes on to the caller.

    Attributes:
        error: What was raised inside, or None.
    """

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def chunks(self, chunks: Iterator[Any]) -> Iterator[Any]:
        """Yield the chunks."""
        try:
            yield from chunks
        except BaseException as error:
            self.error = error
            raise

    async def achunks(self, chunks: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Async version of `chunks`."""
        try:
            async for chunk in chunks:
                yield chunk
        except BaseException as error:
            self.error = error
            raise
