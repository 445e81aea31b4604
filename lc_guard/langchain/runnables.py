"""The steps of a chain: Anonymize and Deanonymize hide and restore, ScanPrompt and ScanOutput only judge."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from functools import partial
from typing import Any, get_args

from langchain_core.runnables import RunnableConfig

from lc_guard._engine.requests import GuardRequest
from lc_guard.errors import Blocked
from lc_guard.guard import Guard
from lc_guard.langchain.check_reports import report_restoring
from lc_guard.langchain.child_runs import at_once
from lc_guard.langchain.chunk_restorer import ChunkRestorer
from lc_guard.langchain.messages import Beside, texts_of
from lc_guard.langchain.output import InnerErrors
from lc_guard.langchain.restore import SessionRestorers, ValueRestorer
from lc_guard.langchain.scan_targets import scan_targets, text_origins
from lc_guard.langchain.steps import InputStep, OutputStep, restoring_step
from lc_guard.policy.policy import Streaming
from lc_guard.records import Stage, known_stage

logger = logging.getLogger("lc_guard")

_UNKNOWN = (
    "Deanonymize left %d placeholders as they are: its session knows no value for them. Either the model made them up, "
    "or they were hidden by another guard or in another session than the one that this step has"
)


class Anonymize(InputStep):
    """Hides what the guard finds in its input, and has its scanners judge it, before anything after it sees it.

    Takes and gives back a str, PromptValue, message, list of messages, dict, Document, or containers of them. The
    session id comes from ``config["configurable"]["session_id"]``, else ``["thread_id"]``, else `session_id`.

    Args:
        guard: Decides and remembers; share one for the whole application.
        keys: Keys of a dict input that hold text; the others are left alone. None looks at every text in it.
        stage: What the texts are, for decisions and scores.
        scan: Whether the guard's ``prompt_scanners`` judge the input as well. Put False where a `ScanPrompt` does.
        session_id: The session of every call that names none: for one conversation only, never for several users.
        name: Name of the step in traces.

    Raises:
        TypeError: If an argument is not of its type.
        ValueError: If there is no such stage.

    Example:
        ```python
        from langchain_core.language_models import FakeListChatModel

        from lc_guard import Anonymize, Deanonymize, Guard
        from lc_guard.testing import ExactDetector

        guard = Guard(detectors=[ExactDetector({"PERSON": ["Ada"]})])
        model = FakeListChatModel(responses=["Hello [REDACTED_PERSON_1]"])
        chain = Anonymize(guard) | model | Deanonymize(guard)
        config = {"configurable": {"session_id": "case 17"}}
        print(chain.invoke("Say hello to Ada", config).content)  # → Hello Ada
        ```
    """

    part = "hide"

    scan: bool = True

    def __init__(
        self,
        guard: Guard,
        *,
        keys: Collection[str] | None = None,
        stage: Stage = "prompt",
        scan: bool = True,
        session_id: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(guard, keys=keys, session_id=session_id, name=name, stage=known_stage(stage), scan=scan)

    def job(self, value: Any, config: RunnableConfig) -> GuardRequest:
        """Return what is to be hidden and judged of an input."""
        beside = Beside()
        texts, session = texts_of(value, keys=self.keys, beside=beside), self.session(config)
        asks = scan_targets(value, self.stage, keys=self.keys) if self.scan and self.guard.scanners.prompt else []
        names, origins = [*beside.names], partial(text_origins, value, self.stage)
        return GuardRequest(texts, session, self.stage, asks=asks, beside=names, fixed=beside.fixed, origins=origins)


class ScanPrompt(InputStep):
    """Has the guard's ``prompt_scanners`` judge its input and gives it on, hiding nothing.

    For chains without `Anonymize`, which judges as well, or where judging is to be at another place. It needs no
    session, unless the policy has a scanner anonymize. Services outside are sent the text as it stands here, also by
    scanners with ``sees="hidden"``: put it after `Anonymize` where they may not see values.

    Args:
        guard: Decides.
        keys: Keys of a dict input that hold text; the others are left alone. None looks at every text in it.
        stage: What the texts are: ``"prompt"``, ``"tool_result"`` or ``"document"``.
        session_id: The session of every call that names none: for one conversation only.
        name: Name of the step in traces.

    Raises:
        TypeError: If an argument is not of its type.
        ValueError: If there is no such stage, or the guard has no scanners.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        keys: Collection[str] | None = None,
        stage: Stage = "prompt",
        session_id: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(guard, keys=keys, session_id=session_id, name=name, stage=known_stage(stage))
        if not (guard.scanners.prompt or guard.scanners.output):
            raise ValueError("the guard has no scanners, so that nothing would be judged: Guard(prompt_scanners=[...])")

    def job(self, value: Any, config: RunnableConfig) -> GuardRequest:
        """Return what is to be judged of an input."""
        asks = scan_targets(value, self.stage, keys=self.keys)
        texts_of(value, keys=self.keys)  # what can't be walked is refused, not passed unseen
        session = self.session(config) if self.guard.scanners.put_placeholders else self.any_session(config)
        return GuardRequest([ask.text for ask in asks], session, self.stage, asks=asks, preamble=False, hide=False)


class ScanOutput(OutputStep):
    """Has the guard's ``output_scanners`` judge what a model said, whole or as it streams, and gives it on.

    For chains without `Deanonymize`, which judges as well, or where judging is to be at another place: before values
    are put back, so that scanners don't find fault with what the guard restores. Scanners are given the prompt as the
    model saw it, from the `Anonymize` or `ScanPrompt` of the same chain.

    Args:
        guard: Decides.
        mode: When a streamed answer is shown; see `lc_guard.Policy.streaming`. None takes that of the policy.
        session_id: The session of every call that names none: for one conversation only.
        name: Name of the step in traces.

    Raises:
        TypeError: If an argument is not of its type.
        ValueError: If there is no such mode, or the guard has no scanners of answers.
        PolicyError: If a check can't do in this mode what the policy says of it.
    """

    mode: Streaming | None = None

    def __init__(
        self,
        guard: Guard,
        *,
        mode: Streaming | None = None,
        session_id: str | None = None,
        name: str | None = None,
    ) -> None:
        if mode is not None and mode not in get_args(Streaming):
            raise ValueError(f"mode must be one of {', '.join(map(repr, get_args(Streaming)))}")
        super().__init__(guard, session_id=session_id, name=name, mode=mode)
        if mode is not None:
            guard.scanners.require_possible(mode)
        if not guard.scanners.output:
            raise ValueError("the guard judges no answers: give it Guard(output_scanners=[...])")

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Judge one answer.

        Raises:
            Blocked: If the policy does not let it go on.
        """
        return self._call_with_config(self._judge, input, config)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Async version of `invoke`."""
        return await self._acall_with_config(self._ajudge, input, config)

    def transform(self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002, ARG002
        """Judge a stream and give its chunks as they may be shown."""
        yield from self._transform_stream_with_config(input, self._judge_stream, config)

    async def atransform(
        self,
        input: AsyncIterator[Any],  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> AsyncIterator[Any]:
        """Async version of `transform`."""
        async for chunk in self._atransform_stream_with_config(input, self._ajudge_stream, config):
            yield chunk

    def _judge(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        return self.answer(config, run_manager).judge(value, run_manager)

    async def _ajudge(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        return await self.answer(config, run_manager).ajudge(value, run_manager)

    def _judge_stream(self, chunks: Iterator[Any], run_manager: Any, config: RunnableConfig) -> Iterator[Any]:
        return self.answer(config, run_manager, mode=self.mode).stream(chunks, run_manager)

    def _ajudge_stream(
        self, chunks: AsyncIterator[Any], run_manager: Any, config: RunnableConfig
    ) -> AsyncIterator[Any]:
        return self.answer(config, run_manager, mode=self.mode).astream(chunks, run_manager)


class Deanonymize(OutputStep):
    """Puts the values of the session back into its input, once the guard's scanners let it pass.

    Takes what `Anonymize` gives. In a stream it holds back only what can still become a placeholder, and what the
    guard's ``output_scanners`` have yet to judge; see `lc_guard.Policy.streaming`. Unknown placeholders stay and are
    counted.

    Args:
        guard: The guard that hid the values.
        keys: Keys of a dict input that are restored; None restores every text in it.
        scan: Whether the guard's ``output_scanners`` judge the answer before values are put back. Put False where a
            `ScanOutput` does.
        session_id: The session of every call that names none.
        name: Name of the step in traces.
    """

    part = "restore"

    scan: bool = True

    def __init__(
        self,
        guard: Guard,
        *,
        keys: Collection[str] | None = None,
        scan: bool = True,
        session_id: str | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(guard, keys=keys, session_id=session_id, name=name, scan=scan)

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Restore one input.

        Raises:
            SessionMissing: If there is no session id.
        """
        return self._call_with_config(self._restore, input, config)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Async version of `invoke`."""
        return await self._acall_with_config(self._arestore, input, config)

    def transform(self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002, ARG002
        """Restore a stream of strings, message chunks or dicts as it arrives."""
        yield from self._transform_stream_with_config(input, self._restore_stream, config)

    async def atransform(
        self,
        input: AsyncIterator[Any],  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> AsyncIterator[Any]:
        """Async version of `transform`."""
        async for chunk in self._atransform_stream_with_config(input, self._arestore_stream, config):
            yield chunk

    def _restore(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        session = self.session(config)
        make = SessionRestorers(self.guard, session)
        restorer = ValueRestorer(make)
        with restoring_step(self.guard, session, run_manager):
            if self.scan:
                value = self.answer(config, run_manager).judge(value, run_manager)
            try:
                restored = restorer.value(value, keys=self.keys)
            except Blocked as blocked:
                at_once(report_restoring(self.guard, run_manager, [blocked.decision]))
                raise
        at_once(report_restoring(self.guard, run_manager, make.decisions(), restorer.total))
        _tell_unknown(restorer.total)
        return restored

    async def _arestore(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        session = self.session(config)
        make = SessionRestorers(self.guard, session)
        restorer = ValueRestorer(make)
        async with restoring_step(self.guard, session, run_manager):
            if self.scan:
                value = await self.answer(config, run_manager).ajudge(value, run_manager)
            try:
                restored = await self.guard.run_blocking(partial(restorer.value, value, keys=self.keys))
            except Blocked as blocked:
                await report_restoring(self.guard, run_manager, [blocked.decision])
                raise
        await report_restoring(self.guard, run_manager, make.decisions(), restorer.total)
        _tell_unknown(restorer.total)
        return restored

    def _restore_stream(self, chunks: Iterator[Any], run_manager: Any, config: RunnableConfig) -> Iterator[Any]:
        session = self.session(config)
        make = SessionRestorers(self.guard, session)
        restorer = ChunkRestorer(make, keys=self.keys)
        if self.scan:
            chunks = self.answer(config, run_manager).stream(chunks, run_manager)
        inside = InnerErrors()
        with restoring_step(self.guard, session, run_manager):
            try:
                for chunk in inside.chunks(chunks):
                    yield from restorer.feed(chunk)
                yield from restorer.flush()
            except Exception as error:
                if isinstance(error, Blocked) and error is not inside.error:
                    at_once(report_restoring(self.guard, run_manager, [error.decision]))
                    raise
                yield from restorer.flush()
                raise
        at_once(report_restoring(self.guard, run_manager, make.decisions(), restorer.counts))
        _tell_unknown(restorer.counts)

    async def _arestore_stream(
        self, chunks: AsyncIterator[Any], run_manager: Any, config: RunnableConfig
    ) -> AsyncIterator[Any]:
        session = self.session(config)
        make = SessionRestorers(self.guard, session)
        restorer = ChunkRestorer(make, keys=self.keys)
        if self.scan:
            chunks = self.answer(config, run_manager).astream(chunks, run_manager)
        inside = InnerErrors()
        async with restoring_step(self.guard, session, run_manager):
            try:
                async for chunk in inside.achunks(chunks):
                    for piece in await self.guard.run_blocking(partial(_all_of, restorer.feed, chunk)):
                        yield piece
                for piece in await self.guard.run_blocking(partial(_all_of, restorer.flush)):
                    yield piece
            except Exception as error:
                if isinstance(error, Blocked) and error is not inside.error:
                    await report_restoring(self.guard, run_manager, [error.decision])
                    raise
                for piece in await self.guard.run_blocking(partial(_all_of, restorer.flush)):
                    yield piece
                raise
        await report_restoring(self.guard, run_manager, make.decisions(), restorer.counts)
        _tell_unknown(restorer.counts)


def _tell_unknown(counts: tuple[int, int]) -> None:
    if counts[1]:
        logger.warning(_UNKNOWN, counts[1])


def _all_of(pieces: Callable[..., Iterator[Any]], *args: Any) -> list[Any]:
    return list(pieces(*args))
