"""What the steps of a chain have in common: a guard, a session, the keys they look at, and how they are called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import aclosing, nullcontext
from functools import partial
from inspect import signature
from typing import Any, ClassVar, Literal

from langchain_core.runnables import Runnable, RunnableConfig, RunnableSerializable
from langchain_core.runnables.utils import ConfigurableFieldSpec
from pydantic import ConfigDict, Field

from lc_guard._engine.requests import GuardRequest, GuardResult
from lc_guard._vendors.reviewed_methods import RUNNABLE
from lc_guard._vendors.seals import Seal
from lc_guard.guard import Guard
from lc_guard.langchain.audience import APPLICATION_HANDLERS
from lc_guard.langchain.child_runs import arun_checks, run_checks
from lc_guard.langchain.config_specs import with_session
from lc_guard.langchain.langsmith_runs import guarded
from lc_guard.langchain.messages import map_texts
from lc_guard.langchain.output import OutputCheck
from lc_guard.langchain.scan_targets import prompt_text
from lc_guard.langchain.step_order import made, ordered
from lc_guard.policy.policy import Streaming
from lc_guard.records import Stage
from lc_guard.sessions import configured_session, conversation_key, session_key


class SingleChunkStream(Runnable[Any, Any]):
    """A Runnable for which one input is a stream of one chunk: `transform` and `atransform` say the rest."""

    def stream(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:  # noqa: A002
        """Take one input as a stream of one chunk."""
        yield from self.transform(iter([input]), config, **kwargs)

    async def astream(
        self,
        input: Any,  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """Take one input as a stream of one chunk, without blocking the event loop."""

        async def once() -> AsyncIterator[Any]:
            yield input

        async with aclosing(self.atransform(once(), config, **kwargs)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                yield chunk


class Step(RunnableSerializable[Any, Any]):
    """What all steps have in common: a guard, a session, and the keys they look at.

    Its arguments are fields, so that ``configurable_fields`` and ``configurable_alternatives`` work. LangChain's
    serializer writes its name and nothing of the guard: it is ``not_implemented`` there.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    part: ClassVar[Literal["hide", "restore"] | None] = None

    guard: Guard = Field(exclude=True)
    keys: tuple[str, ...] | None = None
    session_id: str | None = Field(default=None, exclude=True)

    def __init__(
        self,
        guard: Guard,
        *,
        keys: Collection[str] | None = None,
        session_id: str | None = None,
        name: str | None = None,
        **fields: Any,
    ) -> None:
        guarded(guard, type(self).__name__)
        if isinstance(keys, str):
            raise TypeError('keys must be a collection of keys, such as keys=["transcript"]')
        fields.update(guard=guard, keys=None if keys is None else tuple(keys), name=name)
        fields.update(session_id=None if session_id is None else session_key(session_id))
        super().__init__(**fields)

    def __repr__(self) -> str:
        return f"{self.get_name()}({self.guard!r})"

    __str__ = __repr__
    __eq__ = object.__eq__  # a step is itself, not what equals it: its fields may be compared by nobody
    __hash__ = object.__hash__

    def __or__(self, other: Any) -> RunnableSerializable[Any, Any]:
        """Add a step after this one.

        Raises:
            WrongOrder: If a model would be asked before anything is hidden.
            TypeError: If it is a class of Runnables where one of them is meant.
        """
        return ordered(super().__or__(made(other)))

    def __ror__(self, other: Any) -> RunnableSerializable[Any, Any]:
        """Put something before this step."""
        return ordered(super().__ror__(made(other)))

    def pipe(self, *others: Any, name: str | None = None) -> RunnableSerializable[Any, Any]:
        """Add steps after this one."""
        return ordered(super().pipe(*map(made, others), name=name))

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """What is read of a config's ``configurable``: a server hands on no more than this."""
        return with_session()

    @property
    def fixed_session(self) -> str | None:
        """The session of calls that name none."""
        return self.session_id

    def session(self, config: RunnableConfig) -> str:
        """Return the session of a call.

        Raises:
            SessionMissing: If there is none.
        """
        return conversation_key(self.guard, configured_session(config, self.session_id))

    def any_session(self, config: RunnableConfig) -> str | None:
        """Return the session of a call, or None."""
        named = configured_session(config, self.session_id)
        return None if named is None else conversation_key(self.guard, named)


# a way to call a Runnable that a later LangChain adds is no way past a step
Seal("SingleChunkStream", "langchain-core").close(SingleChunkStream, Runnable, RUNNABLE)
Seal("Step", "langchain-core").close(Step, RunnableSerializable, RUNNABLE)


class InputStep(Step):
    """A step that has its input checked and gives what may go on."""

    stage: Stage = "prompt"

    def __init__(self, guard: Guard, **fields: Any) -> None:
        super().__init__(guard, **fields)

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Check one input and give what goes on.

        Raises:
            SessionMissing: If there is no session id and one is needed.
            Blocked: If the policy does not let the input go on.
            UnsupportedInput: If the input can't be walked.
        """
        return self._call_with_config(self._check_one, input, config)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002, ARG002
        """Async version of `invoke`."""
        return await self._acall_with_config(self._acheck_one, input, config)

    def batch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,  # noqa: ARG002
    ) -> list[Any]:
        """Check several inputs, all texts in one pass of the detectors; each has its own session and decisions."""
        return self._batch_with_config(self._check, inputs, config, return_exceptions=return_exceptions)

    async def abatch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,  # noqa: ARG002
    ) -> list[Any]:
        """Async version of `batch`."""
        return await self._abatch_with_config(self._acheck, inputs, config, return_exceptions=return_exceptions)

    def job(self, value: Any, config: RunnableConfig) -> GuardRequest:
        """Return what is to be checked of an input."""
        raise NotImplementedError

    def _check_one(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        return _only(self._check([value], [run_manager], [config]))

    async def _acheck_one(self, value: Any, run_manager: Any, config: RunnableConfig) -> Any:
        return _only(await self._acheck([value], [run_manager], [config]))

    # LangChain asks for the signature of what it calls at every call: it is worked out once.
    _check_one.__signature__ = signature(_check_one)  # type: ignore[attr-defined]
    _acheck_one.__signature__ = signature(_acheck_one)  # type: ignore[attr-defined]

    def _check(self, inputs: list[Any], run_manager: list[Any], config: list[RunnableConfig]) -> list[Any]:
        jobs, failed = self._jobs(inputs, config)
        outcomes = run_checks(self.guard, list(jobs.values()), [run_manager[number] for number in jobs])
        return self._checked(inputs, jobs, dict(zip(jobs, outcomes, strict=True)), failed, run_manager)

    async def _acheck(self, inputs: list[Any], run_manager: list[Any], config: list[RunnableConfig]) -> list[Any]:
        jobs, failed = self._jobs(inputs, config)
        outcomes = await arun_checks(self.guard, list(jobs.values()), [run_manager[number] for number in jobs])
        return self._checked(inputs, jobs, dict(zip(jobs, outcomes, strict=True)), failed, run_manager)

    def _jobs(
        self, inputs: Sequence[Any], configs: Sequence[RunnableConfig]
    ) -> tuple[dict[int, GuardRequest], dict[int, Exception]]:
        jobs: dict[int, GuardRequest] = {}
        failed: dict[int, Exception] = {}
        for number, (value, config) in enumerate(zip(inputs, configs, strict=True)):
            try:
                jobs[number] = self.job(value, config)
            except Exception as error:  # noqa: BLE001 - one item of a batch does not fail the others
                failed[number] = error
        return jobs, failed

    def _checked(
        self,
        inputs: Sequence[Any],
        jobs: dict[int, GuardRequest],
        outcomes: dict[int, GuardResult],
        failed: dict[int, Exception],
        managers: Sequence[Any],
    ) -> list[Any]:
        checked: list[Any] = []
        for number, value in enumerate(inputs):
            try:
                if number in failed:
                    checked.append(failed[number])
                else:
                    outcome = outcomes[number]
                    outcome.raise_if_blocked()
                    outcome.raise_if_held(jobs[number])
                    if self.part == "hide":
                        note_hidden(self.guard, jobs[number].session, managers[number])
                    beside = outcome.hide if jobs[number].hide else None
                    checked.append(map_texts(value, outcome.hide, keys=self.keys, beside=beside))
                    self._note_prompt(checked[-1], jobs[number], managers[number])
            except Exception as error:  # noqa: BLE001 - one item of a batch does not fail the others
                checked.append(error)
        return checked

    def _note_prompt(self, value: Any, job: GuardRequest, manager: Any) -> None:
        """Remember what the model is asked, for the scanners of its answer."""
        if self.stage == "prompt" and self.guard.scanners.judge_answers:
            self.guard.prompts.note(prompt_text(value), run=manager.parent_run_id, session=job.session)


class OutputStep(SingleChunkStream, Step):
    """A step that takes a model's answer, whole or as a stream."""

    def __init__(self, guard: Guard, **fields: Any) -> None:
        Step.__init__(self, guard, **fields)

    def answer(self, config: RunnableConfig, run_manager: Any, *, mode: Streaming | None = None) -> OutputCheck:
        """Return what judges the answer of a call."""
        session = self.any_session(config)
        prompt = partial(self.guard.prompts.of, run=run_manager.parent_run_id, session=session)
        return OutputCheck(self.guard, session=session, prompt=prompt, mode=mode)


def note_hidden(guard: Guard, session: str | None, manager: Any) -> None:
    """Tell the handlers that show restored text that what runs after a step holds placeholders."""
    if session is not None and (manager.handlers or APPLICATION_HANDLERS):
        from lc_guard.langchain import shown_steps  # noqa: PLC0415 - only where somebody is told

        shown_steps.note_hidden(guard, session, manager)


def restoring_step(guard: Guard, session: str, manager: Any) -> Any:
    """Return the context, sync or async, of a step that restores, for the handlers that show restored text."""
    if not manager.handlers and not APPLICATION_HANDLERS:
        return nullcontext()
    from lc_guard.langchain import shown_steps  # noqa: PLC0415 - only where somebody is told

    return shown_steps.RestoringStep(guard, session, manager)


def _only(results: list[Any]) -> Any:
    (result,) = results
    if isinstance(result, Exception):
        raise result
    return result
