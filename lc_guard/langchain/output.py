"""Answers: what a model says, judged whole or as it streams, before it is shown.

The three modes of `Policy.streaming` differ in when a piece is shown: ``"buffer"`` after all was judged, ``"window"``
after its sentence was judged together with those before it, ``"audit"`` at once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from lc_guard._engine.requests import GuardRequest, GuardResult
from lc_guard.guard import Guard
from lc_guard.langchain.check_runs import arun_checks, run_checks
from lc_guard.langchain.messages import map_texts
from lc_guard.langchain.scan_targets import asks_of
from lc_guard.langchain.stream_buffer import Asked, HeldChunks
from lc_guard.policy.policy import Streaming


class Answer:
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
        self.judged = guard.judges("output") or guard.judges("tool_call")

    def judge(self, value: Any, manager: Any) -> Any:
        """Give what may be shown of a whole answer.

        Args:
            value: What the model said.
            manager: Run manager of the step.

        Raises:
            Blocked: If the policy does not let it go on.
        """
        if not self.judged:
            return value
        (outcome,) = run_checks(self._guard, [self._job((asks_of(value, "output"), "all"))], [manager])
        return _passed(value, outcome)

    async def ajudge(self, value: Any, manager: Any) -> Any:
        """Do what `judge` does without blocking the event loop."""
        if not self.judged:
            return value
        (outcome,) = await arun_checks(self._guard, [self._job((asks_of(value, "output"), "all"))], [manager])
        return _passed(value, outcome)

    def stream(self, chunks: Iterator[Any], manager: Any) -> Iterator[Any]:
        """Give the chunks of an answer as they may be shown.

        Args:
            chunks: What the model says.
            manager: Run manager of the step.

        Raises:
            Blocked: If the policy does not let it go on; what was held back is not shown.
        """
        if not self.judged:
            yield from chunks
            return
        held = HeldChunks(self._mode)
        for chunk in chunks:
            yield from held.feed(chunk)
            if (window := held.window()) is not None:
                (outcome,) = run_checks(self._guard, [self._job(([window], "window"))], [manager])
                yield from held.passed(window, outcome)
        if jobs := [self._job(asked, shown=self._mode == "audit") for asked in held.last()]:
            yield from held.ended(run_checks(self._guard, jobs, [manager] * len(jobs)))

    async def astream(self, chunks: AsyncIterator[Any], manager: Any) -> AsyncIterator[Any]:
        """Do what `stream` does without blocking the event loop."""
        if not self.judged:
            async for chunk in chunks:
                yield chunk
            return
        held = HeldChunks(self._mode)
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
