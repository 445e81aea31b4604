"""Anonymize and Deanonymize: the pair of steps that hides a chain's input from the model and restores its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any, get_args

from langchain_core.runnables import Runnable, RunnableConfig

from lc_guard.checks import areport_restored, arun_checks, report_restored, run_checks
from lc_guard.guard import Guard
from lc_guard.jobs import Job, Outcome
from lc_guard.messages import map_texts, texts_of
from lc_guard.records import Stage
from lc_guard.restorers import WholeRestorer, make_restorers
from lc_guard.sessions import configured_session, session_key
from lc_guard.streaming import ChunkRestorer


class _Step(Runnable[Any, Any]):
    """What both steps have in common: a guard, a session, and the keys they look at."""

    def __init__(
        self,
        guard: Guard,
        *,
        keys: Collection[str] | None = None,
        session_id: str | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(guard, Guard):
            raise TypeError(f"{type(self).__name__} needs a Guard, got {type(guard).__name__}")
        if isinstance(keys, str):
            raise TypeError('keys must be a collection of keys, such as keys=["transcript"]')
        self.guard = guard
        self.keys = None if keys is None else tuple(keys)
        self.name = name
        self._session_id = None if session_id is None else session_key(session_id)

    def __repr__(self) -> str:
        return f"{self.get_name()}({self.guard!r})"

    def _session(self, config: RunnableConfig) -> str:
        return session_key(configured_session(config, self._session_id))


class Anonymize(_Step):
    """Hides what the guard finds in its input, before anything after it sees it.

    Takes and gives back a str, PromptValue, message, list of messages, dict, Document, or containers of them. The
    session id comes from ``config["configurable"]["session_id"]``, else ``["thread_id"]``, else `session_id`.

    Args:
        guard: Decides and remembers; share one for the whole application.
        keys: Keys of a dict input that hold text; the others are left alone. None looks at every text in it.
        stage: What the texts are, for decisions and scores.
        session_id: The session of every call that names none: for one conversation only, never for several users.
        name: Name of the step in traces.

    Raises:
        TypeError: If an argument is not of its type.
        ValueError: If there is no such stage.
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
        super().__init__(guard, keys=keys, session_id=session_id, name=name)
        if stage not in get_args(Stage):
            raise ValueError(f"stage must be one of {', '.join(map(repr, get_args(Stage)))}")
        self.stage = stage

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Hide one input.

        Raises:
            SessionMissing: If there is no session id.
            Blocked: If the policy does not let the input go on.
            UnsupportedInput: If the input can't be walked.
        """
        return self._call_with_config(self._hide_one, input, config)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Do what `invoke` does without blocking the event loop."""
        return await self._acall_with_config(self._ahide_one, input, config)

    def batch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,  # noqa: ARG002
    ) -> list[Any]:
        """Hide several inputs, all texts in one pass of the detectors; each has its own session and decision."""
        return self._batch_with_config(self._hide, inputs, config, return_exceptions=return_exceptions)

    async def abatch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,  # noqa: ARG002
    ) -> list[Any]:
        """Do what `batch` does without blocking the event loop."""
        return await self._abatch_with_config(self._ahide, inputs, config, return_exceptions=return_exceptions)

    def _hide_one(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        return _only(self._hide([value], [run_manager], [config]))

    async def _ahide_one(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        return _only(await self._ahide([value], [run_manager], [config]))

    def _hide(self, inputs: list[Any], run_manager: list[Any], config: list[RunnableConfig]) -> list[Any]:
        jobs, failed = self._jobs(inputs, config)
        outcomes = run_checks(self.guard, list(jobs.values()), [run_manager[number] for number in jobs])
        return self._hidden(inputs, dict(zip(jobs, outcomes, strict=True)), failed)

    async def _ahide(self, inputs: list[Any], run_manager: list[Any], config: list[RunnableConfig]) -> list[Any]:
        jobs, failed = self._jobs(inputs, config)
        outcomes = await arun_checks(self.guard, list(jobs.values()), [run_manager[number] for number in jobs])
        return self._hidden(inputs, dict(zip(jobs, outcomes, strict=True)), failed)

    def _jobs(
        self, inputs: Sequence[Any], configs: Sequence[RunnableConfig]
    ) -> tuple[dict[int, Job], dict[int, Exception]]:
        jobs: dict[int, Job] = {}
        failed: dict[int, Exception] = {}
        for number, (value, config) in enumerate(zip(inputs, configs, strict=True)):
            try:
                jobs[number] = Job(texts_of(value, keys=self.keys), self._session(config), self.stage)
            except Exception as error:  # noqa: BLE001 - one item of a batch does not fail the others
                failed[number] = error
        return jobs, failed

    def _hidden(self, inputs: Sequence[Any], outcomes: dict[int, Outcome], failed: dict[int, Exception]) -> list[Any]:
        hidden: list[Any] = []
        for number, value in enumerate(inputs):
            try:
                if number in failed:
                    hidden.append(failed[number])
                else:
                    outcomes[number].raise_if_blocked()
                    hidden.append(map_texts(value, outcomes[number].hide, keys=self.keys))
            except Exception as error:  # noqa: BLE001 - one item of a batch does not fail the others
                hidden.append(error)
        return hidden


class Deanonymize(_Step):
    """Puts the values of the session back into its input; unknown placeholders stay and are counted.

    Takes what `Anonymize` gives. In a stream it holds back only what can still become a placeholder.

    Args:
        guard: The guard that hid the values.
        keys: Keys of a dict input that are restored; None restores every text in it.
        session_id: The session of every call that names none.
        name: Name of the step in traces.
    """

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Restore one input.

        Raises:
            SessionMissing: If there is no session id.
        """
        return self._call_with_config(self._restore, input, config)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Do what `invoke` does without blocking the event loop."""
        return await self._acall_with_config(self._arestore, input, config)

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002
        """Restore one input as a stream of one chunk."""
        yield from self.transform(iter([input]), config, **kwargs)

    async def astream(
        self,
        input: Any,  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """Restore one input as a stream of one chunk, without blocking the event loop."""

        async def once() -> AsyncIterator[Any]:
            yield input

        async for chunk in self.atransform(once(), config, **kwargs):
            yield chunk

    def transform(self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002, ARG002
        """Restore a stream of strings, message chunks or dicts as it arrives."""
        yield from self._transform_stream_with_config(input, self._restore_stream, config)

    async def atransform(
        self,
        input: AsyncIterator[Any],  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> AsyncIterator[Any]:
        """Do what `transform` does without blocking the event loop."""
        async for chunk in self._atransform_stream_with_config(input, self._arestore_stream, config):
            yield chunk

    def _restore(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        restorer = WholeRestorer(make_restorers(self.guard, self._session(config)))
        restored = restorer.value(value, keys=self.keys)
        report_restored(run_manager, restorer.total)
        return restored

    async def _arestore(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        restorer = WholeRestorer(make_restorers(self.guard, self._session(config)))
        restored = await self.guard.unblocked(partial(restorer.value, value, keys=self.keys))
        await areport_restored(run_manager, restorer.total)
        return restored

    def _restore_stream(self, chunks: Iterator[Any], run_manager: Any, config: RunnableConfig) -> Iterator[Any]:
        restorer = ChunkRestorer(make_restorers(self.guard, self._session(config)), keys=self.keys)
        try:
            for chunk in chunks:
                yield from restorer.feed(chunk)
        except Exception:
            yield from restorer.flush()
            raise
        yield from restorer.flush()
        report_restored(run_manager, restorer.counts)

    async def _arestore_stream(
        self, chunks: AsyncIterator[Any], run_manager: Any, config: RunnableConfig
    ) -> AsyncIterator[Any]:
        restorer = ChunkRestorer(make_restorers(self.guard, self._session(config)), keys=self.keys)
        try:
            async for chunk in chunks:
                for piece in await self.guard.unblocked(partial(_all_of, restorer.feed, chunk)):
                    yield piece
        except Exception:
            for piece in await self.guard.unblocked(partial(_all_of, restorer.flush)):
                yield piece
            raise
        for piece in await self.guard.unblocked(partial(_all_of, restorer.flush)):
            yield piece
        await areport_restored(run_manager, restorer.counts)


def _all_of(pieces: Callable[..., Iterator[Any]], *args: Any) -> list[Any]:
    return list(pieces(*args))


def _only(results: list[Any]) -> Any:
    (result,) = results
    if isinstance(result, Exception):
        raise result
    return result
